"""The formats, and which of them a file has, told by its first lines."""

from __future__ import annotations

from collections.abc import Mapping

from . import delimited_logs, json_logs, parquet, pihole_database, servers, zeek
from .layout import Head, Layout, Opener
from .log_files import ReadingError
from .prepare_input import Text

# In this order they are tried: those that take anything come last.
FORMATS: dict[str, tuple[Opener, ...]] = {
    "pihole-ftl": (pihole_database.opened,),
    "parquet": (parquet.opened,),
    "zeek": (zeek.opened, json_logs.zeek),
    "suricata": (json_logs.suricata,),
    "route53": (json_logs.route53,),
    "adguard": (json_logs.adguard,),
    "dnstap": (json_logs.dnstap,),
    "dnsmasq": (servers.dnsmasq,),
    "bind": (servers.bind,),
    "unbound": (servers.unbound,),
    "coredns": (servers.coredns,),
    "windows": (servers.windows,),
    "umbrella": (delimited_logs.umbrella,),
    "json": (json_logs.mapped,),
    "csv": (delimited_logs.mapped,),
}
_MAPPED = ("parquet", "json", "csv")


def layout_of(text: Text, form: str | None, mapping: Mapping[str, str]) -> Layout | None:
    """How a file is read; None if it is empty.

    form is what the user says it is, or None. Raises ReadingError, which says what the file looks
    like, or which mapping is missing.
    """
    if form and form not in FORMATS:
        raise ReadingError(f"--input-format {form}: known are {', '.join(FORMATS)}")
    head = Head(text)
    if not head.lines:
        return None
    return _claimed(head, form, mapping) if form else _told(head, mapping)


def _claimed(head: Head, form: str, mapping: Mapping[str, str]) -> Layout:
    for opener in FORMATS[form]:
        if layout := opener(head, mapping, claimed=True):
            return layout
    try:
        looks = f"it looks like {_told(head, {}).form}; leave out --input-format or name that"
    except ReadingError:
        looks = "nor does it look like another; see what it holds"
    raise ReadingError(
        f"{head.text.path}: none of its first lines are of the format {form}: {looks}"
    )


def _told(head: Head, mapping: Mapping[str, str]) -> Layout:
    # A mapping is for tables without a format of their own.
    forms = dict.fromkeys((*_MAPPED, *FORMATS)) if mapping and not _has_header(head) else FORMATS
    for form in forms:
        for opener in FORMATS[form]:
            if layout := opener(head, mapping, claimed=False):
                return layout
    raise ReadingError(
        f"{head.text.path}: no DNS log that is known here: {_shown(head)}. Name its format by "
        "--input-format, or its columns by --map client=…,query=…,time=…,rcode=…"
    )


def _has_header(head: Head) -> bool:
    return any(x.startswith("#fields") for x in head.lines[:50])


def _shown(head: Head) -> str:
    line = head.lines[0]
    return f"it begins with {line[:60]!r}" + ("…" if len(line) > 60 else "")
