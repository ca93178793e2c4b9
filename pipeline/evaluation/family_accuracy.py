"""Measure the family model: how often it is right about names and clients, and what it confuses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from malicious_domains.dga.generators import FAMILIES
from malicious_domains.families import family_artifact
from malicious_domains.families.likely_families import UNKNOWN, FamilyModel
from malicious_domains.inputs.signals import temporary_folder

from ..h2o_cluster.cluster import Cluster, open_cluster
from ..training.family_training import FamilyCorpus, sample_corpus, train_families
from ..training.sample_names import Drawn

_SHARED = "banjori"  # has three seeds and no more can be drawn: all parts have them
_FOLDS = 5  # of families that are left out together
_CONFUSED = 0.01  # share of a family's names from which an answer is listed
_SURE = 0.5  # probability of an answer
_KINDS = {"one name": False, "twenty names of a client": True}


def evaluate_families(out: Path | None, h2o_url: str | None, leave_out: bool) -> Iterator[str]:
    """Yield the lines of a report on a family model, the packaged one by default.

    leave_out: also train without some families at a time, and classify those.
    """
    model = FamilyModel.load(out or family_artifact.PACKAGED)
    corpus = sample_corpus()
    yield from _report_accuracy(model, corpus.test)
    if leave_out:
        with open_cluster(h2o_url) as cluster:
            yield from _report_left_out(cluster, corpus)


def classify_drawn(model: FamilyModel, drawn: Sequence[Drawn], clients: bool) -> pd.DataFrame:
    """Return a row for each single name, or for each client, who asks for a draw.

    Columns: family (the true one), first (the likeliest known one) and its probability p, right
    and among_three (whether first, or one of three, is the true one's group), answer_p (of first
    or unknown, whichever is likelier), answer_right, unknown (whether that is the answer).

    >>> drawn = Drawn("zloader", "zloader", ["uuarbiytvsvilnqajqsx", "dpjvmrwkenvwmpqjfvyx"])
    >>> answers = classify_drawn(FamilyModel.load(), [drawn], clients=False)
    >>> answers[["first", "right"]]
         first  right
    0  zloader   True
    1  zloader   True
    >>> measure_accuracy(answers).to_dict("list"), measure_reliability(answers)["rows"].tolist()
    ({'right': [1.0], 'among_three': [1.0]}, [2])
    >>> count_answers(answers).to_dict()
    {('zloader', 'zloader'): 1.0}
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


def count_answers(answers: pd.DataFrame) -> pd.Series:
    """Return the share of each first answer by family, from _CONFUSED of its names on."""
    shares = answers.groupby("family")["first"].value_counts(normalize=True)
    return shares[shares >= _CONFUSED]


def measure_reliability(answers: pd.DataFrame) -> pd.DataFrame:
    """Return how often the answer is right, and the number of names, by its probability."""
    fifths = pd.cut(answers["answer_p"], [0, 0.2, 0.4, 0.6, 0.8, 1], include_lowest=True)
    columns = {"mean": ("answer_p", "mean"), "right": ("answer_right", "mean")}
    return answers.groupby(fifths, observed=True).agg(**columns, rows=("right", "size"))


def _report_accuracy(model: FamilyModel, test: Sequence[Drawn]) -> Iterator[str]:
    known = [x for x in test if x.family in FAMILIES]
    scored = {who: classify_drawn(model, known, clients) for who, clients in _KINDS.items()}
    accuracy = pd.concat({who: measure_accuracy(x) for who, x in scored.items()}, axis=1)
    yield f"reported as one: {'; '.join(x for x in model.model.groups if ' or ' in x) or 'none'}"
    yield f"temperature {model.model.temperature}, unknown from P = {model.model.unknown_from}"
    means = {"mean": accuracy.mean(), f"no {_SHARED}": accuracy.drop(_SHARED).mean()}
    yield from _format("accuracy", pd.concat([accuracy, pd.DataFrame(means).T]))
    for who, answers in scored.items():
        yield from _format(f"answers by probability, {who}", measure_reliability(answers))
        yield from _format(f"first answers, {who}", count_answers(answers).to_frame("share"))
    synthetic = [x for x in test if x.family not in FAMILIES]
    unknown = {
        who: {
            "known families": answers["unknown"].mean(),
            "synthetic families": classify_drawn(model, synthetic, _KINDS[who])["unknown"].mean(),
        }
        for who, answers in scored.items()
    }
    yield from _format("called unknown", pd.DataFrame(unknown))


def _report_left_out(cluster: Cluster, corpus: FamilyCorpus) -> Iterator[str]:
    """Yield how often families that a model has never seen are called unknown, or named."""
    rows, validation = {}, {}  # the correlation in likely_families is chosen by the second
    for fold in range(_FOLDS):
        out = list(FAMILIES)[fold::_FOLDS]
        rest = FamilyCorpus(*([x for x in part if x.family not in out] for part in corpus))
        with temporary_folder("families-") as folder:
            model = train_families(cluster, rest, folder)
        cluster.clear()
        for family in out:
            rows[family] = _share_answers(model, corpus.test, family)
            validation[family] = _share_answers(model, corpus.validate, family)
    table = pd.DataFrame(rows).T
    means = {"mean": table.mean(), "of validation": pd.DataFrame(validation).T.mean()}
    yield from _format("never seen", pd.concat([table, pd.DataFrame(means).T]))


def _share_answers(model: FamilyModel, drawn: Sequence[Drawn], family: str) -> pd.Series:
    """Return the shares of a family's names, and clients, that are called unknown, or named.

    The last two are of those whose answer is a family, by its probability.
    """
    own, shares = [x for x in drawn if x.family == family], {}
    for who, clients in _KINDS.items():
        answers = classify_drawn(model, own, clients)
        named, sure = ~answers["unknown"], answers["p"] >= _SURE
        shares[who, "unknown"] = answers["unknown"].mean()
        shares[who, "named, P < 50 %"] = (named & ~sure).mean()
        shares[who, "named, P >= 50 %"] = (named & sure).mean()
    return pd.Series(shares)


def _format(title: str, table: pd.DataFrame) -> Iterator[str]:
    """Yield a title and the lines of a table, shares in percent."""
    yield f"\n{title}:"
    yield from table.to_string(float_format="{:.1%}".format).splitlines()
