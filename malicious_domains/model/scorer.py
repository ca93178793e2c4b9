"""The scorer: the verdict on one name in plain Python, on many in NumPy (imported for a batch)."""

from __future__ import annotations

import functools
import itertools
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import add
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ..features import registry
from ..features.single import LabelFeatures
from ..names.errors import Invalid, InvalidDomain, UnknownOperatingPoint
from ..names.parse import Name, Zones, parse
from . import artifact
from .glm import to_probabilities, to_probability
from .score import Score, group_terms, sum_groups

if TYPE_CHECKING:
    from ..names.allow import AllowList
    from ..names.array_types import Floats
    from ..names.dga_index import DgaIndex, DgaMatch

    Matches = tuple[DgaMatch, ...]

FEW = 16  # names up to which plain Python is faster than NumPy

Point = str | float  # an operating point
T = TypeVar("T")


class Scorer:
    """Scores names with one artifact at one operating point.

    An operating point is a threshold on P(malicious): "max_f1", that of the highest F1, a
    false-positive rate that the artifact lists, such as 0.001, or "even", which is 0.5. A name is
    malicious if its probability is at or above the threshold. Immutable, safe to share by threads.
    """

    def __init__(
        self,
        model: artifact.Artifact,
        operating_point: Point = artifact.MAX_F1,
        allow: AllowList | None = None,
        zones: Zones | None = None,
        dga_index: DgaIndex | None = None,
    ) -> None:
        """Take a loaded artifact, see load(); raises UnknownOperatingPoint."""
        self.artifact = model
        self.allow, self.zones, self.dga_index = allow, zones, dga_index
        thresholds = model.thresholds | {artifact.EVEN: 0.5}
        self.operating_point = _find_point(operating_point, thresholds, model.name)
        self.threshold = thresholds[self.operating_point]
        self._groups = group_terms(model.predictor.terms)
        self._features = [registry.REGISTRY[name] for name in model.features]

    def __reduce__(self) -> tuple[type[Scorer], tuple[object, ...]]:
        given = (self.artifact, self.operating_point, self.allow, self.zones, self.dga_index)
        return Scorer, given

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str] | None = None,
        *,
        allow: AllowList | Iterable[str | Path] | None = None,
        dga_index: DgaIndex | str | Path | None = None,
        operating_point: Point = artifact.MAX_F1,
        zones: Zones | None = None,
    ) -> Scorer:
        """Load and verify a model: a packaged one by its name, or the artifact in a folder.

        path: None for the model that the environment variable MODEL names, else the default.
        allow: what is legitimate whatever the model says: a list, or names (str) and files of
        names (Path); None for allow.npy in the artifact's folder, if there is one.
        dga_index: an index of generated names, or its file; None for the artifact's known.npz.
        operating_point: "max_f1", "even", or a false-positive rate as a number or text.
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

    def at(self, operating_point: Point) -> Scorer:
        """Return the same scorer at another operating point; raises UnknownOperatingPoint."""
        return Scorer(self.artifact, operating_point, self.allow, self.zones, self.dga_index)

    def allowing(self, names: Iterable[str]) -> Scorer:
        """Return the same scorer with more entries of the allow list; raises AllowListError.

        >>> Scorer.load().allowing(["google.com"]).score("google.com").allowed
        'google.com'
        """
        from ..names.allow import AllowList  # only for those who have one

        allow = AllowList.from_entries(names)
        if self.allow:
            allow = AllowList.merge([self.allow, allow])
        return Scorer(self.artifact, self.operating_point, allow, self.zones, self.dga_index)

    def log_odds(self, labels: Iterable[str]) -> Floats:
        """Return the log-odds of being malicious, ln(P / (1 - P)), float64 (labels,).

        labels: parsed, of 1 to 63 lower-case letters, digits and hyphens, or else ValueError is
        raised; TypeError for a single str or an item that is not a str.
        """
        return self._log_odds(_check_labels(labels), check=True)

    def probability(self, labels: Iterable[str]) -> Floats:
        """Return P(malicious), float64 (labels,); takes and raises the same as log_odds().

        >>> Scorer.load().probability(["google", "xmqjtoevkbhrw"]).round(2).tolist()
        [0.0, 1.0]
        """
        return to_probabilities(self.log_odds(labels))

    def list_probabilities(self, labels: Sequence[str]) -> list[float]:
        """Return P(malicious) of each label that parse() returned; few labels need no NumPy."""
        different: Sequence[str] = [*dict.fromkeys(labels)]
        if 2 * len(different) > len(labels):
            different = labels
        if len(different) > FEW:
            values = to_probabilities(self._log_odds(different, check=False)).tolist()
        else:
            values = [to_probability(self._explain_label(label)[1]) for label in different]
        by_label = dict(zip(different, values, strict=True))
        return [by_label[label] for label in labels]

    def list_values(self, label: str) -> dict[str, float]:
        """Return the value of each feature of a label that parse() returned.

        >>> Scorer.load("classic").list_values("google")["length"]
        6.0
        """
        features = LabelFeatures(label, self.artifact.tables)
        values = (float(feature.compute(features)) for feature in self._features)
        return dict(zip(self.artifact.features, values, strict=True))

    def try_parse(self, text: object) -> Name | Invalid:
        """Return the name in a text by this scorer's zones, or why there is none."""
        if not isinstance(text, str):
            text = _read_scalar(text)
        if not isinstance(text, str):
            return Invalid(str(text)[:80], f"{_kind(text)}, not a text", reason="type")
        try:
            return parse(text, self.zones)
        except InvalidDomain as error:
            return Invalid(text, str(error), error.status, error.reason)

    def allowed_by(self, name: Name) -> str | None:
        """Return the entry of the allow list that allows a name, None if there is none."""
        return (self.allow and self.allow.match(name.host, name.registrable)) or None

    def match_dga(self, names: Sequence[Name]) -> list[Matches | None]:
        """Return the generators of each name; None for all without an index."""
        if self.dga_index is None:
            return [None] * len(names)
        matches = self.dga_index.match([name.host for name in names])
        return [matches.get(i, ()) for i in range(len(names))]

    def score(self, text: str) -> Score:
        """Score one name, host or URL by its registrable label.

        Raises InvalidDomain if there is none (Skipped for a valid name), TypeError for no str.

        >>> Scorer.load().score("https://www.google.com/search").label
        0
        """
        if not isinstance(text, str):
            raise TypeError(f"score() takes a str, not {_kind(text)}; see score_many for data")
        return self._score_one(text, parse(text, self.zones))

    def score_many(self, texts: Iterable[object]) -> list[Score | Invalid]:
        """Score many names, hosts or URLs, in order; one without a label becomes an Invalid.

        The verdicts are those of score(), bit for bit. None, NaN, other missing values and bytes
        become an Invalid too. Score and Invalid have the same fields, so that a DataFrame of both
        has one set of columns. Raises TypeError for a single str, a table or a dict.

        >>> [x.domain for x in Scorer.load().score_many(["a.com", None]) if isinstance(x, Invalid)]
        ['None']
        """
        if isinstance(texts, str | bytes):
            raise TypeError(f"score_many() takes many texts, not {_kind(texts)}; see score()")
        texts = [x if isinstance(x, str) else _read_scalar(x) for x in _check_column(texts)]
        parsed = [self.try_parse(text) for text in texts]
        good = [(str(x), y) for x, y in zip(texts, parsed, strict=True) if isinstance(y, Name)]
        many = len(good) > FEW
        scores = self._score_batch(good) if many else itertools.starmap(self._score_one, good)
        return [next(scores) if isinstance(x, Name) else x for x in parsed]

    def _log_odds(self, labels: Sequence[str], check: bool) -> Floats:
        import numpy as np

        chunks = self._list_contributions(labels, check)
        return np.concatenate([np.empty(0), *map(self._sum, chunks)])

    def _list_contributions(
        self, labels: Sequence[str], check: bool = False
    ) -> Iterator[list[Floats]]:
        """Yield the contributions to the log-odds of CHUNK labels at a time, see predictor."""
        model = self.artifact
        chunks = registry.compute_chunks(labels, model.features, model.tables, check)
        return map(model.predictor.contributions, chunks)

    def _sum(self, contributions: Iterable[Any]) -> Any:
        """Return the log-odds, a float or (labels,): added in one order, unlike by sum or BLAS."""
        return functools.reduce(add, contributions, self.artifact.intercept)

    def _score_one(self, text: str, name: Name) -> Score:
        contributions, log_odds, features = self._explain_label(name.label)
        (known,) = self.match_dga([name])
        return self._build_score(text, name, contributions, log_odds, features.reason(), known)

    def _explain_label(self, label: str) -> tuple[list[float], float, LabelFeatures]:
        """Return the contributions and the log-odds of one label, and its features."""
        model = self.artifact
        features = LabelFeatures(label, model.tables)
        values = [feature.compute(features) for feature in self._features]
        contributions = model.predictor.label_contributions(values)
        return contributions, self._sum(contributions), features

    def _score_batch(self, rows: Sequence[tuple[str, Name]]) -> Iterator[Score]:
        """Score many names; a batch computes the numbers, a walk over each label explains it."""
        import numpy as np

        tables = self.artifact.tables
        for start in range(0, len(rows), registry.CHUNK):
            chunk = rows[start : start + registry.CHUNK]
            (contributions,) = self._list_contributions([name.label for _, name in chunk])
            by_label = np.stack(contributions, axis=1).tolist()
            log_odds = self._sum(contributions).tolist()
            known = self.match_dga([name for _, name in chunk])
            rows_of = zip(chunk, by_label, log_odds, known, strict=True)
            for (text, name), terms, odds, matches in rows_of:
                reason = LabelFeatures(name.label, tables).reason()
                yield self._build_score(text, name, terms, odds, reason, matches)

    def decide(self, probability: float, allowed: str | None, known: Matches | None) -> int:
        """Return the label of a name: 1 malicious, 0 legitimate.

        Allowed names are legitimate; others malicious if surely generated or from the threshold on.
        """
        certain = any(not match.chance for match in known or ())
        return int(not allowed and (certain or probability >= self.threshold))

    def _build_score(
        self,
        text: str,
        name: Name,
        contributions: list[float],
        log_odds: float,
        reason: tuple[str | None, str | None],
        known: Matches | None,
    ) -> Score:
        allowed, probability = self.allowed_by(name), to_probability(log_odds)
        segmentation, unlikely = reason
        by_term = dict(zip(self.artifact.predictor.terms, contributions, strict=True))
        return Score(
            domain=text,
            name=name.label,
            label=self.decide(probability, allowed, known),
            probability=probability,
            log_odds=log_odds,
            threshold=self.threshold,
            operating_point=self.operating_point,
            intercept=self.artifact.intercept,
            contributions=by_term,
            groups=sum_groups(by_term, self._groups),
            segmentation=segmentation,
            unlikely=unlikely,
            bare=name.bare,
            assigned=name.provider_zone or None,
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


def _find_point(point: Point, thresholds: Mapping[Point, float], model: str) -> Point:
    """Return the key of an operating point among a model's; "0.001" is 0.001."""
    if point in thresholds:
        return point
    try:
        rate = float(point)
    except (TypeError, ValueError, OverflowError):
        rate = 0.0  # which no artifact has
    if rate not in thresholds:
        known = ", ".join(map(str, thresholds))
        message = f"no operating point {str(point)[:80]!r} in {model}; known are {known}"
        raise UnknownOperatingPoint(message)
    return rate


def _check_labels(labels: Iterable[str]) -> list[str]:
    if isinstance(labels, str | bytes):
        raise TypeError(f"expected many labels, not {_kind(labels)}; see score()")
    checked = list(_check_column(labels))
    if not all(issubclass(kind, str) for kind in set(map(type, checked))):
        other = next(label for label in checked if not isinstance(label, str))
        raise TypeError(f"a label is {_kind(other)}, not a text; score_many() takes any data")
    return checked


def _check_column(texts: Iterable[T]) -> Iterable[T]:
    """Return what is iterated by its items; raise TypeError for what is by names of columns."""
    if isinstance(texts, Mapping) or hasattr(texts, "columns"):
        raise TypeError(f"expected a column of names, not a {_kind(texts)}: choose one by its name")
    return texts


def _read_scalar(value: Any) -> Any:
    """Return the Python value of a scalar of pyarrow, and others as they are."""
    return value.as_py() if hasattr(value, "as_py") else value


def _kind(value: object) -> str:
    """Return what a value is, for a message: None, NaN, or the name of its type."""
    if value is None:
        return "None"
    try:
        return "NaN" if value != value else type(value).__name__
    except (TypeError, ValueError):  # pandas.NA has no truth, an array has many
        return type(value).__name__
