"""The deployment zip: what Chalice packages, pruned, compiled, and the same bytes every time."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import struct
import subprocess
import sys
import zipfile
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from malicious_domains.inputs.signals import temporary_folder
from malicious_domains.names.errors import MaliciousDomainsError

from . import chalice_cli
from .local_server import APP

X86_64, ARM64 = "x86_64", "arm64"
# Lambda's architectures, and e_machine of their binaries (ELF: EM_X86_64, EM_AARCH64).
ARCHITECTURES = {X86_64: 62, ARM64: 183}

# Parts of NumPy that neither `import numpy` nor a request loads (tests/pipeline/release).
_NUMPY = (
    *("_pyinstaller", "char", "compat", "core", "ctypeslib", "distutils", "doc", "f2py", "fft"),
    *("ma", "polynomial", "random", "rec", "strings", "testing"),
)
# Paths in the zip that are left out; a star crosses folders.
LEFT_OUT = (
    *(f"numpy/{part}{end}" for part in _NUMPY for end in ("/*", ".py")),
    *("numpy/conftest.py", "numpy/matlib.py", "numpy/lib/recfunctions.py"),
    *("numpy/_core/strings.py", "numpy/_core/defchararray.py", "numpy/typing/*"),
    *("numpy/lib/_user_array_impl.py", "numpy/lib/user_array.py"),
    *("numpy/_configtool.py", "numpy/_core/cversions.py", "numpy/_utils/_pep440.py"),
    *("numpy/_typing/_add_docstring.py", "numpy/_typing/_extended_precision.py"),
    "numpy/linalg/lapack_lite.*",
    *("numpy/_core/_simd.*", "numpy/_core/*_tests.*"),  # for NumPy's own tests
    *("*/tests/*", "*/__pycache__/*"),
    *("*.pyi", "*/py.typed", "*.pxd", "*.pyx"),  # for type checkers and compilers
    *("*.h", "*.a", "*.c", "*.ini", "*.pc"),
    "malicious_domains/families/trained/mojo.zip",  # only verification reads it
    "*.dist-info/*",  # except KEPT
)
KEPT = ("*.dist-info/*LICEN[CS]E*", "*.dist-info/*NOTICE*", "*.dist-info/*COPYING*")
# Modules that `import numpy` wants, which only give docstrings to what is written in C.
EMPTIED = ("numpy/_core/_add_newdocs.py", "numpy/_core/_add_newdocs_scalars.py")

_NUMPY_BINARY = "numpy/_core/_multiarray_umath.*.so"
_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can hold
_MODE = 0o100644 << 16


class PackagingError(MaliciousDomainsError):
    """A package that cannot be made, or would not run in the Lambda."""


def package(out: Path, architecture: str = X86_64) -> Path:
    """Make the deployment package for one of ARCHITECTURES in a folder; returns the zip.

    Beside it stands sam.json, the template that deploys it. The same sources,
    wheels and interpreter give the same bytes. Raises PackagingError.
    """
    with temporary_folder("package-") as name:
        folder = name
        made = chalice_package(folder / "chalice", architecture)
        content = folder / "content"
        unpack(made, content)
        check_binaries(content, architecture)
        compile_all(content)
        pack(content, folder / "deployment.zip")
        out.mkdir(parents=True, exist_ok=True)
        shutil.move(made.with_name("sam.json"), out / "sam.json")
        return Path(shutil.move(folder / "deployment.zip", out / "deployment.zip"))


def chalice_package(out: Path, architecture: str = X86_64) -> Path:
    """The zip as Chalice makes it, in a folder, with sam.json; raises PackagingError.

    A clean copy is packaged, so that no bytecode or stray file comes along.
    """
    with temporary_folder("package-") as name:
        copy = name / "app"
        shutil.copytree(
            APP, copy, ignore=shutil.ignore_patterns("__pycache__", "deployed", "deployments")
        )
        config = copy / ".chalice" / "config.json"
        settings = json.loads(config.read_text()) | {"lambda_architecture": architecture}
        config.write_text(json.dumps(settings))
        # Chalice wants a region, although nothing in the package depends on it.
        environment = {"AWS_DEFAULT_REGION": "us-east-1"} | os.environ
        command = chalice_cli.command(copy, "package", str(out.absolute()))
        run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    zipped = out / "deployment.zip"
    if run.returncode or not zipped.exists():
        raise PackagingError(f"chalice package failed:\n{run.stdout}{run.stderr}")
    return zipped


def variables() -> dict[str, str]:
    """The environment variables that Chalice gives the deployed function."""
    found: dict[str, str] = _config()["environment_variables"]
    return found


def architecture(stage: str) -> str:
    """The architecture that .chalice/config.json chooses for a stage."""
    config = _config()
    own: dict[str, str] = config["stages"].get(stage, {})
    return str(own.get("lambda_architecture", config.get("lambda_architecture", X86_64)))


def _config() -> dict[str, Any]:
    config: dict[str, Any] = json.loads((APP / ".chalice" / "config.json").read_text())
    return config


def left_out(path: str) -> bool:
    """Whether a file of Chalice's zip stays out of ours."""
    return _matches(path, LEFT_OUT) and not _matches(path, KEPT)


