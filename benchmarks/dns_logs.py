"""Make a DNS log of any length from a short one, by shifting its names, clients and times.

The short log is the file that the environment variable BENCH_LOG names (Zeek's dns.log as TSV,
unpacked), or that of `scan --demo`.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import duckdb

from malicious_domains.dga.demo_log import write_demo_log

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
    sample = Path(os.environ.get("BENCH_LOG") or folder / "sample.log")
    if not os.environ.get("BENCH_LOG"):
        sample.write_text(write_demo_log())
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
