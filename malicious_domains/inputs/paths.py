"""Where files are: in a checkout of the project, or as pip has installed it."""

from __future__ import annotations

import os
from pathlib import Path

_INSTALLED_DATA = Path(__file__).parents[1] / "data"  # which only a wheel has, see setup.py
# The project's folder; None where the package is installed from a wheel.
CHECKOUT = None if _INSTALLED_DATA.is_dir() else Path(__file__).parents[2]


def _cache() -> Path:
    """The user's folder for what can be had again (XDG Base Directory Specification)."""
    folder = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(folder, "malicious-domains")


DATA = CHECKOUT / "data" if CHECKOUT else _INSTALLED_DATA  # the committed files
DOWNLOADS = CHECKOUT / "data" / "downloads" if CHECKOUT else _cache()
BUILD = CHECKOUT / "build" if CHECKOUT else Path("build")  # the default for what is made
