"""Makes the two committed data files from the packages that hold their sources.

    python data/build.py        needs english-words and hstspreload (requirements-dev.txt)

Same packages, same bytes.
"""

from __future__ import annotations

import lzma
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import numpy as np
from english_words import get_english_words_set

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from pipeline.wordlists import compile_words, usable  # noqa: E402

LEAF = 0x80  # flag of an entry that is a whole host
HOSTS = 161_019  # in hstspreload 2025.1.1
FREE_TLDS = {"tk", "ga", "ml", "cf", "gq"}  # given away in bulk, also to malware


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


def main() -> None:
    """Make both files."""
    names = list(hosts((files("hstspreload") / "hstspreload.bin").read_bytes()))
    if len(names) != HOSTS:
        raise SystemExit(f"{len(names)} hosts instead of {HOSTS}: another hstspreload?")
    kept = registrable(names)
    text = "".join(f"{name}\n" for name in kept).encode("ascii")
    target = HERE / "legit-hsts.txt.xz"
    target.write_bytes(lzma.compress(text, preset=9 | lzma.PRESET_EXTREME))
    print(f"{target.name}: {len(kept)} names, {target.stat().st_size} bytes")
    target = HERE / "lexicon-web2.npy"
    words = get_english_words_set(["web2"])
    np.save(target, compile_words(words), allow_pickle=False)
    kept = usable(words)
    print(f"{target.name}: {len(kept)} of {len(words)} words, {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
