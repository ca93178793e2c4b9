"""Train the family model: sample names, fit in H2O, choose its groups, export and verify it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import h2o
import numpy as np

from malicious_domains.dga.generators import FAMILIES
from malicious_domains.families import family_artifact
from malicious_domains.families.family_artifact import COEFFICIENTS, STEPS
from malicious_domains.families.family_features import FAMILY_FEATURES, compute_matrix
from malicious_domains.families.likely_families import TINY, UNKNOWN, FamilyModel
from malicious_domains.inputs import paths
from malicious_domains.inputs.atomic import replace_folder
from malicious_domains.inputs.console import print_status
from malicious_domains.model.artifact import MOJO
from malicious_domains.names.array_types import Floats, Ints
from malicious_domains.names.errors import MaliciousDomainsError

from ..h2o_cluster.cluster import Cluster, open_cluster
from .export import write_artifact
from .family_model import SETTINGS, fit_families, read_equation, verify_families
from .sample_names import LEARN, PARTS, TEST, VALIDATE, Drawn, sample_families, sample_synthetic

SAME = 1.5 / STEPS  # largest difference between coefficients of two trainings: a step
VERIFIED = 5000  # names that are scored by the MOJO too
SEPARATED = 0.85  # balanced accuracy on clients' days from which on two families are separated
UNTYPICAL = 0.05  # share of a family's validation days whose fit is too bad
FALSELY_UNKNOWN = 0.1  # share of the known families' validation names, mean of families
_NAMES = {LEARN: 2000, VALIDATE: 600, TEST: 600}  # of a family
_SYNTHETIC_NAMES = {LEARN: 800, VALIDATE: 400, TEST: 400}  # of a synthetic family
_TEMPERATURES = np.geomspace(0.5, 4, 43)

Groups = Mapping[str, Sequence[str]]  # classes by the name under which they are reported


class FamilyCorpus(NamedTuple):
    """Names to learn from, to choose by, and to test with; no label is in two parts."""

    learn: list[Drawn]
    validate: list[Drawn]
    test: list[Drawn]


class Scored(NamedTuple):
    """Names, or clients, with a score of each class: its ln P but for a constant."""

    family: list[str]  # (names,) the true one; "unknown" for synthetic families
    scores: Floats  # (names, classes)


def run_family_training(out: Path | None, h2o_url: str | None, compare: bool) -> None:
    """Sample, fit, choose, export and verify; raise MaliciousDomainsError if a step fails.

    compare: fail unless the coefficients are the packaged ones, within a step of rounding.
    """
    target = out or paths.BUILD / "hint"
    with replace_folder(target, family_artifact.FILES) as folder:
        print_status("sampling names ...")
        corpus = sample_corpus()
        with open_cluster(h2o_url) as cluster:
            print_status("training a multinomial GLM in H2O ...")
            train_families(cluster, corpus, folder)
        test = [x for group in corpus.test for x in group.labels]
        some = test[:: max(len(test) // VERIFIED, 1)]
        difference = verify_families(folder, some)
        print_status(f"verified {len(some):,} names: |p(NumPy) - p(MOJO)| <= {difference:.1e}")
        if compare:
            print_status(f"the same as the packaged one: {_compare_packaged(folder)}")
    print_status(f"written  {target}")


def sample_corpus() -> FamilyCorpus:
    """Sample the names of all parts, the same ones every time."""
    known: set[str] = set()
    parts = []
    for part in PARTS:
        drawn = sample_families(part, _NAMES[part], FAMILIES, known)
        known |= {x for group in drawn for x in group.labels}
        parts.append(drawn + sample_synthetic(part, _SYNTHETIC_NAMES[part]))
    return FamilyCorpus(*parts)


def train_families(cluster: Cluster, corpus: FamilyCorpus, folder: Path) -> FamilyModel:
    """Fit on the names to learn from, choose all else with the validation names, and export."""
    fit_families(cluster, corpus.learn, folder / MOJO)
    classes, coefficients = read_equation(folder / MOJO)
    names = _score_names(coefficients, corpus.validate)
    temperature = _choose_temperature(classes, names)
    groups = merge_inseparable(classes, _sum_clients(corpus.validate, names, temperature))
    known = [x for x in corpus.validate if x.family in FAMILIES]
    names = _score_names(coefficients, known)
    p = _sum_groups(classes, groups, names.scores / temperature)
    training = {"names": sum(len(x.labels) for x in corpus.learn)}
    content = {
        "traits": list(FAMILY_FEATURES),
        "classes": classes,
        "groups": groups,
        "temperature": temperature,
        "unknown_from": _choose_unknown_from(groups, names.family, p),
        "typical": _choose_typical(groups, known, p),
        "training": {"h2o_version": h2o.__version__} | SETTINGS | training,
    }
    steps = np.rint(coefficients * STEPS).astype(np.int32).ravel()
    write_artifact(folder, "hint", content, {COEFFICIENTS: steps})
    return FamilyModel.load(folder)


def _compare_packaged(folder: Path) -> str:
    one, first = read_equation(family_artifact.PACKAGED / MOJO)
    other, second = read_equation(folder / MOJO)
    difference = float(np.abs(first - second).max()) if one == other else float("inf")
    if not difference <= SAME:
        problem = f"coefficients {difference:.1e} from the packaged ones, over {SAME}"
        raise MaliciousDomainsError(problem)
    return f"{first.size:,} coefficients within {difference:.1e}"


def _score_names(coefficients: Floats, drawn: Sequence[Drawn]) -> Scored:
    """Return the linear predictors of each single name."""
    labels = [x for group in drawn for x in group.labels]
    scores = compute_matrix(labels) @ coefficients[1:] + coefficients[0]
    return Scored([_name_family(group.kind) for group in drawn for _ in group.labels], scores)


def _sum_clients(drawn: Sequence[Drawn], names: Scored, temperature: float) -> Scored:
    """Return the sums of ln P over each client's names."""
    logs = np.log(_softmax(names.scores / temperature).clip(TINY))
    families = [_name_family(group.kind) for group in drawn]
    return Scored(families, np.add.reduceat(logs, _starts(drawn)))


