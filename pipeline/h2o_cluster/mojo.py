"""Read the equation in a GLM's MOJO, and score rows with H2O's own Java scorer."""

from __future__ import annotations

import configparser
import json
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from malicious_domains.inputs.signals import temporary_folder
from malicious_domains.names.array_types import Bools, Floats

from . import ClusterError
from .cluster import write_csv
from .nodes import find_java, h2o_jar, utf8_environment

INI = "model.ini"  # the file in a MOJO that holds the equation
MAX_UNPACKED = 100_000_000  # bytes; a MOJO of this project has some 300 KB


class MojoGlm(NamedTuple):
    """The equation of a binomial GLM, or of one class of a multinomial one."""

    coefficients: dict[str, Any]  # log-odds per unit; for a factor, log-odds by level
    intercept: float
    threshold: float  # of maximal F1; 0.5 for a multinomial GLM


def read_mojo(mojo: Path) -> MojoGlm:
    """Read the equation and threshold of a binomial GLM; raises ClusterError for other files.

    >>> from malicious_domains.model.artifact import MOJO, PACKAGED
    >>> [*read_mojo(PACKAGED / "classic" / MOJO).coefficients]
    ['length', 'entropy', 'p_vowels', 'num_words']
    """
    return _read_equations(mojo, "binomial")[1][0]


def read_multinomial(mojo: Path) -> tuple[list[str], list[MojoGlm]]:
    """Read the classes of a multinomial GLM and the equation of each; raises ClusterError."""
    return _read_equations(mojo, "multinomial")


def _read_equations(mojo: Path, family: str) -> tuple[list[str], list[MojoGlm]]:
    parser = configparser.ConfigParser(allow_no_value=True, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    try:
        with zipfile.ZipFile(mojo) as archive:
            if sum(x.file_size for x in archive.infolist()) > MAX_UNPACKED:
                raise ClusterError(f"{mojo}: it unpacks to more than {MAX_UNPACKED:,} bytes")
            parser.read_string(archive.read(INI).decode("utf-8"))
            info, columns, domains = parser["info"], list(parser["columns"]), parser["domains"]
            if (info["algo"], info["family"]) != ("glm", family):
                raise ClusterError(f"{mojo}: {info['family']} {info['algo']}, not a {family} GLM")
            classes = _read_levels(archive, domains, len(columns) - 1)
            factors, numbers = int(info["cats"]), int(info["nums"])
            levels = [_read_levels(archive, domains, i) for i in range(factors)]
        beta = np.array(json.loads(info["beta"]), np.float64)
        equations = []
        for row in beta.reshape(1 if family == "binomial" else len(classes), -1).tolist():
            offsets = json.loads(info["cat_offsets"]) if factors else [0]
            spans = zip(columns[:factors], levels, offsets[:-1], offsets[1:], strict=True)
            coefficients: dict[str, Any] = {  # if a level has none, it is the first
                name: dict(zip(every[len(every) - (end - start) :], row[start:end], strict=True))
                for name, every, start, end in spans
            }
            numeric = row[len(row) - 1 - numbers : -1]
            coefficients |= dict(zip(columns[factors:][:numbers], numeric, strict=True))
            threshold = float(info["default_threshold"])
            equations.append(MojoGlm(coefficients, row[-1], threshold))
        return classes, equations
    except (OSError, KeyError, ValueError, zipfile.BadZipFile, configparser.Error) as error:
        raise ClusterError(f"{mojo}: not a GLM's MOJO: {error}") from error


def _read_levels(archive: zipfile.ZipFile, domains: Mapping[str, str], column: int) -> list[str]:
    """Read the levels of a factor from the file named in [domains]: "0: 64 d000.txt"."""
    line = next(x for x in domains if x.partition(":")[0] == str(column))
    return archive.read(f"domains/{line.split()[-1]}").decode("utf-8").splitlines()


def score_mojo(mojo: Path, columns: pd.DataFrame) -> tuple[Floats, Bools]:
    """Return P(malicious) and the verdict of every row, (rows,) each.

    H2O's own Java scorer computes them. Raises ClusterError if it fails, or without a Java.
    """
    answers = _score(mojo, columns)
    return answers[:, 2].astype(np.float64), answers[:, 0] == "malicious"


def score_classes(mojo: Path, columns: pd.DataFrame) -> Floats:
    """Return P of each class for every row, (rows, classes), as score_mojo does."""
    return _score(mojo, columns)[:, 1:].astype(np.float64)


def _score(mojo: Path, columns: pd.DataFrame) -> NDArray[np.object_]:
    """Run H2O's Java scorer; return its answers as text: the class, then each P."""
    with temporary_folder("mojo-") as folder:
        source, target = folder / "in.csv", folder / "out.csv"
        write_csv(source, columns)
        command = [str(find_java()), "-cp", str(h2o_jar()), "hex.genmodel.tools.PredictCsv"]
        command += ["--mojo", str(mojo), "--input", str(source), "--output", str(target)]
        command, encoding = [*command, "--decimal"], utf8_environment()
        run = subprocess.run(command, capture_output=True, text=True, check=False, env=encoding)
        if run.returncode or not target.exists():
            raise ClusterError(f"H2O's Java scorer failed:\n{run.stderr[-2000:]}")
        return pd.read_csv(target, dtype=str).to_numpy(object)
