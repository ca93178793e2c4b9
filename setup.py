"""Put files from outside the packages into the wheel, which pyproject.toml cannot."""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

OUTSIDE = {  # where they go, and what they are
    "malicious_domains/data": ("data/legit-*.xz", "data/*.LICENSE.txt"),
}


class BuildWithOutside(build_py):
    """Builds the packages anew, and copies OUTSIDE beside them."""

    def run(self) -> None:
        """Build; modules of an earlier build would stay in the wheel."""
        if self.editable_mode:
            super().run()
            return
        shutil.rmtree(self.build_lib, ignore_errors=True)
        super().run()
        for folder, patterns in OUTSIDE.items():
            target = Path(self.build_lib, folder)
            target.mkdir()
            for pattern in patterns:
                for path in Path().glob(pattern):
                    self.copy_file(str(path), str(target / path.name))


setup(cmdclass={"build_py": BuildWithOutside})
