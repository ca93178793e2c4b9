"""Where the registrable label of a host ends: the rules of the Public Suffix List.

The algorithm is that of https://publicsuffix.org/list/ with private suffixes counted, and
an unknown top-level domain as a suffix. suffixes.txt is made by data/build.py.
"""

from __future__ import annotations

import functools
import hashlib
from bisect import bisect_left
from pathlib import Path

PACKAGED = Path(__file__).parent / "suffixes.txt"
END_OF_HEADER = b"\n\n"
_EXACT, _WILDCARD, _EXCEPTION = range(3)

Rules = dict[str, int]  # by a rule without its "*." or "!": its kind


class SuffixListError(OSError):
    """A file of rules that is missing or damaged."""


def split(host: str) -> tuple[str, str]:
    """The registrable label and the public suffix after it; label "" if host is a suffix.

    The host is in lower case and ASCII, without empty labels. Raises SuffixListError.
    """
    known = rules()
    before = label = ""
    rest = host
    while rest not in known:
        head, dot, tail = rest.partition(".")
        if not dot:  # an unknown top-level domain
            return label, rest
        before, label, rest = label, head, tail
    kind = known[rest]
    if kind == _EXACT or (kind == _WILDCARD and not label):  # *.ck makes a suffix of ck too
        return label, rest
    if kind == _WILDCARD:
        return before, f"{label}.{rest}"
    label, _, rest = rest.partition(".")
    return label, rest


@functools.cache
def rules() -> Rules:
    """The packaged rules, read once; raises SuffixListError."""
    return read(PACKAGED)


def read(path: Path) -> Rules:
    """The rules of a file as data/build.py writes it; raises SuffixListError."""
    try:
        header, _, body = path.read_bytes().partition(END_OF_HEADER)
    except OSError as error:
        raise SuffixListError(f"{path}: cannot be read: {error.strerror}") from error
    if not header.endswith(hashlib.sha256(body).hexdigest().encode("ascii")):
        raise SuffixListError(f"{path}: damaged: the rules' SHA-256 is not that of the header")
    return _by_name(body.decode("ascii").split())


def _by_name(listed: list[str]) -> Rules:
    """Sorted rules by kind: "!" comes before "*", and that before letters and digits."""
    wildcards, exact = bisect_left(listed, "*."), bisect_left(listed, "*/")
    known = dict.fromkeys(listed[exact:], _EXACT)
    known.update((rule[2:], _WILDCARD) for rule in listed[wildcards:exact])
    known.update((rule[1:], _EXCEPTION) for rule in listed[:wildcards])
    return known
