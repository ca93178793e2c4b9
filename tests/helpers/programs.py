"""Programs that tests drive: a test without its program is skipped, and fails where CI is set."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable
from typing import NoReturn

import pytest

_NEEDS = "needs the Debian package"


def require_program(package: str, *names: str) -> str:
    """Return the path of the first of some programs that is here; else skip, or fail in CI."""
    path = f"{os.environ['PATH']}:/usr/sbin"
    for name in names:
        if program := shutil.which(name, path=path):
            return program
    return skip_for_want_of(package)


def skip_for_want_of(package: str) -> NoReturn:
    """Skip the test at hand, or fail it in CI, as it needs a package of Debian."""
    message = f"{_NEEDS} {package}"
    if os.environ.get("CI"):
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


def wanted_packages(reports: Iterable[pytest.TestReport]) -> list[str]:
    """Return the packages for want of which tests were skipped, sorted."""
    texts = (str(report.longrepr) for report in reports)
    return sorted({x for text in texts for x in re.findall(rf"{_NEEDS} ([\w.-]+)", text)})