def _name_family(kind: str) -> str:
    """Return the family of a class, which has its variant behind a blank; of a synthetic one."""
    return UNKNOWN if kind.startswith("shape-") else kind.partition(" ")[0]


def _starts(drawn: Sequence[Drawn]) -> Ints:
    """Return the position of each client's first name."""
    return np.cumsum([0, *(len(group.labels) for group in drawn)])[:-1]


def _softmax(scores: Floats) -> Floats:
    """Return P of each class (names, classes)."""
    parts = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: Floats = parts / parts.sum(axis=1, keepdims=True)
    return shares


def _sum_groups(classes: Sequence[str], groups: Groups, scores: Floats) -> Floats:
    """Return P of each group (names, groups), from scores of the classes."""
    p = _softmax(scores)
    return np.stack([p[:, [classes.index(x) for x in m]].sum(1) for m in groups.values()], 1)


def _list_families(classes: Sequence[str]) -> dict[str, list[str]]:
    """Return the classes of each family, one a variant; synthetic families are "unknown".

    >>> _list_families(["goz", "vawtrak v1", "vawtrak v2", "shape-hex"])
    {'goz': ['goz'], 'vawtrak': ['vawtrak v1', 'vawtrak v2'], 'unknown': ['shape-hex']}
    """
    families: dict[str, list[str]] = {}
    for kind in classes:
        families.setdefault(_name_family(kind), []).append(kind)
    return families


def _choose_temperature(classes: Sequence[str], names: Scored) -> float:
    """Return the temperature of the least log loss, each family weighing the same."""
    families = _list_families(classes)
    at = np.array([[*families].index(x) for x in names.family])
    weights = 1 / np.bincount(at, minlength=len(families))[at]

    def loss(temperature: float) -> float:
        p = _sum_groups(classes, families, names.scores / temperature)[np.arange(len(at)), at]
        return float(-(weights * np.log(p.clip(TINY))).sum())

    return round(float(min(_TEMPERATURES, key=loss)), 4)


def merge_inseparable(classes: Sequence[str], days: Scored) -> dict[str, list[str]]:
    """Return the classes of each group of families that are reported as one.

    The two groups whose clients' days are separated worst become one, and so on, until any two
    are separated, when only these two are possible, with a balanced accuracy of SEPARATED.

    >>> p = np.array([[0.5, 0.4, 0.1], [0.5, 0.4, 0.1], [0.1, 0.1, 0.8]])  # of a day
    >>> days = Scored(["goz", "simda", "necurs"], np.log(p))
    >>> merge_inseparable(["goz", "simda v1", "necurs"], days)
    {'goz or simda': ['goz', 'simda v1'], 'necurs': ['necurs'], 'unknown': []}
    """
    families = _list_families(classes)
    unknown = families.pop(UNKNOWN, [])
    groups: list[tuple[str, ...]] = [(x,) for x in families]
    p, names = _sum_groups(classes, families, days.scores), np.array(days.family)

    def accuracy(pair: tuple[tuple[str, ...], tuple[str, ...]]) -> float:
        """Return the balanced accuracy with which two groups of families are separated."""
        one, other = (p[:, [[*families].index(x) for x in group]].sum(axis=1) for group in pair)
        ahead = one > other
        right = ahead[np.isin(names, pair[0])].mean(), 1 - ahead[np.isin(names, pair[1])].mean()
        return float(np.mean(right))

    while len(groups) > 1:
        worst = min(combinations(groups, 2), key=accuracy)
        if accuracy(worst) >= SEPARATED:
            break
        groups = [x for x in groups if x not in worst] + [tuple(sorted(worst[0] + worst[1]))]
    merged = {" or ".join(x): [kind for y in x for kind in families[y]] for x in sorted(groups)}
    return merged | {UNKNOWN: unknown}


def _choose_unknown_from(groups: Groups, family: Sequence[str], probability: Floats) -> float:
    """Return the P(unknown) that FALSELY_UNKNOWN of names reach, each family weighing the same."""
    unknown, names = probability[:, list(groups).index(UNKNOWN)], np.array(family)
    weights = np.array([1 / (names == x).sum() for x in family])
    order = np.argsort(-unknown)
    last = int(np.searchsorted(np.cumsum(weights[order]), FALSELY_UNKNOWN * len({*family})))
    return round(float(unknown[order][last]), 4)


def _choose_typical(groups: Groups, drawn: Sequence[Drawn], p: Floats) -> dict[str, float]:
    """Return the mean ln P of each group that all but UNTYPICAL of its own clients' names reach.

    p: P of each group (names, groups).
    """
    sums = np.add.reduceat(np.log(p.clip(TINY)), _starts(drawn))
    fits = sums / np.array([len(group.labels) for group in drawn])[:, None]
    column = {x.partition(" ")[0]: i for i, members in enumerate(groups.values()) for x in members}
    at = np.array([column.get(group.family, -1) for group in drawn])
    return {
        group: round(float(np.quantile(fits[at == i, i], UNTYPICAL)), 4)
        for i, group in enumerate(groups)
        if group != UNKNOWN
    }
