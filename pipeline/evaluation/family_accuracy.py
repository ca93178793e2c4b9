"""What a hint is worth: of single names and of a client's twenty, and what is told as one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from malicious_domains.families.family_features import compute_features
from malicious_domains.families.likely_families import MAX_FAMILIES, TINY, UNKNOWN
from malicious_domains.features.array_types import Bools, Floats

from ..training.sample_names import Drawn

APART = 0.85  # of clients' days, from which on two families count as told apart
CALLED_ODD = 0.05  # of a family's validation days, which fit it worst
CALLED_UNKNOWN = 0.1  # of the validation names of known families, mean of families
_TEMPERATURES = np.geomspace(0.5, 4, 43)
_SHAPE = "shape-"

Groups = Mapping[str, Sequence[str]]  # classes by the name that they are told under


class Judged(NamedTuple):
    """Names, or clients, with the logarithms of each class's probability."""

    family: list[str]  # (names,) what they are; "unknown" of shapes
    scores: Floats  # (names, classes)


def singles(classes: Sequence[str], coefficients: Floats, drawn: Sequence[Drawn]) -> Judged:
    """The linear predictors of each single name, by coefficients as of read_mojo()."""
    labels = [x for group in drawn for x in group.labels]
    scores = np.array([compute_features(x) for x in labels]) @ coefficients[1:] + coefficients[0]
    return Judged([_family(group) for group in drawn for _ in group.labels], scores)


def clients(drawn: Sequence[Drawn], names: Judged, temperature: float) -> Judged:
    """The sums over each client's names of ln P."""
    logs = np.log(softmax(names.scores / temperature).clip(TINY))
    starts = np.cumsum([0, *(len(group.labels) for group in drawn)])[:-1]
    return Judged([_family(group) for group in drawn], np.add.reduceat(logs, starts))


def _family(group: Drawn) -> str:
    return UNKNOWN if group.family.startswith(_SHAPE) else group.family


def softmax(scores: Floats) -> Floats:
    """P of each class, (names, classes)."""
    parts = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: Floats = parts / parts.sum(axis=1, keepdims=True)
    return shares


def families(classes: Sequence[str]) -> dict[str, list[str]]:
    """The classes of each family, one a variant; those of all shapes are "unknown"."""
    found: dict[str, list[str]] = {}
    for kind in classes:
        family = UNKNOWN if kind.startswith(_SHAPE) else kind.partition(" ")[0]
        found.setdefault(family, []).append(kind)
    return found


def temperature(classes: Sequence[str], names: Judged) -> float:
    """That of the smallest loss, -ln P of what names are, as a mean of families."""
    alone = families(classes)
    at = np.array([[*alone].index(x) for x in names.family])
    weights = 1 / np.bincount(at, minlength=len(alone))[at]

    def loss(t: float) -> float:
        p = by_group(classes, alone, names.scores / t)[np.arange(len(at)), at]
        return float(-(weights * np.log(p.clip(TINY))).sum())

    return round(float(min(_TEMPERATURES, key=loss)), 4)


def told_as_one(classes: Sequence[str], days: Judged) -> dict[str, list[str]]:
    """The classes by what they are told under.

    The two groups of families whose clients' days are told apart worst become one, and so on,
    until any two, asked for these two alone, are told apart on APART of days, the mean of both.
    """
    alone = families(classes)
    unknown = alone.pop(UNKNOWN, [])
    groups: list[tuple[str, ...]] = [(x,) for x in alone]
    known = by_group(classes, alone, days.scores)
    while len(groups) > 1:
        pairs = combinations(groups, 2)
        apart = {pair: _apart([*alone], days.family, known, *pair) for pair in pairs}
        worst = min(apart, key=apart.__getitem__)
        if apart[worst] >= APART:
            break
        groups = [x for x in groups if x not in worst] + [tuple(sorted(worst[0] + worst[1]))]
    told = {" or ".join(x): [kind for y in x for kind in alone[y]] for x in sorted(groups)}
    return told | {UNKNOWN: unknown}


def _apart(
    columns: Sequence[str],
    family: Sequence[str],
    probability: Floats,
    one: tuple[str, ...],
    other: tuple[str, ...],
) -> float:
    """On what share of their days two groups of columns are told apart, the mean of both."""
    first, second = (
        probability[:, [columns.index(x) for x in group]].sum(axis=1) for group in (one, other)
    )
    names = np.array(family)
    ahead = first > second
    shares = [ahead[np.isin(names, one)].mean(), 1 - ahead[np.isin(names, other)].mean()]
    return float(np.mean(shares))


