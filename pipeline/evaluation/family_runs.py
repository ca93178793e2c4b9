"""What `train-hint` and `evaluate-hint` do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from malicious_domains.dga.generators import FAMILIES
from malicious_domains.families import family_artifact
from malicious_domains.families.family_artifact import STEPS
from malicious_domains.families.likely_families import MIN_LABELS_FOR_FIT, UNKNOWN, design_effect
from malicious_domains.features.array_types import Bools, Floats
from malicious_domains.inputs import paths
from malicious_domains.inputs.atomic import replace_folder
from malicious_domains.inputs.console import print_status
from malicious_domains.inputs.signals import temporary_folder
from malicious_domains.model.artifact import MOJO

from ..h2o_cluster.cluster import Cluster, ClusterOptions, open_cluster
from ..training import TrainingError, family_model, sample_names
from ..training.sample_names import Drawn
from . import family_accuracy

SAME = 1.5 / STEPS  # as far as coefficients of two trainings may be apart: a step
PROOF = 5000  # names that the MOJO is asked for
_NAMES = {
    sample_names.LEARN: 2000,
    sample_names.VALIDATE: 600,
    sample_names.TEST: 600,
}  # of a family
_SHAPES = {
    sample_names.LEARN: 800,
    sample_names.VALIDATE: 400,
    sample_names.TEST: 400,
}  # of a shape
_SHARED = "banjori"  # three seeds, and no more can be drawn: all parts have them
_FOLDS = 5  # of families that are left out together


class Corpus(NamedTuple):
    """Names to learn from, to choose by, and to judge by."""

    learn: list[Drawn]
    validate: list[Drawn]
    test: list[Drawn]


@dataclass(frozen=True)
class Equation:
    """A fitted model, and what was chosen on the validation names."""

    classes: Sequence[str]
    coefficients: Floats
    groups: dict[str, list[str]]
    temperature: float
    unknown_from: float
    typical: dict[str, float]

    def names(self, drawn: Sequence[Drawn]) -> tuple[family_accuracy.Judged, Floats]:
        """Single names, and P of each group."""
        names = family_accuracy.singles(self.classes, self.coefficients, drawn)
        tempered = names.scores / self.temperature
        return names, family_accuracy.by_group(self.classes, self.groups, tempered)

    def clients(self, drawn: Sequence[Drawn]) -> tuple[family_accuracy.Judged, Floats]:
        """Clients who asked for the names of a draw, and P of each group."""
        names = family_accuracy.singles(self.classes, self.coefficients, drawn)
        days = family_accuracy.clients(drawn, names, self.temperature)
        alike = np.array([design_effect(len(x.labels)) for x in drawn])
        days = days._replace(scores=days.scores / alike[:, None])
        return days, family_accuracy.by_group(self.classes, self.groups, days.scores)

    def unknown(self, probability: Floats) -> Bools:
        """Which single names are called unknown, from P of each group."""
        called: Bools = probability[:, [*self.groups].index(UNKNOWN)] >= self.unknown_from
        return called

    def unknown_clients(self, drawn: Sequence[Drawn]) -> Bools:
        """Which clients are, by their P as well, or because no family fits their names."""
        probability, fits = self.clients(drawn)[1], family_accuracy.fit(drawn, self.names(drawn)[1])
        known = [i for i, x in enumerate(self.groups) if x != UNKNOWN]
        least = np.array([self.typical[x] for x in self.groups if x != UNKNOWN])
        first = probability[:, known].argmax(axis=1)
        odd = fits[:, known][np.arange(len(drawn)), first] < least[first]
        many = np.array([len(x.labels) >= MIN_LABELS_FOR_FIT for x in drawn])
        called: Bools = self.unknown(probability) | (odd & many)
        return called


def corpus(families: Sequence[str] = tuple(FAMILIES)) -> Corpus:
    """The names of all parts, no label in two; the same every time."""
    known: set[str] = set()
    parts = []
    for part in sample_names.PARTS:
        drawn = sample_names.sample_families(part, _NAMES[part], families, known)
        known |= {x for group in drawn for x in group.labels}
        parts.append(drawn + sample_names.sample_synthetic(part, _SHAPES[part]))
    return Corpus(*parts)


def run_training(out: Path | None, h2o_url: str | None, compare: bool) -> None:
    """Draw, fit, choose, export and prove; raises MaliciousDomainsError.

    compare: fail unless the coefficients come out as the packaged ones, to a step of rounding.
    """
    target = out or paths.BUILD / "hint"
    with replace_folder(target, family_artifact.FILES) as folder:
        print_status("drawing names ...")
        drawn = corpus()
        with open_cluster(ClusterOptions(h2o_url)) as joined:
            print_status("training a multinomial GLM in H2O ...")
            equation = _fit(joined, drawn, folder / MOJO)
        training = {"names": sum(len(x.labels) for x in drawn.learn)}
        chosen = {
            "groups": equation.groups,
            "temperature": equation.temperature,
            "unknown_from": equation.unknown_from,
            "typical": equation.typical,
        }
        family_model.export_families(folder, chosen, training)
        test = [x for group in drawn.test for x in group.labels]
        sample = test[:: max(len(test) // PROOF, 1)]
        print_status(f"verified {family_model.verify_families(folder, sample)}")
        if compare:
            print_status(f"the same as the packaged one: {_compare(folder)}")
    print_status(f"written  {target}")


def run_evaluation(out: Path | None, h2o_url: str | None, leave_out: bool) -> Iterator[str]:
    """The lines of a report on a hint's artifact, the packaged one by default.

    leave_out: trains anew without some families at a time, and asks for those.
    """
    loaded = family_artifact.load_artifact(out or family_artifact.PACKAGED)
    coefficients = np.array([loaded.intercepts, *loaded.coefficients])
    groups = {name: list(members) for name, members in loaded.groups.items()}
    chosen = (groups, loaded.temperature, loaded.unknown_from, loaded.typical)
    drawn = corpus()
    yield from _report(Equation(loaded.classes, coefficients, *chosen), drawn.test)
    if leave_out:
        with open_cluster(ClusterOptions(h2o_url)) as joined:
            yield from _left_out(joined, drawn)


def _fit(joined: Cluster, drawn: Corpus, mojo: Path) -> Equation:
    family_model.fit_families(joined, drawn.learn, mojo)
    classes, coefficients = family_model.read_equation(mojo)
    names = family_accuracy.singles(classes, coefficients, drawn.validate)
    warmth = family_accuracy.temperature(classes, names)
    groups = family_accuracy.told_as_one(
        classes, family_accuracy.clients(drawn.validate, names, warmth)
    )
    known = _known(drawn.validate)
    some = family_accuracy.singles(classes, coefficients, known)
    p = family_accuracy.by_group(classes, groups, some.scores / warmth)
    unknown_from = family_accuracy.unknown_from(groups, some.family, p)
    typical = family_accuracy.typical(groups, known, family_accuracy.fit(known, p))
    return Equation(classes, coefficients, groups, warmth, unknown_from, typical)


def _known(drawn: Sequence[Drawn]) -> list[Drawn]:
    return [x for x in drawn if x.family in FAMILIES]


def _compare(folder: Path) -> str:
    (one, first), (other, second) = (
        family_model.read_equation(x / MOJO) for x in (family_artifact.PACKAGED, folder)
    )
    apart = float(np.abs(first - second).max()) if one == other else float("inf")
    if not apart <= SAME:
        raise TrainingError(f"coefficients {apart:.1e} from the packaged ones, more than {SAME}")
    return f"{first.size:,} coefficients within {apart:.1e}"


# --- the report ---


def _report(equation: Equation, test: Sequence[Drawn]) -> Iterator[str]:
    known, groups = _known(test), equation.groups
    (names, p), (days, q) = equation.names(known), equation.clients(known)
    one, many = (
        family_accuracy.accuracy(groups, names.family, p),
        family_accuracy.accuracy(groups, days.family, q),
    )
    yield f"told as one: {'; '.join(x for x in groups if ' or ' in x) or 'none'}"
    yield f"temperature {equation.temperature}, unknown from P = {equation.unknown_from}"
    yield "\nfamily         one name: first  of three   twenty: first  of three"
    for x in one.first:
        shares = one.first[x], one.three[x], many.first[x], many.three[x]
        yield f"{x:<13} {shares[0]:>16.0%} {shares[1]:>9.0%} {shares[2]:>15.0%} {shares[3]:>9.0%}"
    yield _means("mean", one, many)
    without = [family_accuracy.Accuracy(*(_without(x) for x in part)) for part in (one, many)]
    yield _means(f"no {_SHARED}", *without)
    every = family_accuracy.families(equation.classes)
    alone = replace(equation, groups=every)
    (_, each), (_, of_days) = alone.names(known), alone.clients(known)
    single = family_accuracy.accuracy(every, names.family, each)
    yield _means("ungrouped", single, family_accuracy.accuracy(every, days.family, of_days))
    yield "\nhow often the first answer is right, by its probability, of single names:"
    yield from family_accuracy.reliability(groups, names.family, p)
    yield "\nthe same of clients of twenty names:"
    yield from family_accuracy.reliability(groups, days.family, q)
    yield "\nwhat single names are told to be first:"
    yield from family_accuracy.confusion(groups, names.family, p)
    yield "\nwhat clients of twenty names are told to be first:"
    yield from family_accuracy.confusion(groups, days.family, q)
    yield f"\ncalled unknown: {_unknown(equation, known)}"
    yield f"of shapes: {_unknown(equation, [x for x in test if x.family not in FAMILIES])}"


def _without(shares: dict[str, float]) -> dict[str, float]:
    return {x: share for x, share in shares.items() if x != _SHARED}


def _means(what: str, one: family_accuracy.Accuracy, many: family_accuracy.Accuracy) -> str:
    shares = *one.means, *many.means
    return f"{what:<13} {shares[0]:>16.1%} {shares[1]:>9.1%} {shares[2]:>15.1%} {shares[3]:>9.1%}"


def _unknown(equation: Equation, drawn: Sequence[Drawn]) -> str:
    names = equation.unknown(equation.names(drawn)[1]).mean()
    return f"{names:.0%} of names, {equation.unknown_clients(drawn).mean():.0%} of clients"


def _left_out(joined: Cluster, drawn: Corpus) -> Iterator[str]:
    """Of families that a model has never seen: how often it says so, and how surely not."""
    yield "\nnever seen     one name: unknown  named at P < 50 %  at more   twenty: the same"
    rows: list[list[float]] = []
    chosen_by: list[list[float]] = []
    for fold in range(_FOLDS):
        out = list(FAMILIES)[fold::_FOLDS]
        rest = Corpus(*([x for x in part if x.family not in out] for part in drawn))
        with temporary_folder("hint-") as folder:
            equation = _fit(joined, rest, folder / MOJO)
        joined.clear()
        for family in out:
            rows.append(_shares(equation, drawn.test, family))
            chosen_by.append(_shares(equation, drawn.validate, family))
            yield _never_seen(family, rows[-1])
    yield _never_seen("mean", [float(x) for x in np.mean(rows, axis=0)])
    yield _never_seen("of validation", [float(x) for x in np.mean(chosen_by, axis=0)])


def _shares(equation: Equation, drawn: Sequence[Drawn], family: str) -> list[float]:
    """What a family's names, and its clients, are told to be, see _told()."""
    asked = [x for x in drawn if x.family == family]
    p, q = equation.names(asked)[1], equation.clients(asked)[1]
    shares = _told(equation, p, equation.unknown(p))
    return shares + _told(equation, q, equation.unknown_clients(asked))


def _told(equation: Equation, probability: Floats, unknown: Bools) -> list[float]:
    """The shares called unknown, named with a probability below one half, and above."""
    at = [*equation.groups].index(UNKNOWN)
    sure = ~unknown & (np.delete(probability, at, axis=1).max(axis=1) >= 0.5)
    return [float(x.mean()) for x in (unknown, ~unknown & ~sure, sure)]


def _never_seen(what: str, shares: Sequence[float]) -> str:
    return f"{what:<13} {' '.join(f'{share:>12.0%}' for share in shares)}"
