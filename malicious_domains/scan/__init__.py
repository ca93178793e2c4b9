"""From DNS logs to infected clients: the library's scan().

>>> import tempfile
>>> from pathlib import Path
>>> from malicious_domains.scan import scan
>>> names = ["xmqjtoevkbhrw", "qgkdvzjxwpt", "wqhzkxcvbnq", "zpxkjqvwhtr"]
>>> with tempfile.TemporaryDirectory() as folder:
...     log = Path(folder) / "dns.csv"
...     rows = [f"{1764072000 + i},192.0.2.7,{x}.ru,NXDOMAIN" for i, x in enumerate(names)]
...     _ = log.write_text("\\n".join(["time,client,query,rcode", *rows]))
...     findings = scan([log])
>>> [(x.client, x.alarms[0].kind, len(x.rare_names)) for x in findings.alarmed]
[('192.0.2.7', 'random-looking', 4)]
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .findings import Findings

# What --input-format takes, in the order in which formats are tried.
LOG_FORMATS = (
    "pihole-ftl", "zeek", "aws-network-firewall", "suricata", "route53", "google-dns", "adguard",
    "dnstap", "technitium", "nextdns", "ocsf", "ecs", "sysmon", "windows-analytic", "parquet",
    "dnsmasq", "bind", "unbound", "coredns", "powerdns", "windows", "dnscrypt", "blocky",
    "fortinet", "cef", "umbrella", "json", "csv",
)  # fmt: skip
REPORT_FILES = ("index.html", "alarms.jsonl")


def scan(
    paths: Iterable[str | Path],
    *,
    form: str | None = None,
    mapping: Mapping[str, str] | None = None,
    model: str | None = None,
    allow: Sequence[str | Path] = (),
    dga_index: str | Path | None = None,
    assigned: Sequence[str] = (),
    chosen: Sequence[str] = (),
    not_clients: str | Path | None = None,
    same_client: str | Path | None = None,
    hosts: Sequence[str | Path] = (),
    baseline: str | Path | None = None,
    state: str | Path | None = None,
    since: date | str | None = None,
    site: str | Path | None = None,
    timezone: str | None = None,
    alarms_per_day: int | None = None,
    memory: str = "700MB",
    jobs: int | None = None,
) -> Findings:
    """Find the infected clients in DNS logs, as the command `scan` does.

    paths: files, folders or patterns. form: the logs' format; None detects it. mapping: the
    columns of CSV, JSON or Parquet, by client, query, time, rcode and type. allow: files of names
    that are legitimate. site: the thresholds of the network, from `calibrate`. dga_index: an index
    of generated names, which raise an alarm of their own. hosts: files of DHCP leases. state: a
    folder that keeps what was found; only what is new or worse is returned. baseline: such a
    folder, too, but all alarms are returned. since: the first day to read, or "last".
    timezone: that of days, and of times without one. The other
    options are those of the command.

    Returns the clients' days with an alarm, the surest first, and what became of every line.
    Raises MaliciousDomainsError of any kind, and OSError.
    """
    from ..clients.site import Site, adapt_thresholds
    from ..names.dga_index import DgaIndex
    from ..scoring.model_options import ModelOptions
    from .client_names import ClientNames
    from .reading.read_logs import Source
    from .scan_run import Request, scan_logs

    own = Site.load(Path(site)) if site else None
    options = ModelOptions(model, tuple(map(str, allow)), tuple(assigned), tuple(chosen))
    request = Request(
        source=Source.of(paths, form, dict(mapping or {}), timezone),
        model=options._replace(allowed_names=own.allow if own else ()),
        thresholds=adapt_thresholds(own),
        jobs=jobs,
        memory=memory,
        names=ClientNames.load(same_client, not_clients, hosts),
        state=Path(folder) if (folder := state or baseline) else None,
        tells_all=not state,
        since=since if since in (None, "last") else date.fromisoformat(str(since)),
        alarms_per_day=alarms_per_day,
        index=DgaIndex.load(Path(dga_index)) if dga_index else None,
    )
    return scan_logs(request)
