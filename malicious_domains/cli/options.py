"""Options that several commands share, and the engines that may run them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from ..inputs.console import print_status
from ..inputs.signals import POSIX
from ..names import errors
from .command import PROGRAM, option_field

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from ..names.dga_index import DgaIndex
    from ..scoring.model_options import ModelOptions

FOLDER = click.Path(path_type=Path, file_okay=False)
LOCAL, SPARK = "local", "spark"
JOBS = ("-j --jobs N", "Number of processes or threads (default: one per core, up to eight).")


def _parse_setting(text: str) -> tuple[str, str]:
    key, given, value = text.partition("=")
    if not (key and given):
        raise click.BadParameter(f"{text!r}: expected KEY=VALUE, as spark.executor.memory=4g")
    return key, value


@dataclass(frozen=True, kw_only=True)
class ScorerOptions:
    """The options of `score` and `scan`: a model, what overrules it, and where to run."""

    model: str | None = option_field("-m --model MODEL", "A packaged model, or artifact folder.")
    allow: tuple[str, ...] = option_field(
        "--allow FILE",
        "List of names that are legitimate regardless of the model: one a line, `rank,name` as in "
        "Tranco's and Umbrella's lists, or a file from `allow build`.",
    )
    customer_zones: tuple[str, ...] = option_field(
        "--customer-zone ZONE",
        "Zone whose customers choose the label in front of it: score that label.",
    )
    provider_zones: tuple[str, ...] = option_field(
        "--provider-zone ZONE",
        "Zone whose provider assigns the label: score the provider's own name.",
    )
    jobs: int | None = option_field(*JOBS, type=click.IntRange(1, 256))
    engine: str = option_field(
        "--engine",
        "Where to run: on this machine, or on Apache Spark.",
        type=[LOCAL, SPARK],
        default=LOCAL,
    )
    master: str | None = option_field("--master URL", "Spark master URL (default: local[*]).")
    settings: tuple[tuple[str, str], ...] = option_field(
        "--conf KEY=VALUE", "Spark setting; may be repeated.", type=_parse_setting
    )

    @property
    def model_options(self) -> ModelOptions:
        """The model, and the lists that go before it."""
        from ..scoring.model_options import ModelOptions

        return ModelOptions(self.model, self.allow, self.provider_zones, self.customer_zones)

    def check_engine(self, local: Collection[str], own: str = "") -> None:
        """Raise UsageError for an option that was given and that the engine does not support.

        local: what Spark does not support. own: what is for Spark alone beside master, settings.
        """
        context = click.get_current_context()
        for parameter in context.command.params:
            name, is_option = str(parameter.name), isinstance(parameter, click.Option)
            if not was_given(name):
                continue
            long = (x for x in parameter.opts if x.startswith("--"))
            shown = next(long) if is_option else parameter.make_metavar(context)
            if self.engine == SPARK and name in local:
                message = f"--engine spark does not support {shown}: leave out one of the two"
                raise click.UsageError(message)
            if self.engine == LOCAL and name in ("master", "settings", own):
                raise click.UsageError(f"{shown} is for --engine spark")

    @contextmanager
    def open_session(self) -> Iterator[SparkSession]:
        """Open a Spark session; raise MaliciousDomainsError, which says what to install."""
        missing = [x for x in ("pyspark", "pyarrow", "pandas") if not find_spec(x)]
        if missing:
            wanted = f"pip install '{PROGRAM}[spark]'"
            problem = f"--engine spark needs {' and '.join(missing)}: {wanted}"
            raise errors.MaliciousDomainsError(problem)
        if not POSIX:
            raise errors.MaliciousDomainsError("--engine spark runs on Linux and macOS; use WSL")
        from ..spark.session import open_session

        with open_session(self.master or "local[*]", dict(self.settings)) as spark:
            yield spark


def was_given(parameter: str) -> bool:
    """Return whether a parameter of the current command stands on the command line."""
    context = click.get_current_context()
    is_given = context.get_parameter_source(parameter) is ParameterSource.COMMANDLINE
    return is_given and context.params.get(parameter) != ()  # as Click before 8.3 has no names


_OPTIONS = {
    errors.AllowListError: "--allow",
    errors.DgaIndexError: "--known",
    errors.UnknownOperatingPoint: "--operating-point",
    errors.ZoneError: "--customer-zone, --provider-zone",
}


@contextmanager
def name_option_in_errors() -> Iterator[None]:
    """Put the option in front of an error's message that came of its value."""
    try:
        yield
    except tuple(_OPTIONS) as error:
        raise errors.MaliciousDomainsError(f"{_OPTIONS[type(error)]}: {error}") from error


def log_age(index: DgaIndex, name: str) -> None:
    """Log that an index of generated names is out of date, if it is."""
    if note := index.out_of_date(datetime.now(UTC).date()):
        print_status(f"{name}: {note}")
