"""Options that several commands share, and the engines that may run them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from ..inputs.console import print_status
from ..names.errors import (
    AllowListError,
    DgaIndexError,
    MaliciousDomainsError,
    UnknownOperatingPoint,
    ZoneError,
)
from .command import PROGRAM, Choice, combine, option

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from ..names.dga_index import DgaIndex

FILE = click.Path(path_type=Path)
LOCAL, SPARK = "local", "spark"


def scorer_options(match_effect: str) -> Callable[[Any], Any]:
    """Return the options of a model and of what overrules it.

    match_effect: what comes of a name that is in the index of generated names.
    """
    return combine(
        option("--model", metavar="MODEL", help="Name of a packaged model, or artifact folder."),
        option(
            "--allow",
            "--popular",
            "allow",
            multiple=True,
            metavar="FILE",
            help="List of names that are legitimate regardless of the model: one a line, "
            "`rank,name` as in Tranco's and Umbrella's lists, or a file from `allow build`.",
        ),
        option(
            "--known",
            type=FILE,
            metavar="NPZ",
            help=f"Index of generated names (from `dga index`); {match_effect}.",
        ),
        option(
            "--customer-zone",
            "--chosen",
            "customer_zones",
            multiple=True,
            metavar="ZONE",
            help="Zone whose customers choose the label in front of it: score that label.",
        ),
        option(
            "--provider-zone",
            "--assigned",
            "provider_zones",
            multiple=True,
            metavar="ZONE",
            help="Zone whose provider assigns the label: score the provider's own name.",
        ),
    )


jobs_option = option(
    "--jobs",
    type=click.IntRange(1, 256),
    metavar="N",
    help="Number of processes (default: one per core, up to eight).",
)

spark_options = combine(
    option(
        "--engine",
        type=Choice([LOCAL, SPARK]),
        default=LOCAL,
        help="Where to run: on this machine, or on Apache Spark.",
    ),
    option(
        "--master",
        metavar="URL",
        help="Spark master URL (default: local[*]).",
    ),
    option(
        "--conf",
        "settings",
        type=lambda text: _parse_setting(text),
        multiple=True,
        metavar="KEY=VALUE",
        help="Spark setting; may be repeated.",
    ),
)


def _parse_setting(text: str) -> tuple[str, str]:
    key, given, value = text.partition("=")
    if not (key and given):
        raise click.BadParameter(f"{text!r}: expected KEY=VALUE, as spark.executor.memory=4g")
    return key, value


_OPTIONS = {
    AllowListError: "--allow",
    DgaIndexError: "--known",
    UnknownOperatingPoint: "--operating-point",
    ZoneError: "--customer-zone, --provider-zone",
}


@contextmanager
def name_option_in_errors() -> Iterator[None]:
    """Put the option in front of an error's message that came of its value."""
    try:
        yield
    except tuple(_OPTIONS) as error:
        raise MaliciousDomainsError(f"{_OPTIONS[type(error)]}: {error}") from error


def load_dga_index(path: Path) -> DgaIndex:
    """Load an index of generated names, and log that it is out of date, if so."""
    from ..names.dga_index import DgaIndex

    index = DgaIndex.load(path)
    log_age(index, str(path))
    return index


def log_age(index: DgaIndex, name: str) -> None:
    """Log that an index of generated names is out of date, if it is."""
    if note := index.out_of_date(datetime.now(UTC).date()):
        print_status(f"{name}: {note}")


def check_engine(
    engine: str, supported: Collection[str], advice: Mapping[str, str], own: str = ""
) -> None:
    """Raise UsageError for an option that was given and that the engine does not support.

    supported: the parameters that Spark supports. advice: what to do instead of others. own: a
    parameter for Spark alone, beside its master and settings.
    """
    context = click.get_current_context()
    for parameter in context.command.params:
        name = str(parameter.name)
        if context.get_parameter_source(name) is not ParameterSource.COMMANDLINE:
            continue
        is_option = isinstance(parameter, click.Option)
        shown = parameter.opts[0] if is_option else parameter.make_metavar(context)
        if engine == SPARK and name not in supported:
            more = f": {advice[name]}" if name in advice else ""
            raise click.UsageError(f"--engine spark does not support {shown}{more}")
        if engine == LOCAL and name in ("master", "settings", own):
            raise click.UsageError(f"{shown} is for --engine spark")


@contextmanager
def open_session(
    master: str | None, settings: Collection[tuple[str, str]]
) -> Iterator[SparkSession]:
    """Open a Spark session; raise MaliciousDomainsError, which says what to install, if need be."""
    missing = [x for x in ("pyspark", "pyarrow", "pandas") if not find_spec(x)]
    if missing:
        wanted = f"pip install '{PROGRAM}[spark]'"
        raise MaliciousDomainsError(f"--engine spark needs {' and '.join(missing)}: {wanted}")
    from ..spark.session import open_session as start_session

    with start_session(master or "local[*]", dict(settings)) as spark:
        yield spark
