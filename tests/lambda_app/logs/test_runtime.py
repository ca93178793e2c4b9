"""The packaged function in AWS's own runtime, with boto3 beside it as there."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

import pytest

from benchmarks.lambda_runtime import emulated
from pipeline.release.stage_settings import read_config
from tests.helpers import aws_server, route53
from tests.helpers.route53 import MIDNIGHT
from tests.lambda_app.logs.conftest import Cloud
from tests.lambda_app.logs.test_handler import BOT, NAMES, infected

SCHEDULED = {
    "version": "0",
    "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "account": "123456789012",
    "time": "2025-11-26T01:30:00Z",
    "region": "us-east-1",
    "resources": ["arn:aws:events:us-east-1:123456789012:rule/summary"],
    "detail": {},
}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        (sys.platform, platform.machine()) != ("linux", "x86_64"),
        reason="the package is for the Lambda's Linux on x86_64, and is run here",
    ),
]


def test_objects_are_read_in_the_runtime(cloud: Cloud, aws: str, unpacked: Path) -> None:
    chosen = {name: x for name, x in os.environ.items() if name.startswith("LOG_")}
    environment = read_config("dev").environment_variables | aws_server.CREDENTIALS | chosen
    environment["AWS_ENDPOINT_URL"] = aws
    good, bad = route53.key_of(MIDNIGHT, 1), route53.key_of(MIDNIGHT, 2)
    cloud.put(good, route53.packed(infected(NAMES)))
    cloud.put(bad, b"no log")
    with emulated(unpacked, "app.logs", environment, sdk=True) as function:
        assert function(route53.event(good, bucket=cloud.bucket)) == {"read": 1}
        failed = function(route53.event(bad, bucket=cloud.bucket))
        assert failed["errorType"] == "UnreadError"
        assert '"reason":"LogError: it is no gzip' in function.log
    assert cloud.findings()[BOT]["stands"]
    assert [x["client"] for x in cloud.messages()] == [BOT]
    with emulated(unpacked, "app.summary", environment, sdk=True) as function:
        assert function(SCHEDULED)["clients"] == 0
    with (
        emulated(unpacked, "app.logs", read_config("dev").environment_variables) as unset,
        pytest.raises(RuntimeError, match="logs"),
    ):
        unset({})  # without LOG_BUCKET there is no such function
