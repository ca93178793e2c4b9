"""Tell legitimate domain names from algorithmically generated ones (DGA).

Score a name, a host or a URL with the packaged model:

>>> from malicious_domains import Invalid, Scorer
>>> scorer = Scorer.load()
>>> score = scorer.score("http://xmqjtoevkbhrw.ru/x")
>>> score
Score('xmqjtoevkbhrw', label=1, probability=0.9999)

A score explains itself: each term's share of the log-odds, and the words in the name.

>>> round(score.intercept + sum(score.contributions.values()) - score.log_odds, 9)
0.0
>>> scorer.score("plzdonthackmekthxbye").segmentation
'plz|dont|hack|me|kt|hx|by|e'
>>> scorer.score("google.com").reason
'Reads as google; it is made of words; its characters follow one another as in real names.'

A text that is not a domain name raises InvalidDomain; among many, an Invalid takes its place.

>>> scorer.score("no name")  # doctest: +IGNORE_EXCEPTION_DETAIL
Traceback (most recent call last):
    ...
InvalidDomain: the character ' ': only letters, digits and hyphens may be
>>> for result in scorer.score_many(["google.com", "no name"]):
...     print(result.domain, "invalid" if isinstance(result, Invalid) else result.label)
google.com 0
no name invalid

For labels that are parsed already, the probabilities alone, float64 (labels,):

>>> scorer.probability(["google", "xmqjtoevkbhrw"]).round(4).tolist()
[0.0, 0.9999]

The threshold is that of the highest F1, or of one of the false-positive rates that the model
lists; another rate raises UnknownOperatingPoint.

>>> scorer.at(0.0001).threshold > scorer.threshold  # one false positive in 10,000 names
True

Names on an allow list are legitimate whatever the model says.

>>> Scorer.load(allow=["xmqjtoevkbhrw.ru"]).score("xmqjtoevkbhrw.ru").label
0

Every error that a user can fix is a MaliciousDomainsError; see malicious_domains.names.errors.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .families.likely_families import FamilyModel as FamilyModel
    from .model.score import Score as Score
    from .model.scorer import Scorer as Scorer
    from .names.allow import AllowList as AllowList
    from .names.dga_index import DgaIndex as DgaIndex
    from .names.errors import AllowListError as AllowListError
    from .names.errors import ArtifactError as ArtifactError
    from .names.errors import DgaIndexError as DgaIndexError
    from .names.errors import Invalid as Invalid
    from .names.errors import InvalidDomain as InvalidDomain
    from .names.errors import MaliciousDomainsError as MaliciousDomainsError
    from .names.errors import Skipped as Skipped
    from .names.errors import UnknownOperatingPoint as UnknownOperatingPoint
    from .names.public_suffix import Zones as Zones

__version__ = "0.2.0"
_EXPORTS = {  # by module, which is imported when one of its names is asked for
    "families.likely_families": ["FamilyModel"],
    "model.score": ["Score"],
    "model.scorer": ["Scorer"],
    "names.allow": ["AllowList"],
    "names.dga_index": ["DgaIndex"],
    "names.errors": [
        *("AllowListError", "ArtifactError", "DgaIndexError", "Invalid", "InvalidDomain"),
        *("MaliciousDomainsError", "Skipped", "UnknownOperatingPoint"),
    ],
    "names.public_suffix": ["Zones"],
}
_MODULES = {name: module for module, names in _EXPORTS.items() for name in names}
__all__ = [*_MODULES, "__version__"]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_MODULES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
