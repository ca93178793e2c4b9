"""From what is kept of a day to the verdict on its clients: judged by traffic/, as scan does."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import islice
from typing import NamedTuple

import numpy as np

from malicious_domains.clients.client_day import Alarm, AlarmThresholds, ClientDay, LogContext
from malicious_domains.clients.common_labels import FEW, find_nxdomain_pairs, find_rare_pairs
from malicious_domains.clients.fourgrams import Background
from malicious_domains.clients.verdict import alarm_strength, judge_day
from malicious_domains.features.array_types import Bools, Floats

from .records import NXDOMAIN
from .state import POPULAR, Row, mark, voters

SAMPLE = 50_000  # labels of a day by which it is told how common a piece is
_CUT = AlarmThresholds()


class Verdict(NamedTuple):
    """What a client's day says."""

    day: ClientDay  # its unfamiliar labels, in order of first sight
    names: list[str]  # a label with a suffix, for each of them
    alarms: list[Alarm]  # the surest first
    score: float  # of that one, as a multiple of its cut; 0 without alarms

    @property
    def confidence(self) -> str:
        """high if any alarm has it, else low."""
        return "high" if any(x.confidence == "high" for x in self.alarms) else "low"


class Judge:
    """Judges clients of one day by what is known of its labels."""

    def __init__(
        self,
        votes: Mapping[str, str],
        known: Collection[str],
        log_odds: Callable[[list[str]], Floats],
    ) -> None:
        """Take votes by label, and labels that were familiar the day before."""
        self.votes, self.known = votes, known
        self._log_odds = log_odds
        self._odds: dict[str, float] = {}
        # By hash, as they are kept: a sample of many labels.
        self._sample = set(islice(votes, SAMPLE))
        self._grams = Background.count([*self._sample])
        self.log = LogContext(has_rcodes=True, background=self._grams)

    def learn(self, labels: Collection[str]) -> None:
        """Make ready for clients with these labels, which takes less time than one by one."""
        self._score(labels)
        # What is common is told by a client's neighbours: without its own labels among all,
        # they would be taken off twice.
        if missing := sorted(set(labels) - self._sample):
            self.log = LogContext(has_rcodes=True, background=self._grams.add(missing))

    def _score(self, labels: Iterable[str]) -> None:
        new = sorted({x for x in labels if x not in self._odds})
        if new:
            self._odds.update(zip(new, self._log_odds(new).tolist(), strict=True))

    def __call__(self, client: str, rows: Mapping[str, Row]) -> Verdict:
        """The verdict on a client's day."""
        self._score(rows)
        labels = sorted(rows, key=lambda x: (rows[x].first, x))
        dead, new = self._dead_and_unfamiliar(mark(client), labels, rows)
        kept = np.flatnonzero(new).tolist()
        some = [labels[i] for i in kept]
        day = ClientDay(
            labels=some,
            log_odds=np.array([self._odds[x] for x in some], dtype=np.float64),
            suffix_counts=np.array([len(rows[x].suffixes) for x in some], dtype=np.int64),
            nxdomain=dead[kept],
            first_seen=np.array([rows[x].first for x in some], dtype=np.float64),
            last_seen=np.array([rows[x].last for x in some], dtype=np.float64),
        )
        alarms = judge_day(day, self.log, _CUT)
        score = alarm_strength(alarms[0], self.log, _CUT) if alarms else 0.0
        return Verdict(day, [f"{x}.{rows[x].suffixes[0]}" for x in some], alarms, score)

    def _dead_and_unfamiliar(
        self, own: str, labels: list[str], rows: Mapping[str, Row]
    ) -> tuple[Bools, Bools]:
        """Of each label, both (labels,) of bool; by all clients that are kept of it."""
        number, told, mine, clients = list[int](), list[int](), list[bool](), list[int]()
        for i, label in enumerate(labels):
            found = voters(self.votes.get(label, ""))
            found[own] = max(rows[label].told, found.get(own, 0))
            number += [i] * len(found)
            told += found.values()
            mine += [x == own for x in found]
            clients.append(max(len(found), FEW) if label in self.known else len(found))
        label_of, codes = np.array(number, dtype=np.int64), np.array(told, dtype=np.int64)
        dead = find_nxdomain_pairs(codes == NXDOMAIN, label_of, codes >= NXDOMAIN)
        popular = [self.votes.get(x, "").startswith(POPULAR) for x in labels]
        new = find_rare_pairs(
            label_of,
            dead,
            np.array(popular, dtype=np.bool_),
            np.array(clients, dtype=np.int64),
            len(clients),
            True,
        )
        at = np.flatnonzero(np.array(mine, dtype=np.bool_))
        return dead[at], new[at]
