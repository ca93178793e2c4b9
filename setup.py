"""Build files from outside the packages into the wheel, and the same bytes each time."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import tarfile
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

SOURCE = "https://github.com/OWNER/REPOSITORY"  # where a rendered README's links lead
OUTSIDE = ("data/legit-*.xz", "data/*.LICENSE.txt")
EPOCH = 315_532_800  # 1980, the first year that a zip knows


class BuildWithOutside(build_py):
    """Builds the packages anew, and copies OUTSIDE beside them."""

    def run(self) -> None:
        """Build; modules of an earlier build would stay in the wheel."""
        if self.editable_mode:
            super().run()
            return
        shutil.rmtree(self.build_lib, ignore_errors=True)
        super().run()
        target = Path(self.build_lib, "malicious_domains", "data")
        target.mkdir()
        for path in (x for pattern in OUTSIDE for x in Path().glob(pattern)):
            self.copy_file(str(path), str(target / path.name))


class ReproducibleSdist(sdist):
    """Packs files in order, of nobody, with the time of SOURCE_DATE_EPOCH."""

    def make_archive(  # type: ignore[override]
        self, base_name: str, format: str, root_dir: object = None, base_dir: str = "", **_: object
    ) -> str:
        """Write base_name.tar.gz of a folder; return its path."""
        epoch = int(os.environ.get("SOURCE_DATE_EPOCH", EPOCH))
        paths, target = sorted(Path(base_dir).rglob("*")), f"{base_name}.tar.gz"
        with (
            Path(target).open("wb") as file,
            gzip.GzipFile("", "wb", fileobj=file, mtime=epoch) as zipped,
            tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as archive,
        ):
            for path in (x for x in paths if x.is_file()):
                info = tarfile.TarInfo(path.as_posix())
                info.size, info.mtime = path.stat().st_size, epoch
                with path.open("rb") as content:
                    archive.addfile(info, content)
        return target


def read_description() -> str:
    """Return the README with absolute links, as a package index shows it elsewhere."""
    text = Path("README.md").read_text(encoding="utf-8")
    text = re.sub(r"!\[([^]]*)\]\((?!\w+:)", rf"![\1]({SOURCE}/raw/main/", text)
    return re.sub(r"(?<!!)(\[[^]]*\])\((?!\w+:|#)", rf"\1({SOURCE}/blob/main/", text)


setup(
    cmdclass={"build_py": BuildWithOutside, "sdist": ReproducibleSdist},
    long_description=read_description(),
    long_description_content_type="text/markdown",
)