def by_group(classes: Sequence[str], groups: Groups, scores: Floats) -> Floats:
    """P of each group, (names, groups)."""
    p = softmax(scores)
    return np.stack([p[:, [classes.index(x) for x in m]].sum(1) for m in groups.values()], 1)


def unknown_from(groups: Groups, known: Sequence[str], probability: Floats) -> float:
    """P(unknown) that CALLED_UNKNOWN of known names reach, each family's weighing alike."""
    unknown = probability[:, list(groups).index(UNKNOWN)]
    family = np.array(known)
    weights = np.array([1 / (family == x).sum() for x in known])
    order = np.argsort(-unknown)
    last = int(np.searchsorted(np.cumsum(weights[order]), CALLED_UNKNOWN * len({*known})))
    return round(float(unknown[order][last]), 4)


def fit(drawn: Sequence[Drawn], probability: Floats) -> Floats:
    """Clients' means of ln P of each group, (clients, groups), from P of single names."""
    sizes = np.array([len(group.labels) for group in drawn])
    starts = np.cumsum([0, *sizes])[:-1]
    means: Floats = np.add.reduceat(np.log(probability.clip(TINY)), starts) / sizes[:, None]
    return means


def typical(groups: Groups, drawn: Sequence[Drawn], fits: Floats) -> dict[str, float]:
    """The fit that all but CALLED_ODD of the days of each group reach; fits as by fit()."""
    names = np.array([group.family for group in drawn])
    told = _columns(groups, [*groups])
    found = {}
    for i, group in enumerate(groups):
        own = np.isin(names, [x for x, at in told.items() if at == i])
        if group != UNKNOWN:
            found[group] = round(float(np.quantile(fits[own, i], CALLED_ODD)), 4)
    return found


class Accuracy(NamedTuple):
    """How often the first, and one of the first three, is right: by what they are."""

    first: dict[str, float]
    three: dict[str, float]

    @property
    def means(self) -> tuple[float, float]:
        """The means of families."""
        return (float(np.mean([*self.first.values()])), float(np.mean([*self.three.values()])))


def accuracy(groups: Groups, family: Sequence[str], probability: Floats) -> Accuracy:
    """Of known families among all answers but "unknown", by family; probability as by_group()."""
    known = [x for x in groups if x != UNKNOWN]
    at = _columns(groups, known)
    order = np.argsort(-probability[:, [list(groups).index(x) for x in known]], axis=1)
    right = order[:, :MAX_FAMILIES] == np.array([at[x] for x in family])[:, None]
    return Accuracy(_shares(family, right[:, 0]), _shares(family, right.any(axis=1)))


def _columns(groups: Groups, told: Sequence[str]) -> dict[str, int]:
    """By family, the number of what it is told under."""
    return {kind.partition(" ")[0]: i for i, x in enumerate(told) for kind in groups[x]}


def _shares(family: Sequence[str], chosen: Bools) -> dict[str, float]:
    names = np.array(family)
    return {x: float(chosen[names == x].mean()) for x in dict.fromkeys(family)}


def confusion(groups: Groups, family: Sequence[str], probability: Floats) -> Iterator[str]:
    """Lines of text: what names of each family are told to be first, above 1 %, in per cent."""
    known = [x for x in groups if x != UNKNOWN]
    first = probability[:, [list(groups).index(x) for x in known]].argmax(axis=1)
    names = np.array(family)
    for x in dict.fromkeys(family):
        shares = np.bincount(first[names == x], minlength=len(known)) / (names == x).sum()
        told = [f"{known[i]} {shares[i]:.0%}" for i in np.argsort(-shares) if shares[i] >= 0.01]
        yield f"{x:<13} {', '.join(told)}"


def reliability(groups: Groups, family: Sequence[str], probability: Floats) -> Iterator[str]:
    """Lines of text: how often the first is right, by the probability that it is told with."""
    columns = list(groups)
    at = _columns(groups, columns)
    top, told = probability.argmax(axis=1), probability.max(axis=1)
    right = top == np.array([at[x] for x in family])
    for low in np.arange(0, 1, 0.2):
        some = (told >= low) & (told < low + 0.2 + (low > 0.7))
        if some.any():
            line = f"{low:.1f} to {low + 0.2:.1f}: told {told[some].mean():.1%}"
            yield f"{line}, right {right[some].mean():.1%} of {some.sum():,}"
