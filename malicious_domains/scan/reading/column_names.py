"""Which column of a table is the client, the query, the time, the response code."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from . import sql
from .event_formats import EventFormat
from .layout import Head, Layout
from .prepare_input import NoDnsLogError, ReadingError

# In lower case, letters and digits alone; the first one that is there is taken.
USUAL_NAMES = {
    "client": (
        "client", "clientip", "clientaddress", "clientaddr", "clientname", "sourceip", "srcip",
        "source", "src", "srcaddr", "sourceaddress", "sourceaddr", "cip", "queryip", "idorigh",
        "requester", "srcipaddr", "sourceipaddress", "clientipaddress", "ipsrc", "ipdst", "host",
        "hostname", "computer", "computername", "device", "devicename", "deviceid",
        "remote",
    ),
    "query": (
        "query", "queryname", "qname", "dnsquestionname", "dnsquery", "dnsqueryname", "question",
        "questionname", "rrname", "dnsrrname", "domain", "dnsqryname", "domainname",
        "fqdn", "name", "record",
    ),
    "time": (
        "time", "timestamp", "ts", "eventtime", "datetime", "querytime", "querytimestamp",
        "timegenerated", "timecreated", "utctime", "frametimeepoch", "created",
        "starttime", "date", "epoch",
    ),
    "rcode": (
        "rcode", "rcodename", "responsecode", "dnsresponsecode", "responsecodename", "dnsrcode",
        "dnsresponsecodename", "dnsflagsrcode", "rcodeid", "replytype",
        "replycode", "replycodeid", "returncode", "resultcode",
    ),
    "type": (
        "type", "qtype", "querytype", "qtypename", "recordtype", "dnsquestiontype", "rrtype",
        "querytypename", "dnsqtype", "dnsqrytype",
    ),
}  # fmt: skip
FIELDS = tuple(USUAL_NAMES)  # what a mapping may name
# The columns of a table for each.
COLUMNS = {"client": "client", "query": "query", "time": "ts", "rcode": "code", "type": "qtype"}
_REQUIRED = ("client", "query")
# Of the usual names, the ones that stand for nothing else at any depth of an object.
_UNAMBIGUOUS = {
    "clientip", "clientipaddress", "srcip", "sourceip", "sourceipaddress", "queryname", "qname",
    "dnsquery", "questionname", "rrname", "rcode", "rcodename", "responsecode", "querytype",
}  # fmt: skip


def simplify_name(name: str) -> str:
    """Return a name's letters and digits, in lower case, without a unit in brackets behind it."""
    return "".join(filter(str.isalnum, re.sub(r" ?[(\[].*", "", name.lower())))


def match_usual_names(columns: Collection[str]) -> dict[str, str]:
    """Return the column of each field that has a usual name.

    >>> match_usual_names(["Time Stamp (UTC)", "Client-IP", "qname", "bytes"])
    {'client': 'Client-IP', 'query': 'qname', 'time': 'Time Stamp (UTC)'}
    """
    plain = {simplify_name(x): x for x in reversed(list(columns))}
    # Names within an object count if they are not used for other things.
    inner = {simplify_name(x.rpartition(".")[2]): x for x in reversed(list(columns)) if "." in x}
    plain |= {x: y for x, y in inner.items() if x in _UNAMBIGUOUS and x not in plain}
    matches = {
        field: next((plain[x] for x in names if x in plain), "")
        for field, names in USUAL_NAMES.items()
    }
    return {field: column for field, column in matches.items() if column}


def check_mapping(mapping: Mapping[str, str]) -> None:
    """Raise ReadingError for a field that cannot be mapped."""
    if unknown := sorted(set(mapping) - set(FIELDS)):
        raise ReadingError(f"there is no {unknown[0]!r} to map; known are {', '.join(FIELDS)}")


def _choose_columns(
    columns: Collection[str], mapping: Mapping[str, str], file: object, form: str, claimed: bool
) -> dict[str, str]:
    """Return the column of each field, by the mapping and usual names; {} for another format.

    Raises ReadingError if the mapping names a column that is not there, or if there is no client
    or no query though the format is claimed or mapped.
    """
    constants = _list_constants(mapping)
    for field, column in mapping.items():
        if column not in columns and field not in constants:
            raise ReadingError(
                f"{file}: --map {field}={column}: there is no {column!r}; {_list_columns(columns)}"
            )
    chosen = match_usual_names(columns) | dict(mapping)
    missing = [x for x in _REQUIRED if x not in chosen]
    if missing == list(_REQUIRED) and not claimed and not mapping:
        return {}
    if missing:
        maps = ",".join(f"{x}=NAME" for x in missing)
        raise (ReadingError if mapping else NoDnsLogError)(
            f"{file}: {form} without a column for the {' and the '.join(missing)}; "
            f"{_list_columns(columns)}. Say which: --map {maps}"
        )
    return chosen


def _list_columns(columns: Collection[str]) -> str:
    return f"there are {', '.join(sorted(columns)[:30])}" if columns else "there are no columns"


def _list_constants(mapping: Mapping[str, str]) -> dict[str, str]:
    """Return the fields that a mapping gives a value in quotes, the same for every line.

    >>> _list_constants({"client": '"laptop"', "query": "name"})
    {'client': 'laptop'}
    """
    quoted = {x: y for x, y in mapping.items() if len(y) > 2 and y[0] == y[-1] == '"'}
    return {x: y[1:-1] for x, y in quoted.items()}


def open_named(kind: str, head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
    """Read any JSON, Parquet or CSV, by the mapping, by usual names, or by numbers of cells.

    Raises ReadingError if a field is missing.
    """
    named, constants = head.named.get(kind), _list_constants(mapping)
    if named is None:
        return None
    wanted = [x for field, x in mapping.items() if field not in constants]
    if kind == "csv" and mapping and all(map(str.isdigit, wanted)):
        named = named if {*wanted} <= {*named.names} else head.number_cells()
    elif kind == "csv" and len(named.names) < 2 and not (mapping or claimed):
        return None
    outer = {x: x if x in named.names else _find_outer(x, named.leaves) for x in wanted}
    known = [*named.leaves, *(x for x in wanted if outer[x])]
    parquet_or_claimed = claimed or kind == "parquet"
    fields = _choose_columns(known, mapping, head.file.path, kind, parquet_or_claimed)
    if not fields:
        return None
    columns: dict[str, Sequence[str]] = dict.fromkeys(COLUMNS.values(), ())
    inner = {}
    for field, name in fields.items():
        if field not in constants:
            column, cell = COLUMNS[field], outer.get(name, name)
            columns[column] = (cell,)
            if cell != name:
                inner[column] = tuple(name[len(cell) + 1 :].split("."))
    table = named.build(columns, tuple(inner.items()))
    return _describe_any(kind, constants).describe(table, head, fields)


def _find_outer(name: str, names: Collection[str]) -> str:
    """Return the value within whose text a name with dots may be found; "" for none."""
    keys = name.split(".")
    outer = (".".join(keys[:i]) for i in range(len(keys) - 1, 0, -1))
    return next((x for x in outer if x in names), "")


def _describe_any(kind: str, constants: Mapping[str, str]) -> EventFormat:
    """Return the format of a table with the COLUMNS; constants: values instead of these."""
    values = COLUMNS | {field: sql.quote_text(x) for field, x in constants.items()}
    return EventFormat(
        kind,
        (),
        {x: x for x in COLUMNS.values()},
        client=sql.drop_blank(values["client"]),
        query=sql.drop_blank(values["query"]),
        qtype=f"upper({values['type']})",
        time=values["time"],
        rcode=sql.name_rcode(values["rcode"]),
    )
