"""The columns of a corpus, as in the H2O demo, and their values."""

from __future__ import annotations

import re
from typing import NamedTuple

from malicious_domains.names.errors import MaliciousDomainsError
from malicious_domains.names.parse import MAX_LABEL

COLUMNS = ("host", "domain", "class", "subclass")
GROUP = "group"  # an optional fifth column: rows of one group stay together in a split
CLASSES = ("legit", "dga")
# A label that is learned as it is; one of the H2O demo's has a line feed.
LABEL = re.compile(rf"[a-z0-9\n-]{{1,{MAX_LABEL}}}")


class CorpusError(MaliciousDomainsError):
    """A file that is not a corpus, or options that do not fit it."""


class LabelledName(NamedTuple):
    """A row of a corpus, in the order of its columns."""

    host: str
    domain: str  # the label; "" or no valid label if there is none to score
    kind: str  # the class
    subclass: str
    group: str  # "" if the file has no groups
