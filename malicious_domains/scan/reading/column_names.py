"""Which column of an unknown table is the client, the query, the time, the response code."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TypedDict

from . import sql
from .layout import Head
from .log_files import ReadingError

# In lower case, without what is between words; the first that is there is taken.
USUAL = {
    "client": (
        "client", "clientip", "clientaddress", "clientaddr", "clientname", "sourceip", "srcip",
        "source", "src", "srcaddr", "sourceaddress", "sourceaddr", "cip", "queryip", "idorigh",
        "requester", "host", "hostname", "computer", "device", "deviceid",
    ),
    "query": (
        "query", "queryname", "qname", "dnsquestionname", "dnsquery", "dnsqueryname", "question",
        "questionname", "rrname", "dnsrrname", "domain", "domainname", "fqdn", "name", "record",
    ),
    "time": (
        "time", "timestamp", "ts", "eventtime", "datetime", "querytime", "querytimestamp",
        "timegenerated", "created", "starttime", "date", "epoch",
    ),
    "rcode": (
        "rcode", "rcodename", "responsecode", "dnsresponsecode", "responsecodename", "dnsrcode",
        "replycode", "returncode", "resultcode",
    ),
    "type": (
        "type", "qtype", "querytype", "qtypename", "recordtype", "dnsquestiontype", "rrtype",
        "querytypename", "dnsqtype",
    ),
}  # fmt: skip
_REQUIRED = ("client", "query")


class Expressions(TypedDict):
    """What a layout says of its lines, in SQL."""

    client: str
    query: str
    time: str
    rcode: str
    why: str
    coded: bool


def usual(known: Collection[str]) -> dict[str, str]:
    """The columns that bear usual names."""
    plain = {"".join(filter(str.isalnum, x.lower())): x for x in reversed(list(known))}
    found = {w: next((plain[x] for x in tries if x in plain), "") for w, tries in USUAL.items()}
    return {what: column for what, column in found.items() if column}


def chosen(
    known: Collection[str], mapping: Mapping[str, str], path: Path, form: str, claimed: bool
) -> dict[str, str]:
    """The column of each field, by the mapping and usual names; empty if it is another form.

    Raises ReadingError if the mapping names what is not there, or, where the form is claimed or
    there is a mapping, if no client or no query can be told.
    """
    for what, column in mapping.items():
        if column not in known:
            raise ReadingError(
                f"{path}: --map {what}={column}: there is no {column!r}; {_there(known)}"
            )
    found = usual(known) | dict(mapping)
    missing = [x for x in _REQUIRED if x not in found]
    if missing == list(_REQUIRED) and not claimed and not mapping:
        return {}
    if missing:
        maps = ",".join(f"{x}=NAME" for x in missing)
        raise ReadingError(
            f"{path}: {form} without a column for the {' and the '.join(missing)}; "
            f"{_there(known)}. Say which: --map {maps}"
        )
    return found


def _there(known: Collection[str]) -> str:
    return f"there are {', '.join(sorted(known)[:30])}" if known else "there are no columns"


def expressions(found: Mapping[str, str], head: Head) -> Expressions:
    """SQL for columns client_, query_, time_, rcode_ and type_, as far as they were found."""
    query = sql.cleaned("query_")
    has = {x: x in found for x in USUAL}
    return {
        "client": sql.cleaned("client_"),
        "query": query,
        "time": sql.seconds("time_", head.text.latest) if has["time"] else "NULL::DOUBLE",
        "rcode": sql.rcode("rcode_") if has["rcode"] else "NULL::VARCHAR",
        "why": sql.why(query, qtype="upper(type_)" if has["type"] else None),
        "coded": has["rcode"],
    }
