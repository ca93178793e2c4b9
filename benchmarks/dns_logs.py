"""Make DNS logs: a day of a network, and logs of any length from a short one.

A short log is lengthened by shifting its names, clients and times. One with few pairs of client and
name is the file that the environment variable BENCH_LOG names (Zeek's dns.log as TSV, unpacked), or
that of `scan --demo`; one with many is made up.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from random import Random

import duckdb

from malicious_domains.dga.demo_log import write_demo_log
from malicious_domains.model.scorer import Scorer

from .measure import sized
from .sample_labels import SUFFIXES, distinct_labels, iterate_hosts

DAY_LINES, DAY_CLIENTS, DAY_NAMES = sized(405_060), sized(1_680, 10), sized(132_181)
_BOTS, _BOT_NAMES = DAY_CLIENTS * 446 // 1680, 60  # infected clients, and the names of each
_FIELDS = ["ts", "id.orig_h", "query", "qtype_name", "rcode_name"]
_START = 1_764_115_200  # 2025-11-26
_Query = tuple[float, int, str, bool]  # seconds of the day, client, name, whether it is NXDOMAIN

_SHIFTED = {
    "ts": "printf('%.6f', CAST(ts AS DOUBLE) + copy)",
    "id.orig_h": "regexp_replace(\"id.orig_h\", '^\\d+\\.\\d+', "
    "(11 + copy // 256) || '.' || (copy % 256))",
    "query": "CASE WHEN hash(copy, rowid) % 20 = 0 "  # one line in 20 asks for a new host
    "THEN regexp_replace(query, '^(.*?)([^.]+)\\.([^.]+)$', "
    "concat('\\1\\2', copy, 'x', rowid, '.\\3')) ELSE query END",
}


def write_few_pairs(folder: Path, lines: int) -> tuple[Path, list[str]]:
    """Write a log of about `lines` lines as Zeek's TSV; return it and its fields."""
    sample = Path(os.environ.get("BENCH_LOG") or folder / "sample.log")
    if not os.environ.get("BENCH_LOG"):
        sample.write_text(write_demo_log())
    return _lengthen(sample, folder, lines)


def write_many_pairs(folder: Path, lines: int) -> tuple[Path, list[str]]:
    """Write such a log of 73 clients for each 53,615 lines, who choose from the same names."""
    hosts = [*iterate_hosts(5_000)]
    chosen = Random(1).choices(hosts, [1 / (i + 1) for i in range(len(hosts))], k=53_615)
    rows = ((i * 1.000001, i % 73, x, len(x) % 20 == 0) for i, x in enumerate(chosen))
    return _lengthen(_write_zeek(folder / "sample.log", rows), folder, lines)


def write_day(folder: Path) -> tuple[Path, list[str]]:
    """Write a day of DAY_CLIENTS, of whom _BOTS are infected: they ask for names that look random.

    Each of them gets an answer to the last one.
    """
    draw, labels = Random(1), distinct_labels(3 * DAY_NAMES)
    odds = Scorer.load().log_odds(labels).tolist()
    hosts = [f"{x}.{SUFFIXES[i % 8]}" for i, x in enumerate(labels)]
    made = [x for x, z in zip(hosts, odds, strict=True) if z > 2][: _BOTS * _BOT_NAMES]
    sites = [x for x, z in zip(hosts, odds, strict=True) if z < 0][: DAY_NAMES - len(made)]
    turns = ((*divmod(i, _BOT_NAMES), name) for i, name in enumerate(made))
    rows: list[_Query] = [
        (bot * 191 % 80_000 + 3 * i, bot, name, i < _BOT_NAMES - 1) for bot, i, name in turns
    ]
    weights = [1 / (i + 1) for i in range(len(sites))]
    for name in (*sites, *draw.choices(sites, weights, k=DAY_LINES - DAY_NAMES)):
        nxdomain = draw.random() < 0.01
        rows.append((draw.uniform(0, 86_400), draw.randrange(DAY_CLIENTS), name, nxdomain))
    return _write_zeek(folder / "dns.log", sorted(rows)), _FIELDS


def _write_zeek(path: Path, rows: Iterable[_Query]) -> Path:
    with path.open("w") as file:
        file.write("#separator \\x09\n" + "\t".join(["#fields", *_FIELDS]) + "\n")
        for seconds, client, name, nxdomain in rows:
            address = f"10.0.{client // 250}.{client % 250 + 2}"
            rcode = "NXDOMAIN" if nxdomain else "NOERROR"
            file.write(f"{_START + seconds:.6f}\t{address}\t{name}\tA\t{rcode}\n")
    return path


def _lengthen(sample: Path, folder: Path, lines: int) -> tuple[Path, list[str]]:
    log, body = folder / "dns.log", folder / "rows"
    with sample.open(encoding="utf-8") as file:
        fields = next(x for x in file if x.startswith("#fields")).rstrip("\n").split("\t")[1:]
    with duckdb.connect() as connection:
        connection.execute("SET preserve_insertion_order = false")
        connection.execute(
            f"CREATE TABLE sample AS SELECT * FROM read_csv('{sample}', delim='\t', quote='', "
            "header=false, auto_detect=false, strict_mode=false, null_padding=true, nullstr='-', "
            f"columns={dict.fromkeys(fields, 'VARCHAR')}) WHERE NOT starts_with({fields[0]}, '#')"
        )
        (rows,) = connection.execute("SELECT count(*) FROM sample").fetchone() or (1,)
        columns = ", ".join(f"""{_SHIFTED.get(x, f'"{x}"')} AS "{x}\"""" for x in fields)
        connection.execute(
            f"COPY (SELECT {columns} FROM sample, range({max(round(lines / rows), 1)}) AS x(copy)) "
            f"TO '{body}' (FORMAT csv, HEADER false, DELIMITER '\t', QUOTE '', NULLSTR '-')"
        )
    with log.open("wb") as target, body.open("rb") as source:
        target.write(("#separator \\x09\n#fields\t" + "\t".join(fields) + "\n").encode())
        shutil.copyfileobj(source, target)
    body.unlink()
    return log, fields
