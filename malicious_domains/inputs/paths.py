"""The paths of files: in a checkout of the project, or as pip has installed it."""

from __future__ import annotations

from pathlib import Path

_INSTALLED_DATA = Path(__file__).parents[1] / "data"  # which only a wheel has, see setup.py
# The project's folder; None where the package is installed from a wheel.
CHECKOUT = None if _INSTALLED_DATA.is_dir() else Path(__file__).parents[2]
DATA = CHECKOUT / "data" if CHECKOUT else _INSTALLED_DATA  # the committed files
DOWNLOADS = DATA / "downloads"
BUILD = (CHECKOUT or Path()) / "build"  # the default for trained models
