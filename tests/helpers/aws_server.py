"""Serve S3, IAM, Lambda and API Gateway by moto on 127.0.0.1, with four corrections.

As a program it serves until it is stopped: python -m tests.helpers.aws_server PORT DELAY

- S3 decides a conditional write in one step, and takes no body that is cut short;
  moto's threads do neither. So requests are read whole, and answered one at a time.
- `import_rest_api` and `put_rest_api` of moto 5.2.5 want OpenAPI 3 with info.description,
  and a URI of integrations that have none (of preflights). Chalice sends Swagger 2.0
  with neither, which AWS takes.
- DynamoDB's transactions copy the dicts of a table, not each item in it, as puts change none.
- Each answer takes DELAY seconds, as the way to AWS takes its time.
"""

from __future__ import annotations

import copy
import io
import json
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.h2o_cluster import local_servers

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "NO_PROXY": local_servers.HOST,
}


class Aws:
    """moto as a WSGI application, with the corrections."""

    def __init__(self, delay: float = 0.0) -> None:
        from moto.dynamodb.models.table import Table
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

        Table.__deepcopy__ = _copy_table  # type: ignore[attr-defined]
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._lock = threading.Lock()
        self._delay = delay

    def __call__(self, environ: dict[str, Any], respond: Any) -> Any:
        """Answer a request."""
        body = self._body(environ)
        if body is None:
            respond("400 Bad Request", [("Content-Length", "0")])
            return [b""]
        if environ["PATH_INFO"].startswith("/restapis") and environ["REQUEST_METHOD"] in _IMPORTS:
            body = _relabelled(body)
        environ |= {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        time.sleep(self._delay)
        with self._lock:
            return list(self._moto(environ, respond))

    def _body(self, environ: dict[str, Any]) -> bytes | None:
        """Return the whole body, None if it was cut short."""
        if environ.get("HTTP_TRANSFER_ENCODING"):
            return bytes(environ["wsgi.input"].read())
        size = int(environ.get("CONTENT_LENGTH") or 0)
        body = bytes(environ["wsgi.input"].read(size))
        return body if len(body) == size else None


def _copy_table(table: Any, _: Any) -> Any:
    copied = copy.copy(table)
    copied.items = table.items.copy()
    copied.items.update({x: dict(y) for x, y in table.items.items() if isinstance(y, dict)})
    return copied


_IMPORTS = ("POST", "PUT")
_INTEGRATION = "x-amazon-apigateway-integration"


def _relabelled(body: bytes) -> bytes:
    try:
        document = json.loads(body)
    except ValueError:
        return body
    if not isinstance(document, dict) or document.pop("swagger", None) is None:
        return body
    document["openapi"] = "3.0.0"
    document["info"].setdefault("description", "")
    for methods in document.get("paths", {}).values():
        for method in methods.values():
            if method.get(_INTEGRATION, {}).get("type") == "mock":
                del method[_INTEGRATION]
    return json.dumps(document).encode()


@contextmanager
def running(log: Path, delay: float = 0.0) -> Iterator[str]:
    """Run a server in a process of its own for the with block, and yield its URL."""
    with socket.create_server((local_servers.HOST, 0)) as free:
        port = free.getsockname()[1]
    url = f"http://{local_servers.HOST}:{port}"
    command = [sys.executable, "-m", "tests.helpers.aws_server", str(port), str(delay)]
    root = str(Path(__file__).parents[2])
    process = local_servers.start_server(
        command, log, os.environ | CREDENTIALS | {"PYTHONPATH": root}
    )
    try:
        local_servers.wait_for_server(process, f"{url}/moto-api/data.json", log, 60)
        yield url
    finally:
        process.terminate()
        process.wait()


def make_for_logs(name: str) -> str:
    """Make a bucket, a table and a topic for reading logs; return the topic's ARN."""
    import boto3

    boto3.client("s3").create_bucket(Bucket=name)
    boto3.client("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": x, "AttributeType": "S"} for x in ("pk", "sk")],
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
    )
    return str(boto3.client("sns").create_topic(Name=name)["TopicArn"])


def main(port: str, delay: str) -> None:
    """Serve until the process is stopped."""
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        def log_request(self, *_: Any) -> None:
            """Say nothing."""

    application = Aws(float(delay))
    make_server(
        local_servers.HOST, int(port), application, threaded=True, request_handler=Quiet
    ).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
