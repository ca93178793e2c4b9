"""Make a DNS log of any length from a short one, by shifting its names, clients and times.

The short log is the file that the environment variable BENCH_LOG names (Zeek's dns.log as TSV,
unpacked), or a made-up one of 73 clients.
"""

from __future__ import annotations

import os
import random
from itertools import cycle, islice
from pathlib import Path

import duckdb

from .sample_labels import iterate_hosts

SAMPLE = os.environ.get("BENCH_LOG")
_NEW_HOSTS = 20  # one line in 20 asks for a new host
_FIELDS = (
    "ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "trans_id", "rtt",
    "query", "qclass", "qclass_name", "qtype", "qtype_name", "rcode", "rcode_name", "AA", "TC",
    "RD", "RA", "Z", "answers", "TTLs", "rejected",
)  # fmt: skip
_TYPES = dict.fromkeys(("ts", "rtt"), "DOUBLE") | dict.fromkeys(
    ("id.orig_p", "id.resp_p", "trans_id", "qclass", "qtype", "rcode", "Z"), "BIGINT"
)
_START = 1_764_115_200  # 2025-11-26


def write_logs(folder: Path, lines: int) -> tuple[Path, Path]:
    """Write the same log of about `lines` lines as Zeek's TSV and as Zeek's JSON."""
    tsv, jsonl = folder / "dns.log", folder / "dns.json"
    sample = Path(SAMPLE) if SAMPLE else _make_sample(folder / "sample.log")
    with duckdb.connect() as connection:
        connection.execute("SET preserve_insertion_order = false")
        fields = _load_sample(connection, sample)
        connection.execute(f"CREATE VIEW longer AS {_lengthen(connection, fields, lines)}")
        body = folder / "rows"
        connection.execute(
            f"COPY longer TO '{body}' (FORMAT csv, HEADER false, DELIMITER '\t', QUOTE '', "
            "ESCAPE '', NULLSTR '-')"
        )
        with tsv.open("wb") as file, body.open("rb") as source:
            file.write(("#separator \\x09\n#fields\t" + "\t".join(fields) + "\n").encode())
            while chunk := source.read(1 << 24):
                file.write(chunk)
        body.unlink()
        typed = (
            f'TRY_CAST("{x}" AS {_TYPES[x]}) AS "{x}"' if x in _TYPES else f'"{x}"' for x in fields
        )
        connection.execute(
            f"COPY (SELECT {', '.join(typed)} FROM longer) TO '{jsonl}' (FORMAT json)"
        )
    return tsv, jsonl


def _load_sample(connection: duckdb.DuckDBPyConnection, sample: Path) -> list[str]:
    """Create the table `sample` and return its fields; raise ValueError for another kind of log."""
    with sample.open(encoding="utf-8") as file:
        header = next((x for x in islice(file, 50) if x.startswith("#fields")), "")
    if not header:
        raise ValueError(f"BENCH_LOG: {sample} is not Zeek's dns.log as TSV, unpacked")
    fields = header.rstrip("\n").split("\t")[1:]
    columns = ", ".join(f"'{x}': 'VARCHAR'" for x in fields)
    connection.execute(
        f"CREATE TABLE sample AS SELECT * FROM read_csv('{sample}', delim='\t', quote='', "
        "escape='', header=false, auto_detect=false, strict_mode=false, null_padding=true, "
        f"nullstr='-', columns={{{columns}}}) WHERE NOT starts_with({fields[0]}, '#')"
    )
    return fields


def _lengthen(connection: duckdb.DuckDBPyConnection, fields: list[str], lines: int) -> str:
    """Return the query for shifted copies of the sample."""
    count = connection.execute("SELECT count(*) FROM sample").fetchone()
    copies = max(round(lines / (count or (1,))[0]), 1)
    shifted = {
        "ts": "printf('%.6f', CAST(ts AS DOUBLE) + copy)",
        "id.orig_h": "CASE WHEN contains(\"id.orig_h\", ':') "
        "THEN regexp_replace(\"id.orig_h\", '^[0-9a-f]*', to_hex(8192 + copy)) "
        "ELSE regexp_replace(\"id.orig_h\", '^\\d+\\.\\d+', "
        "(11 + copy // 256) || '.' || (copy % 256)) END",
        "query": f"CASE WHEN hash(copy, rowid) % {_NEW_HOSTS} = 0 "
        "THEN regexp_replace(query, '^(.*?)([^.]+)\\.([^.]+)$', "
        "concat('\\1\\2', copy, 'x', rowid, '.\\3')) ELSE query END",
    }
    columns = ", ".join(f'{shifted.get(x, f"{chr(34)}{x}{chr(34)}")} AS "{x}"' for x in fields)
    return f"SELECT {columns} FROM sample, range({copies}) AS copies(copy)"


def _make_sample(path: Path, lines: int = 53_615, clients: int = 73) -> Path:
    """Write a log as Zeek does: popular names often, rare ones seldom, one in twenty NXDOMAIN."""
    draw = random.Random(1)
    names = list(iterate_hosts(5_000))
    chosen = draw.choices(names, [1 / (i + 1) for i in range(len(names))], k=lines)
    addresses = islice(cycle(f"10.0.{i // 250}.{i % 250 + 2}" for i in range(clients)), lines)
    with path.open("w") as file:
        file.write("#fields\t" + "\t".join(_FIELDS) + "\n")
        for i, (name, client) in enumerate(zip(chosen, addresses, strict=True)):
            rcode = "3\tNXDOMAIN" if len(name) % 20 == 0 else "0\tNOERROR"
            file.write(
                f"{_START + i}.{i:06d}\tC{i:017d}\t{client}\t{40000 + i % 20000}\t10.0.0.1\t53\tudp"
                f"\t{i % 65536}\t0.000870\t{name}\t1\tC_INTERNET\t1\tA\t{rcode}\tF\tF"
                f"\tT\tT\t0\t198.51.100.{i % 250}\t300.000000\tF\n"
            )
    return path
