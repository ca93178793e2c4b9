"""What people call the two classes."""

from __future__ import annotations

from .schema import CorpusError

WORDS = {
    "legit": [
        *("legit", "legitimate", "benign", "clean", "normal", "good", "safe"),
        *("non-dga", "non_dga", "nondga", "not_dga", "0", "false", "f", "no", "n"),
    ],
    "dga": [
        *("dga", "malicious", "malware", "bad", "generated", "agd"),
        *("1", "true", "t", "yes", "y"),
    ],
}
_CLASS_OF = {word: kind for kind, words in WORDS.items() for word in words}
_SHOWN = 40  # characters of a word that a message repeats


def class_of(word: str) -> str:
    """legit or dga for any of WORDS, in any case, and for 0.0 and 1.0.

    Raises CorpusError for another word, with all that are known.
    """
    plain = word.strip().casefold()
    if found := _CLASS_OF.get(plain) or _CLASS_OF.get(_whole(plain)):
        return found
    known = " and ".join(f"{kind} ({', '.join(words)})" for kind, words in WORDS.items())
    raise CorpusError(f"class {word[:_SHOWN]!r}; known are {known}")


def _whole(word: str) -> str:
    """A number without its decimals, where these are none: 1.0 is 1."""
    whole, _, decimals = word.partition(".")
    return whole if decimals.strip("0") == "" else word
