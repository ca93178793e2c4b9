"""Measure the family model: how often it is right about names and clients, and what it confuses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from malicious_domains.dga.generators import FAMILIES
from malicious_domains.families import family_artifact
from malicious_domains.families.likely_families import UNKNOWN, FamilyModel
from malicious_domains.inputs.signals import temporary_folder

from ..h2o_cluster.cluster import Cluster, ClusterOptions, open_cluster
from ..training.family_training import FamilyCorpus, sample_corpus, train_families
from ..training.sample_names import Drawn

_SHARED = "banjori"  # has three seeds and no more can be drawn: all parts have them
_FOLDS = 5  # of families that are left out together
_CONFUSED = 0.01  # share of a family's names from which an answer is listed
_SURE = 0.5  # probability of an answer


def evaluate_families(out: Path | None, h2o_url: str | None, leave_out: bool) -> Iterator[str]:
    """Yield the lines of a report on a family model, the packaged one by default.

    leave_out: also train without some families at a time, and classify those.
    """
    model = FamilyModel.load(out or family_artifact.PACKAGED)
    corpus = sample_corpus()
    yield from _report_accuracy(model, corpus.test)
    if leave_out:
        with open_cluster(ClusterOptions(h2o_url)) as cluster:
            yield from _report_left_out(cluster, corpus)


def classify_drawn(model: FamilyModel, drawn: Sequence[Drawn], clients: bool) -> pd.DataFrame:
    """Return a row for each single name, or for each client, who asks for a draw.

    Columns: family (the true one), first (the likeliest known one) and its probability p, right
    and among_three (whether first, or one of three, is the true one's group), answer_p (of first
    or unknown, whichever is likelier), answer_right, unknown (whether that is the answer).
    """
    groups = model.model.groups.items()
    group_of = {kind.partition(" ")[0]: name for name, members in groups for kind in members}
    rows = []
    for draw in drawn:
        own = group_of.get(draw.family)
        for labels in [draw.labels] if clients else [[x] for x in draw.labels]:
            likely = model.classify_client(labels)
            first, p = likely.families[0]
            is_right = first == own
            row = {"family": draw.family, "first": first, "p": p, "right": is_right}
            row["among_three"] = own in [x.family for x in likely.families]
            row["answer_p"] = max(p, likely.unknown)
            row["answer_right"] = is_right and p >= likely.unknown
            rows.append(row | {"unknown": likely.answer == UNKNOWN})
    return pd.DataFrame(rows)


def measure_accuracy(answers: pd.DataFrame) -> pd.DataFrame:
    """Return how often the first, and one of the first three, is right, by family."""
    return answers.groupby("family", sort=False)[["right", "among_three"]].mean()


def format_confusion(answers: pd.DataFrame) -> Iterator[str]:
    """Yield a line for each family: what comes first for its names, from _CONFUSED of them on."""
    for family, own in answers.groupby("family", sort=False):
        shares = own["first"].value_counts(normalize=True)
        listed = [f"{first} {x:.0%}" for first, x in shares.items() if x >= _CONFUSED]
        yield f"{family:<13} {', '.join(listed)}"


def format_reliability(answers: pd.DataFrame) -> Iterator[str]:
    """Yield lines with how often the answer is right, by its probability."""
    for low in range(0, 100, 20):
        rows = answers[(100 * answers["answer_p"] // 20).clip(0, 4) * 20 == low]
        if len(rows):
            line = f"{low / 100:.1f} to {low / 100 + 0.2:.1f}: mean {rows['answer_p'].mean():.1%}"
            yield f"{line}, right {rows['answer_right'].mean():.1%} of {len(rows):,}"


def _report_accuracy(model: FamilyModel, test: Sequence[Drawn]) -> Iterator[str]:
    known = [x for x in test if x.family in FAMILIES]
    scored = {
        "single names": classify_drawn(model, known, clients=False),
        "clients of twenty names": classify_drawn(model, known, clients=True),
    }
    accuracy = pd.concat([measure_accuracy(x) for x in scored.values()], axis=1)
    yield f"reported as one: {'; '.join(x for x in model.model.groups if ' or ' in x) or 'none'}"
    yield f"temperature {model.model.temperature}, unknown from P = {model.model.unknown_from}"
    yield "\nfamily         one name: first  of three   twenty: first  of three"
    for family, shares in accuracy.iterrows():
        yield _format_accuracy(str(family), shares, 0)
    yield _format_accuracy("mean", accuracy.mean(), 1)
    yield _format_accuracy(f"no {_SHARED}", accuracy.drop(_SHARED).mean(), 1)
    for who, answers in scored.items():
        yield f"\nhow often the first answer is right, by its probability, for {who}:"
        yield from format_reliability(answers)
    for who, answers in scored.items():
        yield f"\nthe first answer for {who}:"
        yield from format_confusion(answers)
    yield f"\ncalled unknown: {_format_unknown(model, known)}"
    synthetic = [x for x in test if x.family not in FAMILIES]
    yield f"of synthetic families: {_format_unknown(model, synthetic)}"


def _format_accuracy(what: str, shares: pd.Series, digits: int) -> str:
    cells = [f"{share:.{digits}%}" for share in shares]
    return f"{what:<13} {cells[0]:>16} {cells[1]:>9} {cells[2]:>15} {cells[3]:>9}"


def _format_unknown(model: FamilyModel, drawn: Sequence[Drawn]) -> str:
    names, clients = (classify_drawn(model, drawn, x)["unknown"].mean() for x in (False, True))
    return f"{names:.0%} of names, {clients:.0%} of clients"


def _report_left_out(cluster: Cluster, corpus: FamilyCorpus) -> Iterator[str]:
    """Yield how often families that a model has never seen are called unknown, or named."""
    yield "\nnever seen     one name: unknown  named at P < 50 %  at more   twenty: the same"
    rows: list[list[float]] = []
    validation: list[list[float]] = []  # which the correlation in likely_families is chosen by
    for fold in range(_FOLDS):
        out = list(FAMILIES)[fold::_FOLDS]
        rest = FamilyCorpus(*([x for x in part if x.family not in out] for part in corpus))
        with temporary_folder("families-") as folder:
            model = train_families(cluster, rest, folder)
        cluster.clear()
        for family in out:
            rows.append(_share_answers(model, corpus.test, family))
            validation.append(_share_answers(model, corpus.validate, family))
            yield _format_answers(family, rows[-1])
    yield _format_answers("mean", np.mean(rows, axis=0).tolist())
    yield _format_answers("of validation", np.mean(validation, axis=0).tolist())


def _share_answers(model: FamilyModel, drawn: Sequence[Drawn], family: str) -> list[float]:
    """Return the shares of a family's names, then clients, called unknown, named below 50%, above.

    The last two are of those whose answer is a family, by its probability.
    """
    own, shares = [x for x in drawn if x.family == family], []
    for clients in (False, True):
        answers = classify_drawn(model, own, clients)
        named, sure = ~answers["unknown"], answers["p"] >= _SURE
        shares += [float(x.mean()) for x in (~named, named & ~sure, named & sure)]
    return shares


def _format_answers(what: str, shares: Sequence[float]) -> str:
    return f"{what:<13} {' '.join(f'{share:>12.0%}' for share in shares)}"
