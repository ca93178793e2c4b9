"""Make a DNS log of any length from a short one, by shifting its names, clients and times.

The short log is the file that the environment variable BENCH_LOG names (Zeek's dns.log as TSV,
unpacked), or a made-up one of 73 clients.
"""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import duckdb

from .sample_labels import iterate_hosts

_SHIFTED = {
    "ts": "printf('%.6f', CAST(ts AS DOUBLE) + copy)",
    "id.orig_h": "CASE WHEN contains(\"id.orig_h\", ':') "
    "THEN regexp_replace(\"id.orig_h\", '^[0-9a-f]*', to_hex(8192 + copy)) "
    "ELSE regexp_replace(\"id.orig_h\", '^\\d+\\.\\d+', "
    "(11 + copy // 256) || '.' || (copy % 256)) END",
    "query": "CASE WHEN hash(copy, rowid) % 20 = 0 "  # one line in 20 asks for a new host
    "THEN regexp_replace(query, '^(.*?)([^.]+)\\.([^.]+)$', "
    "concat('\\1\\2', copy, 'x', rowid, '.\\3')) ELSE query END",
}


def write_log(folder: Path, lines: int) -> tuple[Path, list[str]]:
    """Write a log of about `lines` lines as Zeek's TSV; return it and its fields."""
    log, body = folder / "dns.log", folder / "rows"
    chosen = os.environ.get("BENCH_LOG")
    sample = Path(chosen) if chosen else _make_sample(folder / "sample.log")
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


def _make_sample(path: Path, lines: int = 53_615, clients: int = 73) -> Path:
    """Write a log as Zeek does: popular names often, rare ones seldom, one in twenty NXDOMAIN."""
    names = list(iterate_hosts(5_000))
    chosen = random.Random(1).choices(names, [1 / (i + 1) for i in range(len(names))], k=lines)
    with path.open("w") as file:
        file.write("#fields\tts\tid.orig_h\tproto\tquery\tqtype_name\trcode\trcode_name\n")
        for i, name in enumerate(chosen):
            client, rcode = i % clients, "3\tNXDOMAIN" if len(name) % 20 == 0 else "0\tNOERROR"
            ts = f"{1_764_115_200 + i}.{i:06d}"  # from 2025-11-26
            file.write(f"{ts}\t10.0.{client // 250}.{client % 250 + 2}\tudp\t{name}\tA\t{rcode}\n")
    return path
