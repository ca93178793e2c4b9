"""Tells legitimate domain names from algorithmically generated ones (DGA).

Score a name, a host or a URL with the packaged model:

>>> from malicious_domains import Scorer
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

from lambda_app.chalicelib.domains.parse import InvalidDomain
from lambda_app.chalicelib.model.artifact import ArtifactError
from lambda_app.chalicelib.model.scorer import Invalid, Score, Scorer, UnknownOperatingPoint

__version__ = "0.1.0"
__all__ = [
    "ArtifactError",
    "Invalid",
    "InvalidDomain",
    "Score",
    "Scorer",
    "UnknownOperatingPoint",
    "__version__",
]
