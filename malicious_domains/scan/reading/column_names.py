"""Which column of a table is the client, the query, the time, the response code."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from . import sql, times
from .layout import Head, Layout, Table
from .prepare_input import ReadingError

# In lower case, letters and digits alone; the first one that is there is taken.
USUAL_NAMES = {
    "client": (
        "client", "clientip", "clientaddress", "clientaddr", "clientname", "sourceip", "srcip",
        "source", "src", "srcaddr", "sourceaddress", "sourceaddr", "cip", "queryip", "idorigh",
        "requester", "srcipaddr", "ipsrc", "ipdst", "host", "hostname", "computer",
        "device", "deviceid",
    ),
    "query": (
        "query", "queryname", "qname", "dnsquestionname", "dnsquery", "dnsqueryname", "question",
        "questionname", "rrname", "dnsrrname", "domain", "dnsqryname", "domainname",
        "fqdn", "name", "record",
    ),
    "time": (
        "time", "timestamp", "ts", "eventtime", "datetime", "querytime", "querytimestamp",
        "timegenerated", "timegeneratedutc", "frametimeepoch", "created", "starttime", "date",
        "epoch",
    ),
    "rcode": (
        "rcode", "rcodename", "responsecode", "dnsresponsecode", "responsecodename", "dnsrcode",
        "dnsresponsecodename", "dnsflagsrcode", "rcodeid",
        "replycode", "returncode", "resultcode",
    ),
    "type": (
        "type", "qtype", "querytype", "qtypename", "recordtype", "dnsquestiontype", "rrtype",
        "querytypename", "dnsqtype", "dnsqrytype",
    ),
}  # fmt: skip
FIELDS = tuple(USUAL_NAMES)  # what a mapping may name
_REQUIRED = ("client", "query")


def match_usual_names(columns: Collection[str]) -> dict[str, str]:
    """Return the column of each field that has a usual name.

    >>> match_usual_names(["Time Stamp", "Client-IP", "qname", "bytes"])
    {'client': 'Client-IP', 'query': 'qname', 'time': 'Time Stamp'}
    """
    plain = {"".join(filter(str.isalnum, x.lower())): x for x in reversed(list(columns))}
    matches = {
        field: next((plain[x] for x in names if x in plain), "")
        for field, names in USUAL_NAMES.items()
    }
    return {field: column for field, column in matches.items() if column}


def check_mapping(mapping: Mapping[str, str]) -> None:
    """Raise ReadingError for a field that cannot be mapped."""
    if unknown := sorted(set(mapping) - set(FIELDS)):
        raise ReadingError(f"there is no {unknown[0]!r} to map; known are {', '.join(FIELDS)}")


def choose_columns(
    columns: Collection[str], mapping: Mapping[str, str], file: object, form: str, claimed: bool
) -> dict[str, str]:
    """Return the column of each field, by the mapping and usual names; {} for another format.

    Raises ReadingError if the mapping names a column that is not there, or if there is no client
    or no query though the format is claimed or mapped.
    """
    constants = list_constants(mapping)
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
        raise ReadingError(
            f"{file}: {form} without a column for the {' and the '.join(missing)}; "
            f"{_list_columns(columns)}. Say which: --map {maps}"
        )
    return chosen


def _list_columns(columns: Collection[str]) -> str:
    return f"there are {', '.join(sorted(columns)[:30])}" if columns else "there are no columns"


def list_constants(mapping: Mapping[str, str]) -> dict[str, str]:
    """Return the fields that a mapping gives a value in quotes, the same for every line.

    >>> list_constants({"client": '"laptop"', "query": "name"})
    {'client': 'laptop'}
    """
    quoted = {x: y for x, y in mapping.items() if len(y) > 2 and y[0] == y[-1] == '"'}
    return {x: y[1:-1] for x, y in quoted.items()}


def map_columns(
    form: str, table: Table, fields: Mapping[str, str], head: Head, constants: Mapping[str, str]
) -> Layout:
    """Return the layout of a table with the columns client_, query_, time_, rcode_ and type_.

    fields: the name of each that is there. constants: values instead of columns.
    """

    def column(field: str) -> str:
        return sql.quote_text(constants[field]) if field in constants else f"{field}_"

    query, zone = sql.drop_blank(column("query")), head.zone or times.UTC
    latest, day_first = head.file.latest, times.is_day_first(head.lines, head.file.latest)
    time, rcode = column("time"), column("rcode")
    has_time, has_rcode = "time" in fields, "rcode" in fields
    qtype = f"upper({column('type')})" if "type" in fields else None
    return Layout(
        form,
        table,
        client=sql.drop_blank(column("client")),
        query=query,
        time=times.parse_any(time, zone, latest, day_first) if has_time else "NULL::DOUBLE",
        rcode=sql.name_rcode(rcode) if has_rcode else "NULL::VARCHAR",
        why=sql.classify_line(query, qtype=qtype),
        sources=tuple(fields.items()),
        time_text=time if has_time else "",
        rcode_text=rcode if has_rcode else "",
    )
