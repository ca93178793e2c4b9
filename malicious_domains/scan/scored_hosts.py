"""The different names of a log: which label of each is judged, and its log-odds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..features.array_types import Floats
from ..model.eligible import skip_reason
from ..model.score import Invalid
from ..model.scorer import Scorer
from ..names.public_suffix import add_zones
from .scan_pool import Pool

_CHUNK = 1 << 15  # names
_FEW = 2 * _CHUNK  # names that no other process is started for


class Job(NamedTuple):
    """How names are read and scored."""

    model: str | None = None  # as Scorer.load takes it
    popular: tuple[str, ...] = ()  # paths of lists of known names
    assigned: tuple[str, ...] = ()  # zones beside the packaged ones
    chosen: tuple[str, ...] = ()

    def scorer(self) -> Scorer:
        """The model, loaded; raises ArtifactError, AllowListError, ValueError for a zone."""
        allow = [*map(Path, self.popular)] or None
        return Scorer.load(self.model, allow=allow, zones=add_zones(self.assigned, self.chosen))


class Hosts(NamedTuple):
    """Names, as columns (names,)."""

    label: list[str]  # "" where none is judged
    suffix: list[str]
    why: list[str]  # "" where judged, else the reason for skipping
    z: Floats  # log-odds, NaN where none is judged
    popular: NDArray[np.bool_]

    def columns(self, queries: NDArray[np.object_]) -> dict[str, NDArray[np.generic]]:
        """As asked.add_hosts takes them."""
        texts = {"label": self.label, "suffix": self.suffix, "why": self.why}
        found: dict[str, NDArray[np.generic]] = {"query": queries}
        found |= {name: np.array(column, dtype=object) for name, column in texts.items()}
        return found | {"z": self.z, "popular": self.popular}


def judge(
    job: Job,
    queries: Sequence[str],
    pool: Pool,
    advance: Callable[[int], object] = lambda _: None,
) -> Hosts:
    """Read and score names, in order, in several processes where they are many.

    advance is told of each chunk how many names are done. Raises what Job.scorer raises.
    """
    if pool.jobs == 1 or len(queries) <= _FEW:
        return _judge(job.scorer(), queries)
    chunks = [queries[i : i + _CHUNK] for i in range(0, len(queries), _CHUNK)]
    done = pool.executor().map(_judge_there, [job] * len(chunks), map(_packed, chunks))
    return _joined(_told(done, advance))


def _judge(scorer: Scorer, queries: Sequence[str]) -> Hosts:
    label, suffix, why, popular = parsed(scorer, queries)
    return Hosts(label, suffix, why, _scored(scorer, label), popular)


class Parsed(NamedTuple):
    """Names that are not scored yet; as Hosts."""

    label: list[str]
    suffix: list[str]
    why: list[str]
    popular: NDArray[np.bool_]


def parsed(scorer: Scorer, queries: Sequence[str]) -> Parsed:
    """Which label of each name is judged, or why none is, and whether a list knows the name."""
    label, suffix, why, popular = [], [], [], []
    lists = scorer.allow is not None
    for query in queries:
        name = scorer.try_parse(query)
        reason = skip_reason(name)
        why.append(reason)
        if reason or isinstance(name, Invalid):
            label.append("")
            suffix.append("")
            popular.append(False)
        else:
            label.append(name.label)
            suffix.append(name.suffix)
            popular.append(lists and bool(scorer.allowed_by(name)))
    return Parsed(label, suffix, why, np.array(popular, dtype=np.bool_))


def _scored(scorer: Scorer, labels: list[str]) -> Floats:
    """Log-odds of each, once for each different label."""
    different = sorted(set(labels) - {""})
    odds = dict(zip(different, scorer.log_odds(different).tolist(), strict=True))
    return np.array([odds.get(label, np.nan) for label in labels], dtype=np.float64)


# --- in other processes: texts travel as one string each, which is cheap to pickle ---

_END = "\n"  # in no query: a line of a log has none


def _packed(texts: Sequence[str]) -> str:
    return _END.join(text.replace(_END, " ") for text in texts)


class _Packed(NamedTuple):
    label: str
    suffix: str
    why: str
    z: Floats
    popular: NDArray[np.bool_]


@cache
def scorer_of(job: Job) -> Scorer:
    """In another process: the model, loaded once."""
    return job.scorer()


def _judge_there(job: Job, packed: str) -> _Packed:
    found = _judge(scorer_of(job), packed.split(_END))
    label, suffix, why = map(_packed, (found.label, found.suffix, found.why))
    return _Packed(label, suffix, why, found.z, found.popular)


def _told(parts: Iterator[_Packed], advance: Callable[[int], object]) -> Iterator[_Packed]:
    """The same parts, advance being told of each."""
    for part in parts:
        advance(len(part.z))
        yield part


def _joined(parts: Iterator[_Packed]) -> Hosts:
    found = list(parts)
    return Hosts(
        label=[x for part in found for x in part.label.split(_END)],
        suffix=[x for part in found for x in part.suffix.split(_END)],
        why=[x for part in found for x in part.why.split(_END)],
        z=np.concatenate([part.z for part in found]),
        popular=np.concatenate([part.popular for part in found]),
    )
