"""What family the names of an alarmed client look like, where no known generator makes them."""

from __future__ import annotations

from collections.abc import Sequence

from ..clients.client_day import Alarm
from ..families.likely_families import LikelyFamilies, load_packaged
from .findings import GeneratorEvidence

KINDS = ("random-looking", "same-pieces")  # alarms whose names say how they were made
MOST = 20  # names of a client that are looked at, those that speak most against it


def of_alarms(
    labels: Sequence[str], alarms: Sequence[Alarm], known: GeneratorEvidence | None = None
) -> LikelyFamilies | None:
    """The hint of all names together; None if no alarm has such. Raises ArtifactError.

    labels: what the alarms' indices are of.
    """
    made = {x.name.partition(".")[0] for x in known.sure} if known else set()
    named = dict.fromkeys(i for x in alarms if x.kind in KINDS for i in x.names)
    some = [labels[i] for i in named if labels[i] not in made][:MOST]
    return load_packaged().classify_client(some) if some else None
