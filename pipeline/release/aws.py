"""Settings of AWS clients, and AWS's errors in one line that says what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.client import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
)
from botocore.session import Session

from . import ReleaseError

# Short, as a wrong endpoint should soon be noticed; uploads have some MB.
CONFIG = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "max_attempts": 3})
_ADVICE = {
    "NoSuchBucket": "there is no such bucket; make it, or correct the URL",
    "AccessDenied": "access denied; it needs s3:GetObject, s3:PutObject and s3:ListBucket there",
    "403": "access denied; it needs s3:GetObject, s3:PutObject and s3:ListBucket there",
    "InvalidAccessKeyId": "the access key is unknown; see `aws configure list`",
    "SignatureDoesNotMatch": "the secret key is wrong; see `aws configure list`",
    "ExpiredToken": "the credentials have expired; sign in again",
    "PermanentRedirect": "the bucket is in another region; set AWS_DEFAULT_REGION to it",
    "AuthorizationHeaderMalformed": "the bucket is in another region; set AWS_DEFAULT_REGION to it",
}


@contextmanager
def translate_aws_errors(where: str) -> Iterator[None]:
    """Raise botocore's errors in the with block as a ReleaseError of one line."""
    try:
        yield
    except ClientError as error:
        advice = _ADVICE.get(error_code(error), str(error))
        raise ReleaseError(f"{where}: {advice}") from error
    except NoCredentialsError as error:
        raise ReleaseError(
            f"{where}: no AWS credentials; `aws configure`, or set AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY"
        ) from error
    except NoRegionError as error:
        raise ReleaseError(f"{where}: no AWS region; set AWS_DEFAULT_REGION") from error
    except (ConnectionError, HTTPClientError) as error:
        raise ReleaseError(f"{where}: no answer: {error}") from error
    except BotoCoreError as error:
        raise ReleaseError(f"{where}: {error}") from error


def check_region() -> None:
    """Raise ReleaseError unless the environment or AWS's own files name a region."""
    if not Session().get_config_variable("region"):
        raise ReleaseError("no AWS region; set AWS_DEFAULT_REGION, to us-east-1 for example")


def error_code(error: ClientError) -> str:
    """Return AWS's code of an error, "" if it has none."""
    return str(error.response.get("Error", {}).get("Code", ""))
