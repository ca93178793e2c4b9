"""Attack models by edits: named ones, and the best single ones of a search."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import inf, log
from random import Random
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from malicious_domains.features.registry import compute_matrix
from malicious_domains.model.scorer import Scorer
from malicious_domains.names.array_types import Floats, Ints
from malicious_domains.names.encoding import ALPHABET
from malicious_domains.names.parse import MAX_LABEL

from ..corpus.columns import LabelledName
from ..corpus.edits import EDITS, Edit, edit_rows
from ..corpus.labelled import Corpus
from ..corpus.mixture import SEED
from ..h2o_cluster.cluster import Cluster
from ..training.design import DesignMatrix
from ..training.glm import fit_all
from ..training.metrics import threshold_at
from .leave_out import family_folds, make_scorer
from .results import RANKING_RATE, RATES, Row

NAMES = 100  # of each family left out, on which edits are tried
SEARCHED = 500  # names of all families whose best edits are searched
# Put in front or behind, with and without a hyphen, in the search for the best edit.
WORDS = (
    *("shop", "online", "store", "web", "the", "my", "best", "new", "home", "free", "get", "go"),
    *("blog", "news", "info", "net", "site", "mail", "app", "cloud", "tech", "media", "group"),
    *("digital", "world", "life", "house", "design", "travel", "health", "care", "data", "bank"),
    *("service", "pay", "secure", "login", "update", "support", "one"),
)
# Features that one or two characters move to any of their bins.
CHEAP = frozenset({"length", "p_digits", "num_digits", "hex_run"})

Score = Callable[[Sequence[str]], Floats]


def list_single_edits(label: str) -> list[str]:
    """Return every label that is one edit away, sorted.

    It inserts, replaces or deletes a character, swaps two, or adds one of WORDS, maybe hyphenated.

    >>> edits = list_single_edits("a")
    >>> len(edits), edits[:3], edits[-3:]
    (266, ['0', '0a', '1'], ['ya', 'z', 'za'])
    """
    cuts = [(label[:i], label[i:]) for i in range(len(label) + 1)]
    edits = {a + c + b for a, b in cuts for c in ALPHABET}
    edits |= {a + c + b[1:] for a, b in cuts if b for c in ("", *ALPHABET)}
    edits |= {a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1}
    edits |= {x for w in WORDS for j in ("", "-") for x in (w + j + label, label + j + w)}
    return sorted(x for x in edits - {label} if len(x) <= MAX_LABEL and x and x == x.strip("-"))


def find_best_edits(score: Score, labels: Sequence[str]) -> list[str]:
    """Return for each label its single edit of the lowest score, the first of equals.

    >>> find_best_edits(lambda labels: np.array([*map(len, labels)]), ["abc", "xyz"])
    ['ab', 'xy']
    """
    edits = pd.Series([list_single_edits(label) for label in labels]).explode()
    best = pd.Series(score(edits.tolist())).groupby(edits.index.to_numpy()).idxmin()
    return edits.iloc[best].tolist()


def edit_names(labels: Sequence[str], families: Sequence[str], edit: Edit, seed: str) -> list[str]:
    """Return each label after an edit, which may take another label of its family.

    >>> edit_names(["xmqj", "qgkd"], ["goz", "goz"], EDITS["joined"], "seed")
    ['xmqjxmqj', 'qgkd-xmqj']
    """
    random, of_family = Random(seed), pd.Series(labels).groupby([*families]).agg(list)
    pairs = zip(labels, families, strict=True)
    edited = (edit(x, random.choice(of_family[family]), random) for x, family in pairs)
    return [x[:MAX_LABEL].strip("-") for x in edited]


def audit_features(scorer: Scorer, labels: Sequence[str], threshold: float) -> dict[str, float]:
    """Return by feature the share of flagged labels that pass once it has its best bin.

    The feature alone is set to the bin of lowest log-odds; the scorer's model has bins.

    >>> audit_features(Scorer.load(), ["xqzjkvwptq"], threshold=0.5)["length"]
    0.0
    """
    model, odds = scorer.artifact, scorer.log_odds(labels)
    columns = list(compute_matrix(labels, model.features, model.tables).T)
    contributions = model.predictor.contributions(columns)
    needed = log(threshold / (1 - threshold)) if threshold < 1 else inf
    lowest = [min(model.metadata["coefficients"][name]) for name in model.features]
    flagged = odds >= needed
    terms = zip(model.features, contributions, lowest, strict=False)
    return {x: float((odds - given + least < needed)[flagged].mean()) for x, given, least in terms}


def leave_one_edit_out(
    cluster: Cluster, corpus: Corpus, make: Callable[[Corpus], DesignMatrix]
) -> Iterator[Row]:
    """Attack, by each edit, models that have seen it and that have not; of one fold of families.

    Edits by hyphens alone are left aside: the language model does not see them.
    """
    names = [name for name in EDITS if "hyphen" not in name]
    seen, plain = _count_missed(cluster, corpus, names, make), corpus.frame[~corpus.edited]
    rows = [*map(LabelledName._make, plain.itertuples(index=False))]
    for name in tqdm(names, desc="edits left out", unit="model"):
        again = edit_rows(rows, SEED, without=[name])  # never by this edit
        frame = pd.concat([plain, pd.DataFrame(again, columns=plain.columns)], ignore_index=True)
        unseen = _count_missed(cluster, replace(corpus, frame=frame), [name], make)
        yield {"edit": name, "missed": seen[name], "missed_unseen": unseen[name]}


def _count_missed(
    cluster: Cluster, corpus: Corpus, names: Sequence[str], make: Callable[[Corpus], DesignMatrix]
) -> dict[str, float]:
    """Return the share of names missed at RANKING_RATE by edit, of a model without a fold."""
    attacks = Attacks(corpus)
    design = make(corpus.select(attacks.fold != 0))
    scorer = make_scorer(fit_all(cluster, design), design)
    cluster.clear()
    attacks.add_fold(0, scorer, names)
    return {x["edit"]: x["missed"][RANKING_RATE] for x in attacks.list_results()}


@dataclass
class Attacks:
    """Attacks on each model that a leave-family-out evaluation makes, on what it has not seen.

    >>> from pathlib import Path
    >>> names = ["google", "amazon", "paris", "python", "apple", "debian", "nasa", "xmqjz"]
    >>> rows = {"host": [f"{x}.com" for x in names], "domain": names}
    >>> rows |= {"class": ["legit"] * 7 + ["dga"], "subclass": ["hsts"] * 7 + ["goz"]}
    >>> attacks = Attacks(Corpus("own", Path("own.csv"), pd.DataFrame(rows)))
    >>> attacks.add_fold(attacks.fold[-1], Scorer.load())
    >>> attacks.list_results()[-3], attacks.list_audits()[0]["feature"]
    ({'edit': 'none', 'missed': {0.01: 0.0, 0.001: 0.0, 0.0001: 0.0}}, 'length')
    """

    corpus: Corpus
    missed: list[dict[Any, Any]] = field(default_factory=list)  # at each rate, by family
    audits: list[dict[str, float]] = field(default_factory=list)

    @cached_property
    def fold(self) -> Ints:
        """The fold of each row, (rows,)."""
        return family_folds(self.corpus)

    def add_fold(self, number: int, scorer: Scorer, names: Sequence[str] = ()) -> None:
        """Attack the model of a fold, by names of the families left out.

        names: of edits to try; none for all, the search for the best ones, and the bias audit.
        """
        labels, families = self._select_names(number)
        legit = self.corpus.frame["domain"][~self.corpus.malicious & (self.fold == number)]
        p = scorer.probability(list(legit))
        thresholds = {rate: threshold_at(p, np.zeros(len(p), np.bool_), rate) for rate in RATES}

        def count(edit: str, some: list[str], families: list[str] = families) -> None:
            for _, own in pd.Series(scorer.probability(some)).groupby(families):
                missed = {rate: float((own < t).mean()) for rate, t in thresholds.items()}
                self.missed.append({"edit": edit, **missed})

        for name in names or EDITS:
            count(name, edit_names(labels, families, EDITS[name], str(number)))
        if not names:
            count("none", labels)
            folds = 1 + int(self.fold[self.corpus.malicious].max())
            step = max(len(labels) * folds // SEARCHED, 1)
            some = find_best_edits(scorer.log_odds, labels[::step])
            count("best single edit", some, families[::step])
            some = find_best_edits(scorer.log_odds, some)
            count("best two edits", some, families[::step])
            self.audits.append(audit_features(scorer, labels, thresholds[RANKING_RATE]))

    def list_results(self) -> list[Row]:
        """Return false-negative rates by edit, means over families."""
        means = pd.DataFrame(self.missed).groupby("edit", sort=False).mean()
        return [{"edit": edit, "missed": means.loc[edit].to_dict()} for edit in means.index]

    def list_audits(self) -> list[Row]:
        """Return the bias audit, means over folds, and which features a few characters move."""
        turned = pd.DataFrame(self.audits).mean().to_dict()
        return [{"feature": x, "turned": y, "cheap": x in CHEAP} for x, y in turned.items()]

    def _select_names(self, number: int) -> tuple[list[str], list[str]]:
        frame = self.corpus.frame[self.corpus.malicious & (self.fold == number)]
        hosts = zip(frame["host"], frame["domain"], strict=True)
        some = frame[[label in host for host, label in hosts]].groupby("subclass").head(NAMES)
        return list(some["domain"]), list(some["subclass"])
