"""Files of an operator's that stand in S3: an allow list, an index of known names."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .settings import IN_S3, SettingsError


@contextmanager
def on_disk(path: str) -> Iterator[Path]:
    """A file for the with block: that at a path, or what is at s3://bucket/key, in a copy.

    Raises SettingsError, which names it, if it cannot be fetched.
    """
    if not path.startswith(IN_S3):
        yield Path(path)
        return
    bucket, _, key = path.removeprefix(IN_S3).partition("/")
    with tempfile.TemporaryDirectory(prefix="s3-") as folder:
        copy = Path(folder) / Path(key).name
        _fetch(bucket, key, copy)
        yield copy


def _fetch(bucket: str, key: str, copy: Path) -> None:
    import boto3  # of AWS's runtime: it is no part of the package
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    config = Config(
        connect_timeout=2, read_timeout=10, retries={"mode": "standard", "max_attempts": 3}
    )
    try:
        body = boto3.client("s3", config=config).get_object(Bucket=bucket, Key=key)["Body"]
        with copy.open("wb") as file:
            for part in body.iter_chunks(1 << 20):
                file.write(part)
    except (BotoCoreError, ClientError, OSError) as error:
        raise SettingsError(f"{IN_S3}{bucket}/{key} cannot be fetched: {error}") from error
