"""The different names of a log: which label of each is scored, and its log-odds."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..clients.tunnels import find_longest_label, find_parent
from ..model.eligible import skip_reason
from ..model.scorer import Scorer
from ..names.array_types import Floats, Narrow
from ..names.errors import Invalid
from ..names.host_arrays import split_plain_hosts
from ..names.parse import Name
from ..scoring.model_options import ModelOptions, load_scorer

_AT_ONCE = 1 << 13  # names that are parsed together: their arrays stay in the processor's cache
# label, "" if none is scored; suffix; why none is, else ""; whether it is allowed; the registrable
# name below which it counts for tunnels, or ""; the longest label below that, or ""
COLUMNS = ("label", "suffix", "why", "allowed", "parent", "longest")
_Host = tuple[str, str, str, bool, str, str]
Texts = NDArray[np.object_]


def parse_hosts(scorer: Scorer, queries: Sequence[str]) -> dict[str, Sequence[Any]]:
    """Return which label of each name is scored, or why none is, and more, as COLUMNS (names,)."""
    parts = (
        _parse_some(scorer, queries[i : i + _AT_ONCE]) for i in range(0, len(queries), _AT_ONCE)
    )
    rows = [*chain.from_iterable(parts)]
    return dict(zip(COLUMNS, zip(*rows, strict=True) if rows else ((),) * 6, strict=True))


def _parse_some(scorer: Scorer, queries: Sequence[str]) -> list[_Host]:
    """Return the columns of each name: plain ones in arrays, the others one by one."""
    rows: dict[int, _Host] = {}
    for i, label, suffix, longest, reason in split_plain_hosts(queries, scorer.zones):
        name = f"{label}.{suffix}"
        if reason:
            rows[i] = "", "", reason, False, "", ""
        elif scorer.allow is not None and scorer.allow.match(queries[i], name):
            rows[i] = label, suffix, "", True, "", ""
        else:
            rows[i] = label, suffix, "", False, name if longest else "", longest
    return [rows.get(i) or _parse_host(scorer, query) for i, query in enumerate(queries)]


def _parse_host(scorer: Scorer, query: str) -> _Host:
    name = scorer.try_parse(query)
    reason = skip_reason(name)
    if reason or isinstance(name, Invalid):
        parent = find_parent(query, None, scorer.zones)
        if parent and scorer.allowed_by(Name(parent, parent, "")):
            parent = ""
        return "", "", reason, False, parent, _find_below(query, parent)
    allowed = scorer.allow is not None and bool(scorer.allowed_by(name))
    parent = "" if allowed else find_parent(query, name, scorer.zones)
    return name.label, name.suffix, "", allowed, parent, _find_below(query, parent)


def _find_below(query: str, parent: str) -> str:
    """Return the longest label below a registrable name, "" for none."""
    return find_longest_label(query.removesuffix(".")[: -len(parent) - 1]) if parent else ""


def number_texts(*columns: Sequence[str]) -> tuple[Texts, list[Narrow]]:
    """Return the different texts of columns in order, and each column as their numbers.

    >>> number_texts(["b", "a", "b"], ["c"])[1][0].tolist()
    [1, 0, 1]
    """
    texts = sorted({*chain(*columns)})
    numbers = dict(zip(texts, range(len(texts)), strict=True))
    encoded = (np.fromiter(map(numbers.__getitem__, x), np.int32, len(x)) for x in columns)
    return np.array(texts, dtype=object), [*encoded]


def score_once(scorer: Scorer, labels: Sequence[str]) -> Floats:
    """Return the log-odds of labels (labels,), NaN for ""; each different one is scored once."""
    texts, (numbers,) = number_texts(labels)
    return _score_texts(scorer, texts, numbers)


def _score_texts(scorer: Scorer, texts: Texts, numbers: Narrow) -> Floats:
    """Return the log-odds of texts by their numbers (numbers,), NaN for ""."""
    odds = np.full(len(texts), np.nan)
    scored = np.bincount(numbers, minlength=len(texts)).astype(np.bool_) & (texts != "")
    odds[scored] = scorer.log_odds(texts[scored].tolist())
    return odds[numbers]


def score_hosts(options: ModelOptions, queries: Texts) -> tuple[dict[str, NDArray[Any]], Texts]:
    """Return what parse_hosts() says of names, with the log-odds of label and longest label.

    These are log_odds and sub_odds, float64 (names,). Labels and suffixes are the numbers of the
    texts that are returned, too. Raises what load_scorer raises.
    """
    load_scorer.cache_clear()  # the files may have changed since an earlier scan
    scorer = load_scorer(options)
    hosts = parse_hosts(scorer, queries.tolist())
    texts, (label, suffix) = number_texts(hosts["label"], hosts["suffix"])
    columns = {x: np.array(hosts[x], dtype=object) for x in ("why", "parent")}
    columns |= {"query": queries, "label": label, "suffix": suffix}
    columns["allowed"] = np.array(hosts["allowed"], dtype=np.bool_)
    columns["sub_odds"] = score_once(scorer, hosts["longest"])
    columns["log_odds"] = _score_texts(scorer, texts, label)
    return columns, texts
