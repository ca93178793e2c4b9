"""Report once a day, not once a client, the tunnels that several clients have below one name.

An item of the day keeps the clients with an alarm below each registrable name, of many a sample by
hash: a union, the same in whatever order they come. The verdict is that of the core on what
is kept of these clients at the moment.
"""

from __future__ import annotations

from itertools import chain

from malicious_domains.clients import tunnels
from malicious_domains.clients.finding_json import format_date

from .client_days import EVERYBODY, DayJudge
from .dynamodb import Key, Table
from .label_votes import MANY, count_clients, hash_client
from .records import SubDomainRows, SubRow
from .sub_domains import make_key, unpack_sub_domains, update_sub_domains

MAX_SHARERS = 32  # clients that are kept of a registrable name
_MAX_PARENTS = 50  # names of an alarm that are kept, the strongest
_SEEN = SubRow(0, 0, 0.0, 0.0)  # all that is kept of a client


def share_tunnels(table: Table, day: int, judge: DayJudge) -> set[str]:
    """Move what several clients ask for from their verdicts to that on EVERYBODY.

    Returns the clients whose findings this may change, besides those that were judged now.
    """
    own: SubDomainRows = {}
    for client, evidence in judge.tunnels.items():
        for parent in dict.fromkeys(y for x in evidence for y in x.parents[:_MAX_PARENTS]):
            own.setdefault(parent, {})[client] = _SEEN
    key = Key(f"{format_date(day)}/sharers")
    items = table.read([key], consistent=True)
    state = update_sub_domains(table, items, {key: own}, day, MAX_SHARERS)[key]
    if isinstance(state, Exception):
        raise state
    shared = {x: y for x, y in state.items() if len(y.rows) >= tunnels.SHARED}
    if not shared:
        return set()
    sharers = sorted({client for x in shared.values() for client in x.rows})
    others = {make_key(day, x): x for x in sharers if x not in judge.groups}
    states = table.read(others, consistent=True).items()
    judge.judge_tunnels({others[x]: unpack_sub_domains(y.state) for x, y in states})
    level = max(x.level for x in shared.values())
    asking = chain([f"{hash_client(x)}0" for x in sharers], judge.votes.values())
    number = count_clients(asking, MANY << level) >> level
    kept = {(client, day): judge.groups[client] for client in sharers if client in judge.groups}
    every = kept | {(client, day): groups for client, groups in judge.groups.items()}
    single = tunnels.judge_tunnels(every, number, judge.thresholds.scale).days
    judge.tunnels = {client: evidence for (client, _), evidence in single.items()}
    judge.tunnels[EVERYBODY] = tunnels.judge_tunnels(kept, number, judge.thresholds.scale).shared
    is_known = unpack_sub_domains(items[key].state, own) == state
    return {EVERYBODY} if is_known else {EVERYBODY, *sharers}
