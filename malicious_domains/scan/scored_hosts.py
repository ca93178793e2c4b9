"""The different names of a log: which label of each is scored, and its log-odds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..clients.tunnels import find_longest_label, find_parent
from ..inputs.ordered_pool import OrderedPool
from ..model.eligible import skip_reason
from ..model.scorer import Scorer
from ..names.array_types import Bools, Floats
from ..names.errors import Invalid
from ..names.parse import Name
from ..scoring.model_options import ModelOptions, load_scorer

_CHUNK = 1 << 15  # names
_MIN_SHARED = 2 * _CHUNK  # names from which on other processes help


class ParsedHosts(NamedTuple):
    """Names as columns (names,)."""

    label: list[str]  # "" if none is scored
    suffix: list[str]
    why: list[str]  # "" if scored, else the reason for skipping
    allowed: Bools
    parent: list[str]  # the registrable name below which it counts for tunnels, or ""
    sub_odds: Floats  # log-odds of the longest label below that, NaN if there is none

    def to_columns(self, queries: NDArray[np.object_]) -> dict[str, NDArray[np.generic]]:
        """Return the columns as arrays, with those of the names."""
        texts = {"query": queries, "label": self.label, "suffix": self.suffix, "why": self.why}
        texts["parent"] = self.parent
        columns = {name: np.array(column, dtype=object) for name, column in texts.items()}
        return {**columns, "allowed": self.allowed, "sub_odds": self.sub_odds}


def parse_hosts(scorer: Scorer, queries: Sequence[str]) -> ParsedHosts:
    """Return which label of each name is scored, or why none is, and whether it is allowed."""
    rows = [_parse_host(scorer, query) for query in queries]
    label, suffix, why, allowed, parent = zip(*rows, strict=True) if rows else ((),) * 5
    flags = np.array(allowed, dtype=np.bool_)
    odds = _score_below(scorer, queries, parent)
    return ParsedHosts([*label], [*suffix], [*why], flags, [*parent], odds)


def _score_below(scorer: Scorer, queries: Sequence[str], parents: Sequence[str]) -> Floats:
    """Return the log-odds of the longest label below each parent, NaN for none."""
    longest = [
        find_longest_label(query.removesuffix(".")[: -len(parent) - 1]) if parent else ""
        for query, parent in zip(queries, parents, strict=True)
    ]
    labels = sorted({*longest} - {""})  # each is scored once
    odds = dict(zip(labels, scorer.log_odds(labels).tolist(), strict=True)) | {"": np.nan}
    return np.fromiter(map(odds.__getitem__, longest), np.float64, len(longest))


def _parse_host(scorer: Scorer, query: str) -> tuple[str, str, str, bool, str]:
    name = scorer.try_parse(query)
    reason = skip_reason(name)
    if reason or isinstance(name, Invalid):
        parent = find_parent(query, None, scorer.zones)
        allowed = bool(parent and scorer.allowed_by(Name(parent, parent, "")))
        return "", "", reason, False, "" if allowed else parent
    allowed = scorer.allow is not None and bool(scorer.allowed_by(name))
    parent = "" if allowed else find_parent(query, name, scorer.zones)
    return name.label, name.suffix, "", allowed, parent


def score_hosts(
    options: ModelOptions,
    queries: Sequence[str],
    pool: OrderedPool,
    advance: Callable[[int], object] = lambda _: None,
) -> tuple[ParsedHosts, Floats]:
    """Parse and score names, in order, by several processes if they are many.

    Returns the names and their log-odds (names,), NaN if they are not scored. advance is called
    with the number of names that were scored. Raises what load_scorer raises.
    """
    load_scorer.cache_clear()  # the files may have changed since an earlier scan
    load_scorer(options)
    size = _CHUNK if pool.jobs > 1 and len(queries) > _MIN_SHARED else max(len(queries), 1)
    chunks = (queries[i : i + size] for i in range(0, len(queries), size))
    parts: list[ParsedHosts] = []
    odds: list[Floats] = [np.empty(0)]
    for part, log_odds in pool.map(partial(_score_chunk, options), chunks):
        parts.append(part)
        odds.append(log_odds)
        advance(len(log_odds))
    label, suffix, why, parent = (
        [*chain.from_iterable(getattr(x, column) for x in parts)]
        for column in ("label", "suffix", "why", "parent")
    )
    allowed = np.concatenate([np.empty(0, np.bool_), *(x.allowed for x in parts)])
    below = np.concatenate([np.empty(0), *(x.sub_odds for x in parts)])
    return ParsedHosts(label, suffix, why, allowed, parent, below), np.concatenate(odds)


def _score_chunk(options: ModelOptions, queries: Sequence[str]) -> tuple[ParsedHosts, Floats]:
    scorer = load_scorer(options)
    hosts = parse_hosts(scorer, queries)
    labels = sorted(set(hosts.label) - {""})  # each is scored once
    by_label = dict(zip(labels, scorer.log_odds(labels).tolist(), strict=True))
    return hosts, np.array([by_label.get(x, np.nan) for x in hosts.label], dtype=np.float64)
