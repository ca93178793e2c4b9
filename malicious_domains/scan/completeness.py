"""How logs were read, and why a scan without alarms may not stand for a clean network."""

from __future__ import annotations

from collections.abc import Iterator

from .findings import Findings

MAX_BROKEN = (10, 0.01)  # lines, and their share, up to which broken ones are no problem
_ACRONYMS = ("cef", "csv", "ecs", "json", "ocsf")
_FIELDS = ("client", "query", "time", "rcode")
_MAX_FILES = 2  # that are named, of those that are read alike


def describe_source(form: str, sources: dict[str, str]) -> str:
    """Return a file's format, and where each field comes from.

    >>> describe_source("ecs", {"client": "source.ip", "time": "@timestamp"})
    'ECS, client from source.ip, time from @timestamp'
    """
    fields = (f"{x} from {sources[x]}" for x in _FIELDS if x in sources)
    return ", ".join([form.upper() if form in _ACRONYMS else form, *fields])


def list_sources(findings: Findings) -> Iterator[str]:
    """Yield how files are read, those that are read alike together."""
    alike: dict[str, list[str]] = {}
    for file, source in findings.files.sources.items():
        alike.setdefault(source, []).append(file)
    for source, files in alike.items():
        more = f" and {len(files) - _MAX_FILES:,} more" if len(files) > _MAX_FILES else ""
        yield f"{', '.join(files[:_MAX_FILES])}{more}: {source}"


def explain_problems(findings: Findings, named: set[str], lenient: bool) -> str:
    """Return what is missing of the logs and what to do, in a line; "" if nothing is.

    named: the files that the user named by themselves. lenient: broken lines are no problem, as
    long as any line was scored.
    """
    counts, files = findings.line_counts, findings.files
    problems = [f"left out: {y}" for x, y in files.left_out.items() if x in named]
    problems += [f"{x}: {y}; copy it again" for x, y in files.damaged.items()]
    many = counts.broken > max(MAX_BROKEN[0], MAX_BROKEN[1] * counts.lines)
    if not counts.scored:
        if findings.since is None or not any(x != "empty" for x in files.forms.values()):
            problems.append(f"nothing was scored: {_explain_nothing(findings)}")
    elif many and not lenient:
        problems.append(
            f"{counts.broken:,} of {counts.lines:,} lines are broken: name their format by "
            "--input-format, or take the rest for all by --lenient"
        )
    return "; ".join(problems)


def _explain_nothing(findings: Findings) -> str:
    counts = findings.line_counts
    if not counts.lines:
        return "the log is empty; see whether what writes it runs"
    kinds = {"broken": counts.broken, **counts.skipped, "other events": counts.other}
    kind, most = max(kinds.items(), key=lambda x: x[1])
    what = f"{most:,} of {counts.lines:,} lines are {kind}"
    if kind == "broken":
        return f"{what}; name their format by --input-format, or their columns by --map"
    if kind == "other events":
        return f"{what}; name a log of DNS queries, or its columns by --map client=…,query=…"
    return f"{counts.lines:,} lines, {most:,} of them {kind}; see --map for the columns"
