"""Edits that cost an attacker nothing: names of one family, changed by a few characters.

A detector of generated names that has never seen a hyphen, a word or a digit beside random
letters takes it for a sign of a person's choice (Drichel et al., "Towards Robust Domain Generation
Algorithm Classification", AsiaCCS 2024). So the corpus has a share of the generated names once
more in edited form. An edited row keeps family and group of its name, and its host: that host does
not hold the edited label, by which such rows are recognised.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import islice
from random import Random
from string import ascii_lowercase, digits

from malicious_domains.names.parse import MAX_LABEL

from .schema import LabelledName

SHARE = 0.2  # of the generated rows, those that come once more in edited form
_WORDS = 1000  # the most frequent ones that are put beside a name
_WORD_LENGTHS = range(3, 9)
_MOST_DIGITS = 4
_LEAST = 6  # characters that a truncated label keeps
_STEP = 4  # characters between two of many hyphens
_JOINTS = ("", "-")

Edit = Callable[[str, str, Random], str]  # of a label, another one of its family, and chance


@cache
def list_words() -> tuple[str, ...]:
    """Return frequent English words of three to eight letters, the most frequent first."""
    text = (files("wordsegment") / "unigrams.txt").read_text(encoding="utf-8")
    listed = (line.partition("\t")[0] for line in text.splitlines())
    return tuple(islice((x for x in listed if len(x) in _WORD_LENGTHS), _WORDS))


def _insert(label: str, at: int, text: str) -> str:
    return label[:at] + text + label[at:]


def _inside(label: str, random: Random) -> int:
    """Draw a place between the first and the last character; 0 where there is none."""
    return random.randint(1, len(label) - 1) if len(label) > 1 else 0


def _digits(random: Random) -> str:
    return "".join(random.choices(digits, k=random.randint(1, _MOST_DIGITS)))


def hyphen(label: str, other: str, random: Random) -> str:
    """Insert a hyphen anywhere inside."""
    return _insert(label, _inside(label, random), "-")


def two_hyphens(label: str, other: str, random: Random) -> str:
    """Insert two hyphens anywhere inside."""
    return hyphen(hyphen(label, other, random), other, random)


def many_hyphens(label: str, other: str, random: Random) -> str:
    """Insert a hyphen every four characters."""
    return "-".join(label[i : i + _STEP] for i in range(0, len(label), _STEP))


def word_before(label: str, other: str, random: Random) -> str:
    """Put a frequent word in front, with or without a hyphen."""
    return random.choice(list_words()) + random.choice(_JOINTS) + label


def word_behind(label: str, other: str, random: Random) -> str:
    """Put a frequent word behind, with or without a hyphen."""
    return label + random.choice(_JOINTS) + random.choice(list_words())


def words_around(label: str, other: str, random: Random) -> str:
    """Put a frequent word in front and another one behind."""
    return word_before(word_behind(label, other, random), other, random)


def digits_before(label: str, other: str, random: Random) -> str:
    """Put one to four digits in front."""
    return _digits(random) + label


def digits_behind(label: str, other: str, random: Random) -> str:
    """Put one to four digits behind."""
    return label + _digits(random)


def doubled(label: str, other: str, random: Random) -> str:
    """Write one character twice."""
    at = random.randrange(len(label))
    return _insert(label, at, label[at])


def swapped(label: str, other: str, random: Random) -> str:
    """Exchange two neighbours."""
    at = _inside(label, random)
    return _insert(label[:at] + label[at + 1 :], max(at - 1, 0), label[at])


def replaced(label: str, other: str, random: Random) -> str:
    """Write another letter in place of one character."""
    at = random.randrange(len(label))
    return label[:at] + random.choice(ascii_lowercase) + label[at + 1 :]


def vowel(label: str, other: str, random: Random) -> str:
    """Insert a vowel anywhere inside."""
    return _insert(label, _inside(label, random), random.choice("aeiou"))


def truncated(label: str, other: str, random: Random) -> str:
    """Cut up to a third off the end, but leave six characters."""
    kept = len(label) - random.randint(1, max(len(label) // 3, 1))
    return label[: max(kept, min(_LEAST, len(label)))]


def joined(label: str, other: str, random: Random) -> str:
    """Join it and another label of its family, with or without a hyphen."""
    return label + random.choice(_JOINTS) + other


EDITS: Mapping[str, Edit] = {
    edit.__name__.replace("_", " "): edit
    for edit in (
        *(hyphen, two_hyphens, many_hyphens, word_before, word_behind, words_around),
        *(digits_before, digits_behind, doubled, swapped, replaced, vowel, truncated, joined),
    )
}


def edit_rows(
    rows: Iterable[LabelledName], seed: int, share: float = SHARE, without: Sequence[str] = ()
) -> Iterator[LabelledName]:
    """Yield a share of the generated rows once more, each by one edit drawn at random.

    without names edits that are not drawn.
    """
    random = Random(f"edits-{seed}")
    families: dict[str, list[LabelledName]] = defaultdict(list)
    for row in rows:
        if row.kind == "dga":
            families[row.subclass].append(row)
    chosen = [edit for name, edit in EDITS.items() if name not in without]
    for family in families.values():
        labels = [row.domain for row in family]
        for row in family:
            if random.random() < share:
                yield _edit(row, random.choice(chosen), labels, random)


def _edit(row: LabelledName, edit: Edit, labels: Sequence[str], random: Random) -> LabelledName:
    label = edit(row.domain, random.choice(labels), random)[:MAX_LABEL].strip("-")
    return row._replace(domain=label)
