"""Deployments to moto's Lambda, IAM and API Gateway, over HTTP.

moto does not run the function. So a gateway of ours stands where the live URL
would: it asks a served app, which one depends on the code that is deployed.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import numpy as np
import pytest
import requests

from malicious_domains.model.artifact import PACKAGED, ArtifactError
from malicious_domains.model.scorer import Scorer
from malicious_domains.names.errors import MaliciousDomainsError
from pipeline.release import ReleaseError, deploy, package, smoke, stage_settings
from pipeline.release.deployed_stage import (
    find_api,
    hash_code,
    read_code,
    read_deployed_hash,
    read_function,
)
from pipeline.release.local_server import APP, ROOT, serve_app
from pipeline.release.smoke import SmokeError
from pipeline.training.export import write_metadata
from tests.helpers import aws_server

pytestmark = pytest.mark.slow


@pytest.fixture
def zipped(tmp_path: Path) -> Path:
    """Return a small zip, which nothing here looks into."""
    path = tmp_path / "deployment.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("app.py", "")
    return path


@pytest.fixture
def changed(zipped: Path, tmp_path: Path) -> Path:
    return change(zipped, tmp_path / "changed.zip")


def change(zipped: Path, path: Path) -> Path:
    """Write another version's zip."""
    shutil.copyfile(zipped, path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("chalicelib/new.py", "")
    return path


@pytest.fixture(scope="module")
def broken_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield an app whose artifact is damaged: 503."""
    folder = tmp_path_factory.mktemp("broken") / "language"
    shutil.copytree(PACKAGED / "language", folder)
    (folder / "words.npy").write_bytes(b"damaged")
    with serve_app(folder) as url:
        yield url


@pytest.fixture
def state(tmp_path: Path, aws: str) -> Iterator[Path]:
    """Where deployments are written down; moto forgets them afterwards."""
    yield tmp_path / "deployed"
    requests.post(f"{aws}/moto-api/reset", timeout=30)


@contextmanager
def gateway(apps: dict[str, str], otherwise: str) -> Iterator[str]:
    """Return a URL that asks the app of the code that is deployed to dev."""

    class Handler(BaseHTTPRequestHandler):
        def _forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            app = apps.get(read_deployed_hash("dev") or "", otherwise)
            answer = requests.request(
                self.command, app + self.path, headers=dict(self.headers), data=body, timeout=30
            )
            self.send_response(answer.status_code)
            for name in answer.headers.keys() - {
                "Server",
                "Date",
                "Content-Encoding",
                "Content-Length",
            }:
                self.send_header(name, answer.headers[name])
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_POST = do_OPTIONS = _forward  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_deployed_and_deployed_again(
    packages: dict[str, Path], tmp_path: Path, state: Path, app_url: str
) -> None:
    zipped = packages[package.X86_64]
    for code in (zipped, change(zipped, tmp_path / "changed.zip")):
        assert deploy.deploy_stage("dev", code, app_url, state, wait=0) == app_url
        assert read_code(state, "dev") == code.read_bytes()  # byte for byte what was packaged
        function = read_function("dev")
        assert function
        settings = function["Configuration"]
        assert (settings["MemorySize"], settings["Timeout"]) == (512, 10)
        assert settings["Environment"] == {
            "Variables": stage_settings.read_config("dev").environment_variables
        }
    url = find_api(state, "dev")["rest_api_url"]
    assert re.fullmatch(r"https://\w+\.execute-api\.us-east-1\.amazonaws\.com/api/?", url)
    iam = boto3.client("iam")
    (role,) = (x["RoleName"] for x in iam.list_roles()["Roles"])
    (policy,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    allowed = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
    assert allowed == json.loads(
        (ROOT / "lambda_app" / ".chalice" / "policy-dev.json").read_text()
    )  # its own log only


def test_a_version_that_fails_is_taken_back(
    zipped: Path, changed: Path, state: Path, app_url: str, broken_url: str
) -> None:
    with gateway({hash_code(zipped.read_bytes()): app_url}, broken_url) as url:
        deploy.deploy_stage("dev", zipped, url, state, wait=0)
        with pytest.raises(
            ReleaseError, match=r"status 503.*; back to the previous version, which answers$"
        ):
            deploy.deploy_stage("dev", changed, url, state, wait=0)
        assert read_deployed_hash("dev") == hash_code(zipped.read_bytes())
        assert requests.get(f"{url}/model", timeout=30).status_code == 200
        deploy.deploy_stage("dev", zipped, url, state, wait=0)  # and on it goes


def test_a_first_version_that_fails_has_nothing_to_go_back_to(
    zipped: Path, state: Path, broken_url: str
) -> None:
    with pytest.raises(ReleaseError, match=r"503.*; there is no previous version .*delete --stage"):
        deploy.deploy_stage("dev", zipped, broken_url, state, wait=0)
    with pytest.raises(MaliciousDomainsError, match="there would be no rollback"):
        deploy.deploy_stage("dev", zipped, broken_url, state, wait=0)


def test_a_previous_version_that_does_not_answer_either(
    zipped: Path, changed: Path, state: Path, app_url: str, broken_url: str
) -> None:
    deploy.deploy_stage("dev", zipped, app_url, state, wait=0)
    with pytest.raises(ReleaseError, match="the previous version, which does not answer either"):
        deploy.deploy_stage("dev", changed, broken_url, state, wait=0)
    assert read_deployed_hash("dev") == hash_code(zipped.read_bytes())


def test_one_command_goes_back_and_forth_again(
    zipped: Path, changed: Path, state: Path, app_url: str, broken_url: str
) -> None:
    """But not to a version that does not answer."""
    deploy.deploy_stage("dev", zipped, app_url, state, wait=0)
    with pytest.raises(MaliciousDomainsError, match="no previous version of dev was kept here"):
        deploy.roll_back("dev", app_url, state, wait=0)
    deploy.deploy_stage("dev", changed, app_url, state, wait=0)
    for code in (zipped, changed):
        assert deploy.roll_back("dev", app_url, state, wait=0) == app_url
        assert read_deployed_hash("dev") == hash_code(code.read_bytes())
    with gateway({hash_code(changed.read_bytes()): app_url}, broken_url) as url:
        with pytest.raises(ReleaseError, match=r"503.*; back to the previous version, which ans"):
            deploy.roll_back("dev", url, state, wait=0)
        assert read_deployed_hash("dev") == hash_code(changed.read_bytes())


def test_a_plan_changes_nothing(zipped: Path, changed: Path, state: Path, app_url: str) -> None:
    first = list(deploy.list_changes("dev", zipped, state))
    assert "nothing is deployed: function, role, API and API stage would be made" in first
    assert "MemorySize    None -> 512" in first
    assert read_function("dev") is None
    assert not state.exists()
    deploy.deploy_stage("dev", zipped, app_url, state, wait=0)
    second = list(deploy.list_changes("dev", changed, state))
    assert any(line.startswith("code") and " MB) -> " in line for line in second)
    assert "MemorySize    512" in second
    assert read_deployed_hash("dev") == hash_code(zipped.read_bytes())
    with pytest.raises(ReleaseError, match=r"no stage 'staging' in .*; it has dev, prod"):
        list(deploy.list_changes("staging", zipped, state))


def test_the_smoke_test_wants_the_answers_of_the_artifact(
    app_url: str, classic_url: str, broken_url: str, classic: Scorer
) -> None:
    assert "CORS are answered" in smoke.smoke_test(classic_url, classic, 0)
    with pytest.raises(SmokeError, match=r"google.com gets .* expected 0\.000199"):
        smoke.smoke_test(app_url, classic, 0)
    with pytest.raises(SmokeError, match="status 503"):
        smoke.smoke_test(broken_url, None, 0)
    with pytest.raises(SmokeError, match="Connection"):
        smoke.smoke_test("http://127.0.0.1:9", None, 0)


@pytest.mark.parametrize(
    "origins", ["", "https://a.example", "https://a.example https://b.example"]
)
def test_the_smoke_test_goes_by_the_settings_of_the_stage(
    origins: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = hashlib.sha256(b"secret").hexdigest()
    environment = {"API_KEY_SHA256": digest, "CORS_ORIGINS": origins}
    environment |= {"BATCH_LIMIT": "3", "OPERATING_POINT": "0.0001"}
    settings, expected = stage_settings.check_environment(environment)
    monkeypatch.delenv("API_KEY", raising=False)
    with serve_app(None, **environment) as url:
        with pytest.raises(SmokeError, match="asks for a key: set API_KEY"):
            smoke.smoke_test(url, expected, 0, settings)
        monkeypatch.setenv("API_KEY", "wrong")
        with pytest.raises(SmokeError, match="status 401"):
            smoke.smoke_test(url, expected, 0, settings)
        monkeypatch.setenv("API_KEY", "secret")
        assert "one name, 3 names" in smoke.smoke_test(url, expected, 0, settings)
        with pytest.raises(SmokeError, match=r"\(CORS\)|OPTIONS"):
            smoke.smoke_test(url, expected, 0, settings._replace(origins=("https://c.example",)))


def test_the_gate(artifact_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deploy.check_models()
    monkeypatch.setattr("pipeline.release.deploy.artifact.PACKAGED", artifact_copy.parent)
    deploy.check_models()
    metadata = json.loads((artifact_copy / "model.json").read_text())
    metadata["threshold"]["value"] += 1e-9
    write_metadata(artifact_copy, metadata)
    with pytest.raises(MaliciousDomainsError, match="threshold is not the artifact's"):
        deploy.check_models()
    (artifact_copy / "lexicon.npy").write_bytes(b"damaged")
    with pytest.raises(ArtifactError, match="SHA-256"):
        deploy.check_models()


def lint(*templates: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", "from cfnlint.runner import main; main()", *map(str, templates)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr


Resources = dict[str, Any]


@pytest.fixture(scope="module")
def packaged(tmp_path_factory: pytest.TempPathFactory, aws_url: str) -> dict[str, Resources]:
    """Return what Chalice makes alone, and with each template merged; any zip will do."""
    folder = tmp_path_factory.mktemp("packaged")
    project = folder / "app"
    shutil.copytree(APP, project, ignore=shutil.ignore_patterns("__pycache__", "deployed"))
    (project / "requirements.txt").write_text("")
    code = "from chalice.cli import main; main()"
    command = [sys.executable, "-c", code, "--project-dir", str(project), "package"]
    made: dict[str, Resources] = {}
    for name in ("", "template", "logs"):
        merged = ["--merge-template", f".chalice/{name}.json"] if name else []
        environment = os.environ | aws_server.CREDENTIALS | {"AWS_ENDPOINT_URL": aws_url}
        environment |= {"LOG_BUCKET": "yes"} if name == "logs" else {}
        run = subprocess.run(
            [*command, "--stage", "prod", *merged, str(folder / name / "out")],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stderr
        made[name] = json.loads((folder / name / "out" / "sam.json").read_text())
    return made


def test_the_cloudformation_template(packaged: dict[str, Resources]) -> None:
    resources = packaged["template"]["Resources"]
    function, api = (resources[x]["Properties"] for x in ("APIHandler", "RestAPI"))
    assert function["Handler"] == "app.handler"
    assert function["SnapStart"] == {"ApplyOn": "PublishedVersions"}
    assert function["FunctionUrlConfig"]["AuthType"] == "AWS_IAM"
    assert function["MemorySize"] == 512 and "ReservedConcurrentExecutions" not in function
    assert function["Architectures"] == ["x86_64"]
    assert api["MethodSettings"][0]["ThrottlingRateLimit"] == 50


def list_allowed(role: dict[str, Any]) -> set[tuple[str, str]]:
    """List what a role may do: each action with a resource, short."""
    assert not role.get("ManagedPolicyArns")
    found = set()
    for policy in role["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            assert statement["Effect"] == "Allow" and not {*statement} - STATEMENT
            for action in [*np.atleast_1d(statement["Action"])]:
                for place in [*np.atleast_1d(np.array(statement["Resource"], object))]:
                    found.add((str(action), shorten_arn(place)))
    return found


def shorten_arn(place: Any) -> str:
    """Return the resource that an ARN is of, or what is behind its bucket."""
    if "Fn::Sub" in place:
        return str(place["Fn::Sub"].removeprefix("arn:${AWS::Partition}:s3:::${LogBucketName}"))
    return str(place.get("Ref") or place["Fn::GetAtt"][0])


STATEMENT = {"Effect", "Action", "Resource"}
ROLES = {  # all that they may, in either template; the tables of docs/security.md
    "ApiHandlerRole": {(f"logs:{x}", "APIHandlerLog") for x in ("CreateLogStream", "PutLogEvents")},
    "LogsRole": {
        *((f"logs:{x}", "LogsLog") for x in ("CreateLogStream", "PutLogEvents")),
        *(("s3:GetObject", x) for x in ("/AWSLogs/*", "/*.parquet", "/site.json")),
        *(("s3:ListBucket", ""), ("s3:PutObject", "/findings/*")),
        *((f"dynamodb:{x}", "LogTable") for x in ("BatchGetItem", "PutItem")),
        *(("sqs:SendMessage", "DeadLetters"), ("sns:Publish", "AlarmTopic")),
    },
    "SummaryRole": {
        *((f"logs:{x}", "SummaryLog") for x in ("CreateLogStream", "PutLogEvents")),
        *(("s3:GetObject", "/site.json"), ("s3:PutObject", "/findings/*")),
        *((f"dynamodb:{x}", "LogTable") for x in ("BatchGetItem", "PutItem", "Query")),
        ("sns:Publish", "AlarmTopic"),
    },
}


@pytest.mark.parametrize("name", ["template", "logs"])
def test_the_templates_expand_as_cloudformation_expands_them(
    packaged: dict[str, Resources], aws: str, tmp_path: Path, name: str
) -> None:
    """What AWS is given in the end: SnapStart wants Python 3.12, and roles are as they are said."""
    from samtranslator.translator.transform import transform  # a second to import

    made = deepcopy(packaged[name])
    (tmp_path / "made.json").write_text(json.dumps(made))
    for resource in made["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":  # as after `cloudformation package`
            resource["Properties"]["CodeUri"] = "s3://bucket/deployment.zip"
    expanded = transform(made, {}, SimpleNamespace(load=dict))
    (tmp_path / "expanded.json").write_text(json.dumps(expanded))
    lint(tmp_path / "made.json", tmp_path / "expanded.json")
    resources = expanded["Resources"]
    functions = {
        k: x["Properties"] for k, x in resources.items() if x["Type"].endswith("::Function")
    }
    for function in functions.values():
        if "SnapStart" in function:
            assert tuple(map(int, function["Runtime"].removeprefix("python").split("."))) >= (3, 12)
        group = resources[function["LoggingConfig"]["LogGroup"]["Ref"]]["Properties"]
        assert group["RetentionInDays"] == 30
    assert ("SnapStart" in functions["APIHandler"]) == (name == "template")
    roles = {
        k: list_allowed(x["Properties"]) for k, x in resources.items() if x["Type"].endswith("Role")
    }
    assert roles == {k: x for k, x in ROLES.items() if name == "logs" or k == "ApiHandlerRole"}
    api = resources["RestAPI"]["Properties"]["Body"]
    assert len(api["x-amazon-apigateway-gateway-responses"]) == 4
    (stage,) = (
        x["Properties"] for x in resources.values() if x["Type"] == "AWS::ApiGateway::Stage"
    )
    assert stage["MethodSettings"][0]["ThrottlingRateLimit"] == 50


def test_without_a_log_bucket_there_is_one_function(packaged: dict[str, Resources]) -> None:
    kinds = sorted(x["Type"] for x in packaged[""]["Resources"].values())
    assert kinds == [
        "AWS::IAM::Role",
        "AWS::Lambda::Permission",
        "AWS::Serverless::Api",
        "AWS::Serverless::Function",
    ]


def test_the_template_of_the_functions_that_read_logs(packaged: dict[str, Resources]) -> None:
    resources = packaged["logs"]["Resources"]
    logs, summary, api = (resources[x]["Properties"] for x in ("Logs", "Summary", "APIHandler"))
    assert (logs["Handler"], logs["MemorySize"]) == ("app.logs", 512)
    assert logs["Environment"]["Variables"]["LOG_BUCKET"] == {"Ref": "LogBucketName"}
    assert "LOG_BUCKET" not in api["Environment"]["Variables"]  # which stays as it was
    ((_, schedule),) = summary["Events"].items()
    assert schedule["Properties"]["State"] == {"Fn::If": ["HasSummary", "ENABLED", "DISABLED"]}
    for function in (logs, summary):  # an event that fails for good is published
        (failure,) = function["EventInvokeConfig"]["DestinationConfig"].values()
        assert failure["Destination"] == {"Ref": "AlarmTopic"}
        assert function["EventInvokeConfig"]["MaximumRetryAttempts"] == 2
        group = resources[function["LoggingConfig"]["LogGroup"]["Ref"]]
        assert group["Properties"]["RetentionInDays"] == 30
    assert logs["DeadLetterQueue"]["TargetArn"] == {"Fn::GetAtt": ["DeadLetters", "Arn"]}
    assert resources["DeadLetters"]["Properties"]["MessageRetentionPeriod"] == 14 * 86_400
    expiry = resources["LogTable"]["Properties"]["TimeToLiveSpecification"]
    assert expiry == {"AttributeName": "expires", "Enabled": True}
    (notified,) = resources["LogBucket"]["Properties"]["NotificationConfiguration"].values()
    assert notified[0]["Function"] == {"Fn::GetAtt": ["Logs", "Arn"]}
    allowed = {
        action: statement["Resource"]
        for statement in resources["LogsRole"]["Properties"]["Policies"][0]["PolicyDocument"][
            "Statement"
        ]
        for action in [*np.atleast_1d(statement["Action"])]
    }
    assert {x.partition(":")[0] for x in allowed} == {"logs", "s3", "dynamodb", "sns", "sqs"}
    assert "*" not in "".join(allowed) and "*" not in allowed.values()
    assert allowed["sns:Publish"] == {"Ref": "AlarmTopic"}
    assert "AWSLogs/*" in str(allowed["s3:GetObject"])
    assert "AWSLogs" not in str(allowed["s3:PutObject"])


def test_a_stage_that_reads_logs_is_left_to_cloudformation(
    zipped: Path, state: Path, app_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOG_BUCKET", "dns-logs")
    with pytest.raises(ReleaseError, match=r"LOG_BUCKET is set: .* by CloudFormation"):
        deploy.deploy_stage("dev", zipped, app_url, state, wait=0)
    with pytest.raises(ReleaseError, match="LOG_BUCKET is set"):
        list(deploy.list_changes("dev", zipped, state))
    assert read_function("dev") is None


def test_settings_that_the_app_refuses_are_refused() -> None:
    with pytest.raises(ReleaseError, match=r"^LOG_LEVEL 'LOUD': expected one of DEBUG"):
        stage_settings.check_environment({"LOG_LEVEL": "loud"})
