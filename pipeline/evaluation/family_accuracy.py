"""Measure the family model: how often it is right about names and clients, and what it confuses."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from malicious_domains.dga.generators import FAMILIES
from malicious_domains.families import family_artifact
from malicious_domains.families.likely_families import MAX_FAMILIES, UNKNOWN
from malicious_domains.model.artifact import MOJO
from malicious_domains.names.array_types import Bools, Floats

from ..h2o_cluster.cluster import Cluster, ClusterOptions, open_cluster
from ..training.family_training import (
    FamilyCorpus,
    FamilyEquation,
    Groups,
    find_columns,
    list_families,
    sample_corpus,
    train_equation,
)
from ..training.sample_names import Drawn

_SHARED = "banjori"  # has three seeds and no more can be drawn: all parts have them
_FOLDS = 5  # of families that are left out together


def evaluate_families(out: Path | None, h2o_url: str | None, leave_out: bool) -> Iterator[str]:
    """Yield the lines of a report on a family model, the packaged one by default.

    leave_out: also train without some families at a time, and classify those.
    """
    equation = FamilyEquation.load(out or family_artifact.PACKAGED)
    corpus = sample_corpus()
    yield from _report_accuracy(equation, corpus.test)
    if leave_out:
        with open_cluster(ClusterOptions(h2o_url)) as cluster:
            yield from _report_left_out(cluster, corpus)


class Accuracy(NamedTuple):
    """How often the first, and one of the first three, is right, by family."""

    first: dict[str, float]
    three: dict[str, float]

    @property
    def means(self) -> tuple[float, float]:
        """Return the means of families."""
        return (float(np.mean([*self.first.values()])), float(np.mean([*self.three.values()])))

    def without(self, family: str) -> Accuracy:
        """Return the accuracy on all other families."""
        return Accuracy(*({x: share for x, share in y.items() if x != family} for y in self))


def measure_accuracy(groups: Groups, family: Sequence[str], probability: Floats) -> Accuracy:
    """Measure accuracy among the known families; probability: (names, groups)."""
    known = [x for x in groups if x != UNKNOWN]
    column = find_columns(groups, known)
    order = np.argsort(-probability[:, [list(groups).index(x) for x in known]], axis=1)
    right = order[:, :MAX_FAMILIES] == np.array([column[x] for x in family])[:, None]
    return Accuracy(_share_by_family(family, right[:, 0]), _share_by_family(family, right.any(1)))


def _share_by_family(family: Sequence[str], chosen: Bools) -> dict[str, float]:
    names = np.array(family)
    return {x: float(chosen[names == x].mean()) for x in dict.fromkeys(family)}


def format_confusion(groups: Groups, family: Sequence[str], probability: Floats) -> Iterator[str]:
    """Yield a line for each family: what comes first for its names, from 1% of them on."""
    known = [x for x in groups if x != UNKNOWN]
    first = probability[:, [list(groups).index(x) for x in known]].argmax(axis=1)
    names = np.array(family)
    for x in dict.fromkeys(family):
        shares = np.bincount(first[names == x], minlength=len(known)) / (names == x).sum()
        answers = [f"{known[i]} {shares[i]:.0%}" for i in np.argsort(-shares) if shares[i] >= 0.01]
        yield f"{x:<13} {', '.join(answers)}"


def format_reliability(groups: Groups, family: Sequence[str], probability: Floats) -> Iterator[str]:
    """Yield lines with how often the first answer is right, by its probability."""
    column = find_columns(groups, [*groups])
    first, top = probability.argmax(axis=1), probability.max(axis=1)
    right = first == np.array([column[x] for x in family])
    for low in np.arange(0, 1, 0.2):
        rows = (top >= low) & (top < low + 0.2 + (low > 0.7))
        if rows.any():
            line = f"{low:.1f} to {low + 0.2:.1f}: mean {top[rows].mean():.1%}"
            yield f"{line}, right {right[rows].mean():.1%} of {rows.sum():,}"


def _report_accuracy(equation: FamilyEquation, test: Sequence[Drawn]) -> Iterator[str]:
    known, groups = [x for x in test if x.family in FAMILIES], equation.groups
    names, clients = equation.score_names(known), equation.score_clients(known)
    one, many = measure_accuracy(groups, *names), measure_accuracy(groups, *clients)
    yield f"reported as one: {'; '.join(x for x in groups if ' or ' in x) or 'none'}"
    yield f"temperature {equation.temperature}, unknown from P = {equation.unknown_from}"
    yield "\nfamily         one name: first  of three   twenty: first  of three"
    for x in one.first:
        shares = one.first[x], one.three[x], many.first[x], many.three[x]
        yield f"{x:<13} {shares[0]:>16.0%} {shares[1]:>9.0%} {shares[2]:>15.0%} {shares[3]:>9.0%}"
    yield _format_means("mean", one, many)
    yield _format_means(f"no {_SHARED}", one.without(_SHARED), many.without(_SHARED))
    ungrouped = replace(equation, groups=list_families(equation.classes))
    both = ungrouped.score_names(known), ungrouped.score_clients(known)
    yield _format_means("ungrouped", *(measure_accuracy(ungrouped.groups, *x) for x in both))
    for who, scored in (("single names", names), ("clients of twenty names", clients)):
        yield f"\nhow often the first answer is right, by its probability, for {who}:"
        yield from format_reliability(groups, *scored)
    for who, scored in (("single names", names), ("clients of twenty names", clients)):
        yield f"\nthe first answer for {who}:"
        yield from format_confusion(groups, *scored)
    yield f"\ncalled unknown: {_format_unknown(equation, known)}"
    synthetic = [x for x in test if x.family not in FAMILIES]
    yield f"of synthetic families: {_format_unknown(equation, synthetic)}"


def _format_means(what: str, one: Accuracy, many: Accuracy) -> str:
    shares = *one.means, *many.means
    return f"{what:<13} {shares[0]:>16.1%} {shares[1]:>9.1%} {shares[2]:>15.1%} {shares[3]:>9.1%}"


def _format_unknown(equation: FamilyEquation, drawn: Sequence[Drawn]) -> str:
    names = equation.find_unknown(equation.score_names(drawn)[1]).mean()
    return f"{names:.0%} of names, {equation.find_unknown_clients(drawn).mean():.0%} of clients"


def _report_left_out(cluster: Cluster, corpus: FamilyCorpus) -> Iterator[str]:
    """Yield how often families that a model has never seen are called unknown, or named."""
    yield "\nnever seen     one name: unknown  named at P < 50 %  at more   twenty: the same"
    rows: list[list[float]] = []
    validation: list[list[float]] = []  # which the correlation in likely_families is chosen by
    for fold in range(_FOLDS):
        out = list(FAMILIES)[fold::_FOLDS]
        rest = FamilyCorpus(*([x for x in part if x.family not in out] for part in corpus))
        with tempfile.TemporaryDirectory(prefix="families-") as folder:
            equation = train_equation(cluster, rest, Path(folder) / MOJO)
        cluster.clear()
        for family in out:
            rows.append(_share_answers(equation, corpus.test, family))
            validation.append(_share_answers(equation, corpus.validate, family))
            yield _format_answers(family, rows[-1])
    yield _format_answers("mean", np.mean(rows, axis=0).tolist())
    yield _format_answers("of validation", np.mean(validation, axis=0).tolist())


def _share_answers(equation: FamilyEquation, drawn: Sequence[Drawn], family: str) -> list[float]:
    """Return the shares of a family's names, then clients, called unknown, named below 50%, above.

    The last two are of those whose answer is a family, by its probability.
    """
    own = [x for x in drawn if x.family == family]
    names, clients = equation.score_names(own)[1], equation.score_clients(own)[1]
    at, shares = [*equation.groups].index(UNKNOWN), []
    for p, unknown in (
        (names, equation.find_unknown(names)),
        (clients, equation.find_unknown_clients(own)),
    ):
        sure = ~unknown & (np.delete(p, at, axis=1).max(axis=1) >= 0.5)
        shares += [float(x.mean()) for x in (unknown, ~unknown & ~sure, sure)]
    return shares


def _format_answers(what: str, shares: Sequence[float]) -> str:
    return f"{what:<13} {' '.join(f'{share:>12.0%}' for share in shares)}"
