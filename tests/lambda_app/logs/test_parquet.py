"""Parquet as Amazon Security Lake writes it gives what the same events give as JSON lines."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lambda_app.chalicelib.logs.handler import UnreadError
from tests.helpers import route53
from tests.helpers.route53 import MIDNIGHT, record
from tests.lambda_app.logs import test_records
from tests.lambda_app.logs.conftest import Cloud
from tests.lambda_app.logs.test_handler import BOT, NAMES, infected
from tests.lambda_app.logs.test_records import ocsf

ROOT = Path(__file__).parents[3]
KEY = "aws/ROUTE53/2.0/region=eu-west-1/accountId=111122223333/eventDay=20251125/0a1b.zstd.parquet"


def events() -> list[dict[str, Any]]:
    """Return queries as Security Lake has them: structs, lists, and columns that nobody reads."""
    lines = [x for x in infected(NAMES) if isinstance(x, dict)]
    lines += [record(f"10.0.1.{i}", "www.wikipedia.org", MIDNIGHT) for i in range(5)]
    tunnel = [f"{'a1b2c3d4e5f6g7h8' * 2}{i}.evil.org" for i in range(40)]
    lines += [record("10.0.1.9", x, MIDNIGHT + 9, query_type="TXT") for x in tunnel]
    return [
        ocsf(
            x, metadata={"product": {"name": "Route 53"}, "version": "1.1.0"}, category_uid=4,
            cloud={"provider": "AWS", "account": {"uid": "111122223333"}}, action_id=1,
            answers=[{"rdata": "192.0.2.7", "type": "A"}], disposition_id=1 if i % 3 else None,
        )
        for i, x in enumerate(lines)
    ]  # fmt: skip


def pack(rows: list[dict[str, Any]], **options: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink, compression="zstd", **options)
    return sink.getvalue()


def test_parquet_gives_the_findings_of_json_lines(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = events()
    cloud.read([*rows])
    lines, sent = cloud.findings(), cloud.messages()
    read = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert {BOT, "10.0.1.9"} == lines.keys()
    before = {key: cloud.body(key) for key in cloud.keys("findings/")}
    assert cloud.notify(cloud.put(KEY, pack(rows, row_group_size=17))) == {"read": 1}
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (line["lines"], line["by"]) == (read["lines"], read["by"])
    assert {key: cloud.body(key) for key in cloud.keys("findings/")} == before
    assert sent and cloud.messages() == []


def read_rows(rows: list[dict[str, Any]], **options: Any) -> Any:
    from collections import Counter

    from lambda_app.chalicelib.logs import records
    from malicious_domains.model.scorer import Scorer

    counts: Counter[str] = Counter()
    body = io.BytesIO(pack(rows, **options))
    return list(records.read_days(Scorer.load(), body, route53.DAY, counts)), counts


def test_rows_are_those_of_lines() -> None:
    rows = events()
    assert read_rows(rows, row_group_size=10) == test_records.read([*rows])
    odd = [{**x, "class_uid": 4001} for x in rows[:2]] + [{**x, "query": None} for x in rows[2:4]]
    assert read_rows([*odd, *rows]) == test_records.read([*odd, *rows])


def test_a_flat_table_of_route53_and_its_times_are_read() -> None:
    lines: list[Any] = infected(NAMES)
    keys = ("query_timestamp", "query_name", "query_type", "rcode", "srcaddr")
    flat = [{k: x[k] for k in keys} for x in lines]
    assert read_rows(flat) == test_records.read(lines)
    times = [datetime.fromisoformat(x["query_timestamp"]) for x in flat]
    typed = [{**x, "query_timestamp": t} for x, t in zip(flat, times, strict=True)]
    assert read_rows(typed) == test_records.read(lines)
    naive = [{**x, "query_timestamp": t.astimezone(UTC).replace(tzinfo=None)} for x, t in
             zip(flat, times, strict=True)]  # fmt: skip
    assert read_rows(naive, use_deprecated_int96_timestamps=True) == test_records.read(lines)


@pytest.mark.parametrize("body", [b"PAR1", b"PAR1" + b"\0" * 99, pack(events())[:-9]])
def test_a_damaged_file_fails(
    cloud: Cloud, body: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UnreadError):
        cloud.notify(cloud.put(KEY, body))
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert line["reason"].startswith("LogError: it cannot be read as Parquet: ")


def test_without_pyarrow_the_message_names_the_layer(tmp_path: Path) -> None:
    """The object is not lost: it fails as any unreadable one, and is read again later."""
    (tmp_path / "log.parquet").write_bytes(pack(events()))
    code = (
        "import sys\nsys.modules['pyarrow'] = None\n"
        "from collections import Counter\n"
        "from lambda_app.chalicelib.logs import records\n"
        "from malicious_domains.model.scorer import Scorer\n"
        "with open(sys.argv[1], 'rb') as file:\n"
        "    list(records.read_days(Scorer.load(), file, 0, Counter()))\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "log.parquet")],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (
        "LogError: it is Parquet; give the function a layer with pyarrow: ParquetLayer"
        in (run.stderr.splitlines()[-1])
    )


def test_the_functions_start_without_pyarrow() -> None:
    code = "import sys\nfrom lambda_app.chalicelib.logs import handler, summary\n"
    code += "print('pyarrow' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)
    assert run.stdout.split() == [b"False"]
