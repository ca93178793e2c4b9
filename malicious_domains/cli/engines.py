"""The option --engine: what else runs a command, and which options it does not know there."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from ..names.errors import MaliciousDomainsError
from .command import PROGRAM, Choice, Handler

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

HERE, SPARK = "local", "spark"


def _setting(text: str) -> tuple[str, str]:
    key, given, value = text.partition("=")
    if not (key and given):
        raise click.BadParameter(f"{text!r}: expected KEY=VALUE, as spark.executor.memory=4g")
    return key, value


def spark_options(handler: Handler) -> Handler:
    """Add --engine, --master and --conf."""
    options = (
        click.option(
            "--engine",
            type=Choice([HERE, SPARK]),
            default=HERE,
            help="What does the work: this machine alone, or Apache Spark.",
        ),
        click.option(
            "--master",
            metavar="URL",
            help="Of Spark: local[*] (the default), spark://…, yarn, k8s://…",
        ),
        click.option(
            "--conf",
            "settings",
            type=_setting,
            multiple=True,
            metavar="KEY=VALUE",
            help="A setting of Spark's.",
        ),
    )
    for option in reversed(options):
        handler = option(handler)
    return handler


def check(engine: str, known: Collection[str], why: Mapping[str, str], own: str = "") -> None:
    """Raise UsageError for an option that was given and that the engine does not know.

    known: the parameters that Spark knows; why: what to do instead of others; own: a parameter
    for Spark alone, beside its master and settings.
    """
    context = click.get_current_context()
    for parameter in context.command.params:
        name, option = str(parameter.name), parameter.opts[0]
        if context.get_parameter_source(name) is not ParameterSource.COMMANDLINE:
            continue
        if engine == SPARK and name not in known:
            hint = f": {why[name]}" if name in why else ""
            raise click.UsageError(f"--engine spark knows no {_written(parameter)}{hint}")
        if engine == HERE and name in ("master", "settings", own):
            raise click.UsageError(f"{option} is for --engine spark")


def _written(parameter: click.Parameter) -> str:
    return (
        parameter.opts[0]
        if isinstance(parameter, click.Option)
        else parameter.make_metavar(click.get_current_context())
    )


@contextmanager
def session_of(master: str | None, settings: Collection[tuple[str, str]]) -> Iterator[SparkSession]:
    """A session of Spark; raises MaliciousDomainsError, which says what to install if it is missing."""
    missing = [x for x in ("pyspark", "pyarrow", "pandas") if not find_spec(x)]
    if missing:
        wanted = f"pip install '{PROGRAM}[spark]'"
        raise MaliciousDomainsError(f"--engine spark needs {' and '.join(missing)}: {wanted}")
    from ..spark.session import open_session

    with open_session(master or "local[*]", dict(settings)) as spark:
        yield spark
