"""Judges names with an artifact: one at a time, or many at once in NumPy.

NumPy is imported when the first batch comes: for one name it is not needed.
"""

from __future__ import annotations

import functools
import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from operator import add
from typing import TYPE_CHECKING, Any

from ..features import registry
from ..features.quantities import Reason
from ..features.single import LabelFeatures
from ..names.parse import InvalidDomain, Name, Zones, parse
from . import artifact
from .explain import Groups, GroupSums
from .glm import to_probabilities, to_probability
from .score import Invalid, Score

if TYPE_CHECKING:
    from ..features.array_types import Floats
    from ..names.allow import AllowList
    from ..names.dga_index import DgaIndex, DgaMatch

FEW = 16  # names up to which it is faster to judge one after the other


class UnknownOperatingPoint(ValueError):
    """An operating point that an artifact does not have; its message lists those it has."""

    def __init__(self, asked: object, model: artifact.Artifact) -> None:
        known = ", ".join(map(str, model.thresholds))
        super().__init__(
            f"no operating point {str(asked)[:80]!r} in {model.name}; known are {known}"
        )


class Scorer:
    """Judges names with one artifact at one operating point.

    An operating point is a threshold on P(malicious): "max_f1", that of the highest F1, or
    a false-positive rate that the artifact lists, such as 0.001. A name is malicious where
    its probability is at or above the threshold. Immutable, safe to share by threads.
    """

    def __init__(
        self,
        model: artifact.Artifact,
        operating_point: str | float = artifact.MAX_F1,
        allow: AllowList | None = None,
        zones: Zones | None = None,
        known: DgaIndex | None = None,
    ) -> None:
        """Take a loaded artifact and one of its operating points, as a number or its text.

        allow: names that are legitimate whatever the model says. zones: those that names are
        parsed by, None for the packaged ones. known: names that are malicious whatever the model
        says, unless they are allowed or may be such by chance. Raises UnknownOperatingPoint for a
        point that the artifact does not have.
        """
        self.artifact = model
        self.allow, self.zones, self.known = allow, zones, known
        self.operating_point = _known_point(operating_point, model)
        self.threshold = model.thresholds[self.operating_point]  # malicious from here on
        self._groups = Groups(model.predictor.terms)
        self._compute = [registry.REGISTRY[name].compute for name in model.features]

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str] | None = None,
        operating_point: str | float = artifact.MAX_F1,
        allow: AllowList | None = None,
        zones: Zones | None = None,
        known: DgaIndex | None = None,
    ) -> Scorer:
        """Load and verify the artifact in the folder path, or of that name among the packaged.

        None: the one that the environment variable MODEL names, else the packaged
        default. allow, known: None takes allow.npy and known.npz in that folder, if there are
        such. Raises ArtifactError for an artifact that is missing or damaged, AllowListError and
        DgaIndexError for such a list and such an index, and UnknownOperatingPoint for an
        operating point that the artifact does not have.
        """
        folder = artifact.locate_artifact(path)
        model = artifact.load_artifact(folder)
        if allow is None and (folder / artifact.ALLOW).exists():
            from ..names.allow import AllowList  # for those alone who have one

            allow = AllowList.load(folder / artifact.ALLOW)
        indexes = [path for name in artifact.DGA_INDEXES if (path := folder / name).exists()]
        if known is None and indexes:
            from ..names.dga_index import DgaIndex  # likewise

            known = DgaIndex.load(indexes[0])
        return cls(model, operating_point, allow, zones, known)

    def at(self, operating_point: str | float) -> Scorer:
        """The same artifact at another operating point; raises UnknownOperatingPoint."""
        return Scorer(self.artifact, operating_point, self.allow, self.zones, self.known)

    def log_odds(self, labels: Iterable[str]) -> Floats:
        """Log-odds of being malicious, ln(P / (1 - P)), float64 (labels,).

        labels: registrable labels, parsed already. Raises ValueError, which names the first, for
        one that is not 1 to 63 lower-case letters, digits and hyphens; TypeError for a single
        str, and for a label that is none.
        """
        return self._log_odds(_listed(labels), check=True)

    def probability(self, labels: Iterable[str]) -> Floats:
        """P(malicious), float64 (labels,); labels and what is raised as of log_odds()."""
        return to_probabilities(self.log_odds(labels))

    def unchecked_probability(self, labels: Sequence[str]) -> Floats:
        """probability(labels) without a look at what the labels consist of.

        For labels that parse() gave, and for data that is learned from as it stands. Raises
        ValueError for a label over 255 characters.
        """
        return to_probabilities(self._log_odds(labels, check=False))

    def list_probabilities(self, labels: Sequence[str]) -> list[float]:
        """unchecked_probability(labels) as a list, of a few labels without NumPy."""
        if len(labels) > FEW:
            listed: list[float] = self.unchecked_probability(labels).tolist()
            return listed
        return [to_probability(self._judged(label)[1]) for label in labels]

    def try_parse(self, text: object) -> Name | Invalid:
        """The name that a text holds by this scorer's zones, or why it holds none."""
        if not isinstance(text, str):
            return Invalid(str(text)[:80], f"{_kind(text)}, not a text", reason="type")
        try:
            return parse(text, self.zones)
        except InvalidDomain as error:
            return Invalid(text, str(error), error.status, error.reason)

    def allowed_by(self, name: Name) -> str | None:
        """The entry of the allow list that a name is under, None if there is none."""
        return (self.allow and self.allow.match(name.host, name.registrable)) or None

    def match_dga(self, names: Sequence[Name]) -> list[tuple[DgaMatch, ...] | None]:
        """The generators that make each name; None for all where there is no index."""
        if self.known is None:
            return [None] * len(names)
        found = self.known.match([name.host for name in names])
        return [found.get(i, ()) for i in range(len(names))]

    def score(self, text: str) -> Score:
        """Judge one name, host or URL by the label that its registrant chose.

        Raises InvalidDomain, which says why, for a text that has none: as Skipped where nothing
        is wrong with it. Raises TypeError for what is no str.
        """
        if not isinstance(text, str):
            raise TypeError(f"score() takes a str, not {_kind(text)}; see score_many for data")
        return self._single(text, parse(text, self.zones))

    def score_many(self, texts: Iterable[object]) -> list[Score | Invalid]:
        """Judge many names, hosts or URLs, in order; one that has no label becomes an Invalid.

        The same verdicts as by score(), bit for bit, and faster for many. What is no str (None,
        NaN, bytes) becomes an Invalid too. Raises TypeError for a single str.
        """
        if isinstance(texts, str | bytes):
            raise TypeError(f"score_many() takes many texts, not {_kind(texts)}; see score()")
        texts = list(texts)
        parsed = [self.try_parse(text) for text in texts]
        good = [(str(x), y) for x, y in zip(texts, parsed, strict=True) if isinstance(y, Name)]
        if len(good) > FEW:
            scores = self._scores([text for text, _ in good], [name for _, name in good])
        else:
            scores = itertools.starmap(self._single, good)
        return [next(scores) if isinstance(x, Name) else x for x in parsed]

    def _log_odds(self, labels: Sequence[str], check: bool) -> Floats:
        import numpy as np

        model = self.artifact
        result = np.empty(len(labels))
        chunks = registry.compute_chunks(labels, model.features, model.tables, check)
        for i, columns in enumerate(chunks):
            contributions = model.predictor.contributions(columns)
            result[i * registry.CHUNK : (i + 1) * registry.CHUNK] = self._sum(contributions)
        return result

    def _sum(self, contributions: Iterable[Floats]) -> Floats:
        """Log-odds, (labels,), added up in one order whatever the batch: not by BLAS."""
        total: Any = self.artifact.intercept
        for contribution in contributions:
            total = total + contribution
        result: Floats = total
        return result

    def _scores(self, texts: Sequence[str], names: Sequence[Name]) -> Iterator[Score]:
        for start in range(0, len(texts), registry.CHUNK):
            chunk = slice(start, start + registry.CHUNK)
            yield from self._chunk(texts[chunk], names[chunk])

    def _single(self, text: str, name: Name) -> Score:
        contributions, log_odds, features = self._judged(name.label)
        probability, sums = to_probability(log_odds), self._groups.sums(contributions)
        reason = features.reason()
        (known,) = self.match_dga([name])
        return self._score(text, name, probability, log_odds, contributions, sums, reason, known)

    def _judged(self, label: str) -> tuple[list[float], float, LabelFeatures]:
        """The contributions and the log-odds of one label, and what they were made of."""
        model = self.artifact
        features = LabelFeatures(label, model.tables)
        values = [compute(features) for compute in self._compute]
        contributions = model.predictor.label_contributions(values)
        # sum() would compensate
        return contributions, functools.reduce(add, contributions, model.intercept), features

    def _chunk(self, texts: Sequence[str], names: Sequence[Name]) -> Iterator[Score]:
        import numpy as np

        from ..features.batch import BatchFeatures
        from ..features.encoding import encode_labels
        from ..features.explanation import explain

        model, labels = self.artifact, [name.label for name in names]
        features = BatchFeatures(encode_labels(labels), model.tables)
        columns = [compute(features) for compute in self._compute]
        contributions = model.predictor.contributions(columns)
        log_odds = self._sum(contributions)
        probability = to_probabilities(log_odds).tolist()
        by_label = np.stack(contributions, axis=1).tolist()
        reasons = explain(features, labels)
        sums = map(GroupSums, *(x.tolist() for x in self._groups.sums(contributions)))
        known = self.match_dga(names)
        rows = (texts, names, probability, log_odds.tolist(), by_label, sums, reasons, known)
        return map(self._score, *rows)

    def _score(
        self,
        text: str,
        name: Name,
        probability: float,
        log_odds: float,
        contributions: list[float],
        groups: GroupSums,
        reason: Reason,
        known: tuple[DgaMatch, ...] | None,
    ) -> Score:
        allowed = self.allowed_by(name)
        certain = any(not x.chance for x in known or ())
        return Score(
            domain=text,
            name=name.label,
            label=0 if allowed else int(certain or probability >= self.threshold),
            probability=probability,
            log_odds=log_odds,
            threshold=self.threshold,
            operating_point=self.operating_point,
            intercept=self.artifact.intercept,
            contributions=dict(zip(self.artifact.predictor.terms, contributions, strict=True)),
            groups=groups,
            segmentation=reason.segmentation,
            unlikely=reason.unlikely,
            bare=name.bare,
            assigned=name.assigned or None,
            allowed=allowed,
            known=known,
        )


def _known_point(asked: str | float, model: artifact.Artifact) -> str | float:
    """An operating point of an artifact; "0.001" is 0.001."""
    if asked in model.thresholds:
        return asked
    try:
        number = float(asked)
    except (TypeError, ValueError, OverflowError):
        number = 0.0  # which is none
    if number not in model.thresholds:
        raise UnknownOperatingPoint(asked, model)
    return number


def _listed(labels: Iterable[str]) -> list[str]:
    if isinstance(labels, str | bytes):
        raise TypeError(f"expected many labels, not {_kind(labels)}; see score()")
    listed = list(labels)
    if not all(issubclass(kind, str) for kind in set(map(type, listed))):
        odd = next(label for label in listed if not isinstance(label, str))
        raise TypeError(f"a label is {_kind(odd)}, not a text; score_many() takes any data")
    return listed


def _kind(value: object) -> str:
    """What a value is, for a message: None, NaN, or the name of its type."""
    if value is None or value != value:
        return "None" if value is None else "NaN"
    return f"{type(value).__name__}"
