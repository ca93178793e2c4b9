"""A DNS log of any length, made of a short one by shifting its names, clients and times.

The short one is that of the environment variable BENCH_LOG, a dns.log of Zeek's TSV, else a made-up
one of 73 clients.
"""

from __future__ import annotations

import os
import random
from itertools import cycle, islice
from pathlib import Path

import duckdb

from .labels import hosts

SAMPLE = os.environ.get("BENCH_LOG")
_EACH = 20  # one line in so many asks for a new host
_FIELDS = (
    "ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "trans_id", "rtt",
    "query", "qclass", "qclass_name", "qtype", "qtype_name", "rcode", "rcode_name", "AA", "TC",
    "RD", "RA", "Z", "answers", "TTLs", "rejected",
)  # fmt: skip
_COUNTS = ("id.orig_p", "id.resp_p", "trans_id", "qclass", "qtype", "rcode", "Z")
_START = 1_764_115_200  # 2025-11-26


def lengthened(folder: Path, lines: int) -> tuple[Path, Path]:
    """The same log of about so many lines as Zeek's TSV and as Zeek's JSON."""
    tsv, objects = folder / "dns.log", folder / "dns.json"
    sample = Path(SAMPLE) if SAMPLE else _made_up(folder / "sample.log")
    with duckdb.connect() as connection:
        connection.execute("SET preserve_insertion_order = false")
        fields = _load(connection, sample)
        connection.execute(f"CREATE VIEW longer AS {_longer(connection, fields, lines)}")
        rows = folder / "rows"
        connection.execute(
            f"COPY longer TO '{rows}' (FORMAT csv, HEADER false, DELIMITER '\t', QUOTE '', "
            "ESCAPE '', NULLSTR '-')"
        )
        _put(tsv, "#separator \\x09\n#fields\t" + "\t".join(fields) + "\n", rows)
        typed = ", ".join(
            f'TRY_CAST("{x}" AS {"BIGINT" if x in _COUNTS else "DOUBLE"}) AS "{x}"'
            if x in ("ts", "rtt", *_COUNTS)
            else f'"{x}"'
            for x in fields
        )
        connection.execute(f"COPY (SELECT {typed} FROM longer) TO '{objects}' (FORMAT json)")
    return tsv, objects


def _put(target: Path, header: str, rows: Path) -> None:
    """The rows under a header, without a second copy in memory."""
    with target.open("wb") as file, rows.open("rb") as source:
        file.write(header.encode())
        while chunk := source.read(1 << 24):
            file.write(chunk)
    rows.unlink()


def _load(connection: duckdb.DuckDBPyConnection, sample: Path) -> list[str]:
    """Make the table sample; returns its fields."""
    with sample.open(encoding="utf-8") as file:
        header = next((x for x in islice(file, 50) if x.startswith("#fields")), "")
    if not header:
        raise ValueError(f"BENCH_LOG: {sample} is no dns.log of Zeek's TSV, unpacked")
    fields = header.rstrip("\n").split("\t")[1:]
    columns = ", ".join(f"'{x}': 'VARCHAR'" for x in fields)
    connection.execute(
        f"CREATE TABLE sample AS SELECT * FROM read_csv('{sample}', delim='\t', quote='', "
        "escape='', header=false, auto_detect=false, strict_mode=false, null_padding=true, "
        f"nullstr='-', columns={{{columns}}}) WHERE NOT starts_with({fields[0]}, '#')"
    )
    return fields


def _longer(connection: duckdb.DuckDBPyConnection, fields: list[str], lines: int) -> str:
    count = connection.execute("SELECT count(*) FROM sample").fetchone()
    copies = max(round(lines / (count or (1,))[0]), 1)
    shifted = {
        "ts": "printf('%.6f', CAST(ts AS DOUBLE) + copy)",
        "id.orig_h": "CASE WHEN contains(\"id.orig_h\", ':') "
        "THEN regexp_replace(\"id.orig_h\", '^[0-9a-f]*', to_hex(8192 + copy)) "
        "ELSE regexp_replace(\"id.orig_h\", '^\\d+\\.\\d+', "
        "(11 + copy // 256) || '.' || (copy % 256)) END",
        "query": f"CASE WHEN hash(copy, rowid) % {_EACH} = 0 "
        "THEN regexp_replace(query, '^(.*?)([^.]+)\\.([^.]+)$', "
        "concat('\\1\\2', copy, 'x', rowid, '.\\3')) ELSE query END",
    }
    taken = ", ".join(f'{shifted.get(x, f"{chr(34)}{x}{chr(34)}")} AS "{x}"' for x in fields)
    return f"SELECT {taken} FROM sample, range({copies}) AS copies(copy)"


def _made_up(path: Path, lines: int = 53_615, clients: int = 73) -> Path:
    """A log as Zeek writes it: popular names often, rare ones seldom, one in twenty dead."""
    draw = random.Random(1)
    names = list(hosts(5_000))
    ranks = [1 / (i + 1) for i in range(len(names))]
    chosen = draw.choices(names, ranks, k=lines)
    who = islice(cycle(f"10.0.{i // 250}.{i % 250 + 2}" for i in range(clients)), lines)
    with path.open("w") as file:
        file.write("#fields\t" + "\t".join(_FIELDS) + "\n")
        for i, (name, client) in enumerate(zip(chosen, who, strict=True)):
            code = ("3", "NXDOMAIN") if len(name) % 20 == 0 else ("0", "NOERROR")
            file.write(
                f"{_START + i}.{i:06d}\tC{i:017d}\t{client}\t{40000 + i % 20000}\t10.0.0.1\t53\tudp"
                f"\t{i % 65536}\t0.000870\t{name}\t1\tC_INTERNET\t1\tA\t{code[0]}\t{code[1]}\tF\tF"
                f"\tT\tT\t0\t198.51.100.{i % 250}\t300.000000\tF\n"
            )
    return path
