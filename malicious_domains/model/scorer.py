"""Judges names with an artifact: one at a time, or many at once in NumPy.

NumPy is imported when the first batch comes: for one name it is not needed.
"""

from __future__ import annotations

import functools
import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from operator import add
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..features import registry
from ..features.quantities import Reason
from ..features.single import LabelFeatures
from ..names.errors import InvalidDomain, UnknownOperatingPoint
from ..names.parse import Name, Zones, parse
from . import artifact
from .explain import Groups, GroupSums
from .glm import to_probabilities, to_probability
from .score import Invalid, Score

if TYPE_CHECKING:
    from ..features.array_types import Floats
    from ..names.allow import AllowList
    from ..names.dga_index import DgaIndex, DgaMatch

FEW = 16  # names up to which it is faster to judge one after the other


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
        dga_index: DgaIndex | None = None,
    ) -> None:
        """Take a loaded artifact and one of its operating points; see load().

        Raises UnknownOperatingPoint.
        """
        self.artifact = model
        self.allow, self.zones, self.dga_index = allow, zones, dga_index
        self.operating_point = _find_point(operating_point, model)
        self.threshold = model.thresholds[self.operating_point]  # malicious from here on
        self._groups = Groups(model.predictor.terms)
        self._features = [*map(registry.find_feature, model.features)]

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str] | None = None,
        *,
        allow: AllowList | Iterable[str | Path] | None = None,
        dga_index: DgaIndex | str | Path | None = None,
        operating_point: str | float = artifact.MAX_F1,
        zones: Zones | None = None,
    ) -> Scorer:
        """Load and verify a model: a packaged one by its name, or the artifact in a folder.

        path: None for the model that the environment variable MODEL names, else the default.
        allow: what is legitimate whatever the model says: a list, or names (str) and files of
        names (Path); None for allow.npy in the artifact's folder, if there is one.
        dga_index: an index of generated names, or its file; None for known.npz likewise.
        operating_point: "max_f1", or a false-positive rate as a number or text.
        zones: the zones by which names are parsed; None for the packaged ones.

        Raises ArtifactError, AllowListError, DgaIndexError or UnknownOperatingPoint.

        >>> Scorer.load(allow=["google.com"]).score("google.com").allowed
        'google.com'
        """
        folder = artifact.locate_artifact(path)
        model = artifact.load_artifact(folder)
        listed = _load_allow_list(allow, folder / artifact.ALLOW)
        index = _load_dga_index(dga_index, folder)
        return cls(model, operating_point, listed, zones, index)

    def at(self, operating_point: str | float) -> Scorer:
        """Return the same scorer at another operating point; raises UnknownOperatingPoint."""
        return Scorer(self.artifact, operating_point, self.allow, self.zones, self.dga_index)

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
        if self.dga_index is None:
            return [None] * len(names)
        found = self.dga_index.match([name.host for name in names])
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
        values = [feature.compute(features) for feature in self._features]
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
        columns = [feature.compute(features) for feature in self._features]
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
        certain = self.dga_index is not None and self.dga_index.is_certain(known or ())
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


def _load_allow_list(
    allow: AllowList | Iterable[str | Path] | None, default: Path
) -> AllowList | None:
    """Return a list as it is given, or read it, or the default file if there is one."""
    if allow is None and not default.exists():
        return None
    from ..names.allow import AllowList  # only for those who have one

    if isinstance(allow, AllowList):
        return allow
    return AllowList.from_entries([default] if allow is None else allow)


def _load_dga_index(index: DgaIndex | str | Path | None, folder: Path) -> DgaIndex | None:
    """Return an index as it is given, or read it, or one in the folder if there is one."""
    if index is None:
        present = [x for name in artifact.DGA_INDEXES if (x := folder / name).exists()]
        if not present:
            return None
        index = present[0]
    from ..names.dga_index import DgaIndex  # only for those who have one

    return index if isinstance(index, DgaIndex) else DgaIndex.load(Path(index))


def _find_point(point: str | float, model: artifact.Artifact) -> str | float:
    """Return the key of an operating point of an artifact; "0.001" is 0.001."""
    if point in model.thresholds:
        return point
    try:
        rate = float(point)
    except (TypeError, ValueError, OverflowError):
        rate = 0.0  # which no artifact has
    if rate not in model.thresholds:
        known = ", ".join(map(str, model.thresholds))
        raise UnknownOperatingPoint(
            f"no operating point {str(point)[:80]!r} in {model.name}; known are {known}"
        )
    return rate


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
