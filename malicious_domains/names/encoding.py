"""Labels as character codes, one byte each, for all labels of a batch at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from .errors import MAX_LABEL

if TYPE_CHECKING:
    from .array_types import Bytes, Ints

ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789-"
OTHER = len(ALPHABET)  # every other character, and the terminator of a label
SIZE = OTHER + 1
MAX_LENGTH = 255  # characters of a label that can be encoded
IDNA = "xn--"

UNIT = 16  # units of cost in a nat
SYMBOLS = 29  # of the character model: a-z, any digit, the hyphen, all else and the terminator
EDGE = SYMBOLS - 1
# By character code.
SYMBOL = [26 if c.isdigit() else 27 if c == "-" else ord(c) - 97 for c in ALPHABET] + [EDGE]

# Parts of a cell of an automaton of words, see language_tables.py.
CODE_MASK, WORD_BIT, BASE_BIT = 63, 6, 7

_CODE_OF_BYTE = bytes(ALPHABET.find(chr(byte)) % SIZE for byte in range(256))


class Batch(NamedTuple):
    """Encoded labels.

    codes: uint8, the labels one after the other, each with its terminator OTHER, and two more, so
    that a window of three characters may start anywhere. starts, lengths: int64 (labels,).
    """

    codes: Bytes
    starts: Ints
    lengths: Ints

    @property
    def size(self) -> int:
        """The number of characters, the terminators of the labels included."""
        return int((self.lengths + 1).sum())


def encode_labels(labels: Sequence[str]) -> Batch:
    """Encode labels; raises ValueError for a label over MAX_LENGTH.

    >>> encode_labels(["ab", "c"]).codes.tolist()
    [0, 1, 37, 2, 37, 37, 37]
    """
    import numpy as np  # one label does not need it

    raw = encode_label("\0".join(labels) + "\0\0\0")
    lengths = np.fromiter(map(len, labels), np.int64, len(labels))
    check_length(lengths.max(initial=0))
    starts = np.cumsum(lengths + 1) - (lengths + 1)
    return Batch(np.frombuffer(raw, np.uint8), starts, lengths)


def encode_label(text: str) -> bytes:
    """Return the code of each character; those outside ALPHABET become OTHER.

    >>> list(encode_label("a9-é"))
    [0, 35, 36, 37]
    """
    # latin-1 gives each code point one byte; those it lacks become "?", which is OTHER too.
    return text.encode("latin-1", "replace").translate(_CODE_OF_BYTE)


def remove_hyphens(label: str) -> str:
    """Return a label without its hyphens, which anyone may add; one of IDNA (xn--) unchanged.

    >>> remove_hyphens("xmqj-toev"), remove_hyphens("xn--mnchen-3ya")
    ('xmqjtoev', 'xn--mnchen-3ya')
    """
    return label if label.startswith(IDNA) else label.replace("-", "")


def check_length(length: int) -> None:
    """Raise ValueError for a label over MAX_LENGTH."""
    if length > MAX_LENGTH:
        raise ValueError(f"a label of {length} characters: at most {MAX_LENGTH}")


def check_labels(labels: Sequence[str], batch: Batch) -> None:
    """Raise ValueError, naming the first, unless all are 1 to 63 lower-case LDH characters.

    batch is encode_labels(labels), with or without their hyphens, in which every other character
    is OTHER, as terminators are: counting OTHER finds them.
    """
    terminators, sizes = len(labels) + 2, [*map(len, labels)] or [1]
    if (batch.codes == OTHER).sum() == terminators and 1 <= min(sizes) <= max(sizes) <= MAX_LABEL:
        return
    for label in labels:
        if not 1 <= len(label) <= MAX_LABEL or OTHER in encode_label(label):
            raise ValueError(
                f"{label[:80]!r} is no label: expected 1 to {MAX_LABEL} lower-case letters, "
                "digits and hyphens; score_many() takes names, hosts and URLs as they come"
            )
