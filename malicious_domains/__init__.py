"""Tells legitimate domain names from algorithmically generated ones (DGA).

Score a name, a host or a URL with the packaged model:

>>> from malicious_domains import Invalid, Scorer
>>> scorer = Scorer.load()
>>> score = scorer.score("http://xmqjtoevkbhrw.ru/x")
>>> score.name, score.label, round(score.probability, 4)
('xmqjtoevkbhrw', 1, 1.0)

It says why: each term's share of the log-odds, and the words it reads in the name.

>>> round(score.intercept + sum(score.contributions.values()) - score.log_odds, 9)
0.0
>>> scorer.score("plzdonthackmekthxbye").segmentation
'plz|dont|hack|me|kt|hx|by|e'

What is no name is refused; among many it becomes an Invalid in its place.

>>> scorer.score("no name")  # doctest: +IGNORE_EXCEPTION_DETAIL
Traceback (most recent call last):
    ...
InvalidDomain: the character ' ': only letters, digits and hyphens may be
>>> for result in scorer.score_many(["google.com", "no name"]):
...     print(result.domain, "refused" if isinstance(result, Invalid) else result.label)
google.com 0
no name refused

For labels that are parsed already, the probabilities alone, float64 (labels,): hundreds of
thousands a second.

>>> scorer.probability(["google", "xmqjtoevkbhrw"]).round(4).tolist()
[0.0, 1.0]

The threshold is that of maximal F1, or of a false-positive rate of choice. An artifact has
its own few; another rate raises UnknownOperatingPoint, a ValueError.

>>> careful = scorer.at(0.0001)  # one false alarm in ten thousand names
>>> careful.threshold > scorer.threshold
True
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .model.artifact import ArtifactError as ArtifactError
    from .model.score import Invalid as Invalid
    from .model.score import Score as Score
    from .model.scorer import Scorer as Scorer
    from .model.scorer import UnknownOperatingPoint as UnknownOperatingPoint
    from .names.errors import InvalidDomain as InvalidDomain

__version__ = "0.1.0"
_EXPORTS = {  # and the module of each, imported when it is asked for
    "ArtifactError": "model.artifact",
    "Invalid": "model.score",
    "InvalidDomain": "names.errors",
    "Score": "model.score",
    "Scorer": "model.scorer",
    "UnknownOperatingPoint": "model.scorer",
}
__all__ = [*_EXPORTS, "__version__"]


def __getattr__(name: str) -> Any:
    if name not in _EXPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_EXPORTS[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
