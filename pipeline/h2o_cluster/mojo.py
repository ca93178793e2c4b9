"""Read the equation in a GLM's MOJO, and score rows with H2O's own Java scorer."""

from __future__ import annotations

import configparser
import json
import os
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from malicious_domains.inputs.signals import temporary_folder
from malicious_domains.names.array_types import Floats, NDArray
from malicious_domains.names.errors import MaliciousDomainsError

from .cluster import write_csv
from .nodes import ANY_NAME, H2O_JAR, find_java

INI = "model.ini"  # the file in a MOJO that holds the equation
MAX_UNPACKED = 100_000_000  # bytes; a MOJO of this project has some 300 KB


class MojoGlm(NamedTuple):
    """The equation of a binomial GLM, or of one class of a multinomial one."""

    coefficients: dict[str, Any]  # log-odds per unit; for a factor, log-odds by level
    intercept: float
    threshold: float  # of maximal F1; 0.5 for a multinomial GLM


def read_mojo(mojo: Path) -> MojoGlm:
    """Read the equation and threshold of a binomial GLM; other files: MaliciousDomainsError.

    >>> from malicious_domains.model.artifact import MOJO, PACKAGED
    >>> [*read_mojo(PACKAGED / "classic" / MOJO).coefficients]
    ['length', 'entropy', 'p_vowels', 'num_words']
    """
    return read_equations(mojo, "binomial")[1][0]


def read_equations(mojo: Path, family: str) -> tuple[list[str], list[MojoGlm]]:
    """Read the classes of a GLM and the equation of each; of a binomial one, that of its second.

    >>> from malicious_domains.families.family_artifact import MOJO, PACKAGED
    >>> classes, equations = read_equations(PACKAGED / MOJO, "multinomial")
    >>> classes[0], len(classes) == len(equations)
    ('banjori', True)
    """
    parser = configparser.ConfigParser(allow_no_value=True, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    try:
        with zipfile.ZipFile(mojo) as archive:
            if sum(x.file_size for x in archive.infolist()) > MAX_UNPACKED:
                problem = f"it unpacks to more than {MAX_UNPACKED:,} bytes"
                raise MaliciousDomainsError(f"{mojo}: {problem}")
            parser.read_string(archive.read(INI).decode("utf-8"))
            info, columns, domains = parser["info"], list(parser["columns"]), parser["domains"]
            if (kind := f"{info['family']} {info['algo']}") != f"{family} glm":
                raise MaliciousDomainsError(f"{mojo}: {kind}, not a {family} GLM")
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
            equations.append(MojoGlm(coefficients, row[-1], float(info["default_threshold"])))
        return classes, equations
    except (OSError, KeyError, ValueError, zipfile.BadZipFile, configparser.Error) as error:
        raise MaliciousDomainsError(f"{mojo}: not a GLM's MOJO: {error}") from error


def _read_levels(archive: zipfile.ZipFile, domains: Mapping[str, str], column: int) -> list[str]:
    """Read the levels of a factor from the file named in [domains]: "0: 64 d000.txt"."""
    line = next(x for x in domains if x.partition(":")[0] == str(column))
    return archive.read(f"domains/{line.split()[-1]}").decode("utf-8").splitlines()


def score_mojo(mojo: Path, columns: pd.DataFrame) -> tuple[NDArray[np.object_], Floats]:
    """Return the class of every row, (rows,), and P of each class, (rows, classes).

    H2O's Java scorer computes them. Raises MaliciousDomainsError if it fails, or without a Java.
    """
    with temporary_folder("mojo-") as folder:
        source, target = folder / "in.csv", folder / "out.csv"
        write_csv(source, columns)
        command = [str(find_java()), "-cp", str(H2O_JAR), "hex.genmodel.tools.PredictCsv"]
        command += ["--mojo", str(mojo), "--input", str(source), "--output", str(target)]
        command, own = [*command, "--decimal"], os.environ | ANY_NAME
        run = subprocess.run(command, capture_output=True, text=True, check=False, env=own)
        if run.returncode or not target.exists():
            raise MaliciousDomainsError(f"H2O's Java scorer failed:\n{run.stderr[-2000:]}")
        answers = pd.read_csv(target, dtype=str).to_numpy(object)
        return answers[:, 0], answers[:, 1:].astype(np.float64)
