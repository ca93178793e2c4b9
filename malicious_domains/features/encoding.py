"""Labels as numbers: one byte a character, for every name of a batch at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .array_types import Bytes, Ints

ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789-"
OTHER = len(ALPHABET)  # every other character, and what ends a label
SIZE = OTHER + 1
MAX_LENGTH = 255  # characters of a label that can be encoded
DNS_LENGTH = 63  # that a label may have (RFC 1035, 2.3.4)

UNIT = 16  # of the costs of words and characters in a nat
SYMBOLS = 29  # of the character model: a-z, a digit, the hyphen, all else with a label's end
EDGE = SYMBOLS - 1
# Of each character code.
SYMBOL = [26 if c.isdigit() else 27 if c == "-" else ord(c) - 97 for c in ALPHABET] + [EDGE]

# Parts of a cell of an automaton of words: see tables.
CODE_MASK, WORD_BIT, BASE_BIT = 63, 6, 7

_CODE_OF_BYTE = bytes(ALPHABET.find(chr(byte)) % SIZE for byte in range(256))


class Batch(NamedTuple):
    """Encoded labels.

    codes: uint8, the labels one after the other, each ended by OTHER, with two
    more at the end so that a window of three characters may start anywhere.
    starts, lengths: int64 (labels,).
    """

    codes: Bytes
    starts: Ints
    lengths: Ints


def encode_labels(labels: Sequence[str]) -> Batch:
    """Encode labels; characters outside ALPHABET all become OTHER.

    Raises ValueError for a label over MAX_LENGTH.
    """
    import numpy as np  # for those alone who ask for many

    raw = encode_label("\0".join(labels) + "\0\0\0")
    lengths = np.fromiter(map(len, labels), np.int64, len(labels))
    check_length(lengths.max(initial=0))
    starts = np.cumsum(lengths + 1) - (lengths + 1)
    return Batch(np.frombuffer(raw, np.uint8), starts, lengths)


def encode_label(text: str) -> bytes:
    """The code of each character."""
    # One byte a code point: what latin-1 lacks becomes "?", which is OTHER too.
    return text.encode("latin-1", "replace").translate(_CODE_OF_BYTE)


def check_length(length: int) -> None:
    """Raise ValueError for a label over MAX_LENGTH."""
    if length > MAX_LENGTH:
        raise ValueError(f"a label of {length} characters: at most {MAX_LENGTH}")


def check_labels(labels: Sequence[str], batch: Batch) -> None:
    """Raise ValueError, naming the first, unless all are 1 to 63 lower-case LDH characters.

    batch is encode(labels), in which every other character is OTHER, as the marks that end
    labels are: they are counted.
    """
    marks = len(labels) + 2
    lengths = batch.lengths
    if (batch.codes == OTHER).sum() == marks and not (
        labels and (lengths.min() < 1 or lengths.max() > DNS_LENGTH)
    ):
        return
    for label in labels:
        if not 1 <= len(label) <= DNS_LENGTH or OTHER in encode_label(label):
            raise ValueError(
                f"{label[:80]!r} is no label: expected 1 to {DNS_LENGTH} lower-case letters, "
                "digits and hyphens; score_many() takes names, hosts and URLs as they come"
            )
