"""Build the deployment zip: Chalice's package, pruned and compiled, reproducible byte for byte."""

from __future__ import annotations

import hashlib
import json
import shutil
import struct
import zipfile
from fnmatch import fnmatchcase
from pathlib import Path

from malicious_domains.inputs.signals import temporary_folder

from . import ReleaseError
from .local_server import copy_project, run_chalice, run_python

X86_64, ARM64 = "x86_64", "arm64"
# Lambda's architectures, and the e_machine of their binaries (ELF: EM_X86_64, EM_AARCH64).
ARCHITECTURES = {X86_64: 62, ARM64: 183}

# Parts of NumPy that neither `import numpy` nor a request loads (tests/pipeline/release).
_NUMPY = (
    *("_pyinstaller", "char", "compat", "core", "ctypeslib", "distutils", "doc", "f2py", "fft"),
    *("ma", "polynomial", "random", "rec", "strings", "testing"),
)
# Patterns of paths that are left out; a star matches slashes, too.
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
# Modules that `import numpy` needs, although they only add docstrings to what is written in C.
EMPTIED = ("numpy/_core/_add_newdocs.py", "numpy/_core/_add_newdocs_scalars.py")

_NUMPY_BINARY = "numpy/_core/_multiarray_umath.*.so"


def build_package(out: Path, architecture: str = X86_64) -> Path:
    """Build the deployment zip for one of ARCHITECTURES in a folder; return its path.

    Its template, sam.json, is beside it. Equal sources give equal bytes. Raises ReleaseError.
    """
    with copy_project() as copy, temporary_folder("package-") as folder:
        config = copy / ".chalice" / "config.json"
        settings = json.loads(config.read_text()) | {"lambda_architecture": architecture}
        config.write_text(json.dumps(settings))
        # Chalice demands a region, although nothing in the package depends on it.
        run_chalice(copy, "package", str(folder / "chalice"), AWS_DEFAULT_REGION="us-east-1")
        content = folder / "content"
        _unpack_zip(folder / "chalice" / "deployment.zip", content)
        check_binaries(content, architecture)
        compile_modules(content)
        _write_zip(content, folder / "deployment.zip")
        out.mkdir(parents=True, exist_ok=True)
        shutil.move(folder / "chalice" / "sam.json", out / "sam.json")
        return Path(shutil.move(folder / "deployment.zip", out / "deployment.zip"))


def _is_left_out(path: str) -> bool:
    """Return whether a file of Chalice's zip is left out of the deployment zip.

    >>> _is_left_out("numpy/fft/__init__.py"), _is_left_out("numpy/linalg/__init__.py")
    (True, False)
    """
    kept = any(fnmatchcase(path, x) for x in KEPT)
    return not kept and any(fnmatchcase(path, x) for x in LEFT_OUT)


def _unpack_zip(zipped: Path, folder: Path) -> None:
    """Unpack Chalice's zip into a folder without what is left out; empty the modules in EMPTIED."""
    with zipfile.ZipFile(zipped) as source:
        source.extractall(folder, [name for name in source.namelist() if not _is_left_out(name)])
    for name in EMPTIED:
        (folder / name).write_bytes(b"")


def check_binaries(folder: Path, architecture: str) -> None:
    """Raise ReleaseError unless NumPy's binary is there, and all are for the architecture.

    >>> check_binaries(Path("nowhere"), X86_64)
    Traceback (most recent call last):
    pipeline.release.ReleaseError: the package has no numpy: Chalice found no wheel for the Lambda
    """
    if not [*folder.glob(_NUMPY_BINARY)]:
        raise ReleaseError("the package has no numpy: Chalice found no wheel for the Lambda")
    for path in _list_files(folder):
        with path.open("rb") as file:
            head = file.read(20)
        if head.startswith(b"\x7fELF"):
            (machine,) = struct.unpack_from("<H", head, 18)
            if machine != ARCHITECTURES[architecture]:
                raise ReleaseError(f"{path.relative_to(folder)} is not for {architecture}")


def compile_modules(folder: Path) -> None:
    """Compile every module to bytecode that is never checked against its source.

    The Lambda's disk is read-only: without bytecode every cold start compiles everything. A new
    process with fixed hashes compiles, as bytecode depends on its state. Raises ReleaseError.

    >>> with temporary_folder("example-") as folder:
    ...     (folder / "module.py").touch()
    ...     compile_modules(folder)
    ...     len([*folder.glob("__pycache__/module.*.pyc")])
    1
    """
    options = ["-S", "-P", "-m", "compileall", "-q", "-f", "--invalidation-mode", "unchecked-hash"]
    options += ["-p", "/var/task", "-s", str(folder), str(folder)]
    run_python(options, {"PYTHONHASHSEED": "0"}, "a module cannot be compiled:\n")


def _write_zip(folder: Path, zipped: Path) -> None:
    """Zip a folder reproducibly: sorted, with one date (of 1980) and one mode."""
    with zipfile.ZipFile(zipped, "w") as target:
        for path in sorted(path.relative_to(folder).as_posix() for path in _list_files(folder)):
            entry = zipfile.ZipInfo(path)
            entry.create_system, entry.external_attr = 3, 0o100644 << 16  # Unix, readable by all
            target.writestr(entry, (folder / path).read_bytes(), zipfile.ZIP_DEFLATED, 7)


def describe_zip(zipped: Path) -> str:
    """Describe a zip in a line: size, unpacked size, SHA-256.

    >>> from malicious_domains.model.artifact import PACKAGED
    >>> describe_zip(PACKAGED / "classic" / "mojo.zip").rpartition(", ")[0]
    '0.1 MB, unpacked 0.3 MB'
    """
    unpacked = sum(entry.file_size for entry in zipfile.ZipFile(zipped).infolist())
    digest = hashlib.sha256(zipped.read_bytes()).hexdigest()
    return f"{zipped.stat().st_size / 1e6:.1f} MB, unpacked {unpacked / 1e6:.1f} MB, {digest}"


def _list_files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
