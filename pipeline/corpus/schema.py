"""The columns of a corpus, which are the original's, and what stands in them."""

from __future__ import annotations

import re
from typing import NamedTuple

from malicious_domains.names.errors import MaliciousDomainsError
from malicious_domains.names.parse import MAX_LABEL

COLUMNS = ("host", "domain", "class", "subclass")
GROUP = "group"  # a fifth column, of what a split must not part
CLASSES = ("legit", "dga")
# A label that is learned as it stands; one of the original's has a line feed.
LABEL = re.compile(rf"[a-z0-9\n-]{{1,{MAX_LABEL}}}")


class CorpusError(MaliciousDomainsError):
    """A file that is no corpus."""


class LabelledName(NamedTuple):
    """A row of a corpus, in the order of its columns."""

    host: str
    domain: str  # the label; "" or no label at all where there is none to judge
    kind: str  # the class
    subclass: str
    group: str  # what a split must not part; "" where nothing tells
