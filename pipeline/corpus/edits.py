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

from .columns import LabelledName

SHARE = 0.2  # of the generated rows, those that come once more in edited form
_WORDS = 1000  # the most frequent ones that are put beside a name
_WORD_LENGTHS = range(3, 9)
_MOST_DIGITS = 4
_LEAST = 6  # characters that a truncated label keeps
_STEP = 4  # characters between two of many hyphens
_JOINTS = ("", "-")

Edit = Callable[[str, str, Random], str]


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


def _hyphen(label: str, random: Random) -> str:
    return _insert(label, _inside(label, random), "-")


def _digits(random: Random) -> str:
    return "".join(random.choices(digits, k=random.randint(1, _MOST_DIGITS)))


def _word_before(label: str, random: Random) -> str:
    return random.choice(list_words()) + random.choice(_JOINTS) + label


def _word_behind(label: str, random: Random) -> str:
    return label + random.choice(_JOINTS) + random.choice(list_words())


def _double(label: str, other: str, random: Random) -> str:
    at = random.randrange(len(label))
    return _insert(label, at, label[at])


def _swap(label: str, other: str, random: Random) -> str:
    at = _inside(label, random)
    return _insert(label[:at] + label[at + 1 :], max(at - 1, 0), label[at])


def _replace(label: str, other: str, random: Random) -> str:
    at = random.randrange(len(label))
    return label[:at] + random.choice(ascii_lowercase) + label[at + 1 :]


def _truncate(label: str, other: str, random: Random) -> str:
    kept = len(label) - random.randint(1, max(len(label) // 3, 1))
    return label[: max(kept, min(_LEAST, len(label)))]


# Each takes a label, another one of its family, and chance. Words, and a joined label, stand with
# a hyphen or without; truncating cuts up to a third off the end, but leaves _LEAST characters.
EDITS: Mapping[str, Edit] = {
    "hyphen": lambda x, _, random: _hyphen(x, random),
    "two hyphens": lambda x, _, random: _hyphen(_hyphen(x, random), random),
    "many hyphens": lambda x, *_: "-".join(x[i : i + _STEP] for i in range(0, len(x), _STEP)),
    "word before": lambda x, _, random: _word_before(x, random),
    "word behind": lambda x, _, random: _word_behind(x, random),
    "words around": lambda x, _, random: _word_before(_word_behind(x, random), random),
    "digits before": lambda x, _, random: _digits(random) + x,
    "digits behind": lambda x, _, random: x + _digits(random),
    "doubled": _double,
    "swapped": _swap,
    "replaced": _replace,
    "vowel": lambda x, _, random: _insert(x, _inside(x, random), random.choice("aeiou")),
    "truncated": _truncate,
    "joined": lambda x, other, random: x + random.choice(_JOINTS) + other,
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
                edit, other = random.choice(chosen), random.choice(labels)
                label = edit(row.domain, other, random)[:MAX_LABEL].strip("-")
                yield row._replace(domain=label)