def unpack(zipped: Path, folder: Path) -> None:
    """Unpack Chalice's zip into a folder, except what is left out and what is in EMPTIED."""
    with zipfile.ZipFile(zipped) as source:
        source.extractall(folder, [name for name in source.namelist() if not left_out(name)])
    for name in EMPTIED:
        (folder / name).write_bytes(b"")


def check_binaries(folder: Path, architecture: str) -> None:
    """Raise PackagingError unless NumPy's binary is there and all are for the architecture."""
    if not [*folder.glob(_NUMPY_BINARY)]:
        raise PackagingError("the package has no numpy: Chalice found no wheel for the Lambda")
    for path in _files(folder):
        with path.open("rb") as file:
            head = file.read(20)
        if head.startswith(b"\x7fELF"):
            (machine,) = struct.unpack_from("<H", head, 18)
            if machine != ARCHITECTURES[architecture]:
                raise PackagingError(f"{path.relative_to(folder)} is not for {architecture}")


def compile_all(folder: Path) -> None:
    """Put bytecode that is never checked against its source beside every module.

    The Lambda's disk is read-only and Chalice dates sources 1980: without it
    every cold start compiles everything. By a fresh process with fixed hashes,
    as bytecode depends on what else an interpreter holds. Raises PackagingError.
    """
    command = [sys.executable, "-S", "-P", "-m", "compileall", "-q", "-f"]
    command += ["--invalidation-mode", "unchecked-hash"]
    command += ["-s", str(folder), "-p", "/var/task", str(folder)]
    environment = {"PYTHONHASHSEED": "0"}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if run.returncode:
        raise PackagingError(f"a module cannot be compiled:\n{run.stdout}{run.stderr}")


def pack(folder: Path, zipped: Path) -> None:
    """Zip a folder: sorted, dated alike, whoever made it and when."""
    paths = sorted(path.relative_to(folder).as_posix() for path in _files(folder))
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as target:
        for path in paths:
            entry = zipfile.ZipInfo(path, _DATE)
            entry.create_system, entry.external_attr = 3, _MODE  # Unix, readable by all
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, (folder / path).read_bytes(), compresslevel=9)


def describe(zipped: Path) -> str:
    """Size, unpacked size and SHA-256 of a zip, in a line."""
    unpacked = sum(entry.file_size for entry in zipfile.ZipFile(zipped).infolist())
    digest = hashlib.sha256(zipped.read_bytes()).hexdigest()
    return f"{zipped.stat().st_size / 1e6:.1f} MB, unpacked {unpacked / 1e6:.1f} MB, {digest}"


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _matches(path: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(path, pattern) for pattern in patterns)
