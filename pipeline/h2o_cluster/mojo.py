"""A GLM's MOJO: what it says, and what H2O's own Java scorer answers by it."""

from __future__ import annotations

import configparser
import json
import subprocess
import zipfile
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from malicious_domains.features.array_types import Bools, Floats
from malicious_domains.inputs.signals import temporary_folder
from malicious_domains.names.errors import MaliciousDomainsError

from .java import find_java
from .nodes import jar

_TOGETHER = 1 << 16  # rows of answers that are read together


class MojoError(MaliciousDomainsError):
    """A file that is no GLM's MOJO, or one that H2O's Java scorer cannot answer by."""


class MojoGlm(NamedTuple):
    """What a GLM's MOJO says."""

    coefficients: dict[str, Any]  # log-odds a unit; of a factor: log-odds by level
    intercept: float
    threshold: float


def read_mojo(mojo: Path) -> MojoGlm:
    """Coefficients, intercept and threshold from the MOJO's model.ini.

    Raises MojoError for anything but a binomial GLM.
    """
    parser = configparser.ConfigParser(allow_no_value=True, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    try:
        with zipfile.ZipFile(mojo) as archive:
            parser.read_string(archive.read("model.ini").decode("utf-8"))
            info, columns = parser["info"], list(parser["columns"])
            if (info["algo"], info["family"], info["link"]) != ("glm", "binomial", "logit"):
                raise MojoError(f"{mojo}: {info['family']} {info['algo']}, not a binomial GLM")
            beta = [float(x) for x in json.loads(info["beta"])]
            factors, numbers = int(info["cats"]), int(info["nums"])
            levels = [_levels(archive, parser["domains"], i) for i in range(factors)]
        coefficients: dict[str, Any] = {}
        coefficients |= _named(columns[:factors], levels, json.loads(info["cat_offsets"]), beta)
        start = len(beta) - 1 - numbers
        coefficients |= dict(zip(columns[factors:][:numbers], beta[start:-1], strict=True))
        return MojoGlm(coefficients, beta[-1], float(info["default_threshold"]))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile, configparser.Error) as error:
        raise MojoError(f"{mojo}: not a GLM's MOJO: {error}") from error


def _levels(archive: zipfile.ZipFile, domains: Mapping[str, str], column: int) -> list[str]:
    """The levels of a factor, from the file that [domains] names: "0: 64 d000.txt"."""
    line = next(x for x in domains if x.partition(":")[0] == str(column))
    return archive.read(f"domains/{line.split()[-1]}").decode("utf-8").splitlines()


def _named(
    names: list[str], levels: list[list[str]], offsets: list[int], beta: list[float]
) -> dict[str, dict[str, float]]:
    """Coefficients of factors by level; one that leaves a level out leaves out the first."""
    coefficients = {}
    for name, every, start, end in zip(names, levels, offsets[:-1], offsets[1:], strict=True):
        kept = every[len(every) - (end - start) :]
        coefficients[name] = dict(zip(kept, beta[start:end], strict=True))
    return coefficients


def score_mojo(mojo: Path, source: Path) -> tuple[Floats, Bools]:
    """P(malicious) and verdict of every row of a CSV by H2O's own Java scorer, (rows,) each.

    Raises MojoError if the scorer fails, JavaError if there is no Java for it.
    """
    with temporary_folder("mojo-") as folder:
        target = folder / "out.csv"
        command = [str(find_java()), "-cp", str(jar()), "hex.genmodel.tools.PredictCsv"]
        command += ["--mojo", str(mojo), "--input", str(source), "--output", str(target)]
        run = subprocess.run([*command, "--decimal"], capture_output=True, text=True, check=False)
        if run.returncode or not target.exists():
            raise MojoError(f"H2O's Java scorer failed:\n{run.stderr[-2000:]}")
        return _answers(target)


def _answers(scored: Path) -> tuple[Floats, Bools]:
    """P(malicious) and verdict of each row, of which few are text at a time."""
    probability, called = list[Floats](), list[Bools]()
    with scored.open(encoding="utf-8") as lines:
        next(lines)  # the header
        while some := [line.split(",") for line in islice(lines, _TOGETHER)]:
            probability.append(np.array([float(x[2]) for x in some]))
            called.append(np.array([x[0] == "malicious" for x in some]))
    return np.concatenate(probability), np.concatenate(called)
