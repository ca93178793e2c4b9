"""The base of every command: an example, an exit status, and errors in one line.

>>> from dataclasses import dataclass
>>> @dataclass
... class Greeting:
...     names: tuple[str, ...] = argument_field("NAME...")
...     mark: str = option_field("--mark C", "What ends the greeting.", default="!")
>>> @command("greet", "greet Ada --mark .", options=Greeting)
... def greet(options):
...     print("Hello", *options.names, options.mark)
>>> people = group("people", "Meet people.", "people greet Ada", greet)
>>> people.main(["greet", "Ada", "Grace"], standalone_mode=False)
Hello Ada Grace !
0
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import field, fields
from datetime import date
from functools import partial, wraps
from itertools import chain
from pathlib import Path
from typing import Any

import click

from ..inputs.signals import restore_exit
from ..names.errors import MaliciousDomainsError

PROGRAM = "malicious-domains"
DONE, SOME_INVALID, FAILED, NOTHING_READ = range(4)
DATE = "YYYY-MM-DD"
_OWN_PACKAGES = ("malicious_domains", "pipeline", "lambda_app")

Handler = Callable[..., int | None]


class Command(click.Command):
    """A command whose handler returns its exit status; None is DONE."""

    extra = ""  # the extra in pyproject.toml that installs what the handler imports

    def invoke(self, ctx: click.Context) -> int:
        """Run the handler; an error becomes a line on stderr and FAILED."""
        try:
            with restore_exit():
                status: int = super().invoke(ctx) or DONE
            return status
        except (click.ClickException, BrokenPipeError):  # for main()
            raise
        except Exception as error:
            name = ctx.command_path.partition(" ")[2]
            lacks = isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0]
            # OSErrors are those of files, and most of what H2O's client raises.
            if isinstance(error, MaliciousDomainsError | OSError):
                print(f"{name}: {error}", file=sys.stderr)
            elif self.extra and lacks and lacks not in _OWN_PACKAGES:
                wanted = f"pip install '{PROGRAM}[{self.extra}]'"
                print(f"{name}: needs {lacks}: {wanted}", file=sys.stderr)
            else:  # a bug; Python's own exit status would mean SOME_INVALID
                traceback.print_exception(error)
            return FAILED


class _Choice(click.Choice[str]):
    """One of several words; json is taken for jsonl."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the word; fail for another one."""
        return super().convert("jsonl" if value == "json" else value, param, ctx)


def parse_date(text: str) -> date:
    """Return a date; raise click.BadParameter.

    >>> parse_date("2026-11-24")
    datetime.date(2026, 11, 24)
    """
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r}: give it as {DATE}") from error


Decorator = Callable[[Any], Any]
_PATHS = ("FILE", "DIR", "NPY", "NPZ", "CSV", "TXT")
# By metavar: the type that an option's value has, if no other is given.
_TYPES: dict[str, Any] = {"N": click.IntRange(min=1), DATE: parse_date}
_TYPES |= dict.fromkeys(_PATHS, click.Path(path_type=Path))


def option(spec: str, help: str, *name: str, **attributes: Any) -> Decorator:
    """Declare an option by its names and metavar, as "-o --out DIR", and its help.

    name: the parameter's, if it is another. type: Click's, or a list of words to choose from.
    """
    *names, last = spec.split()
    if isinstance(words := attributes.get("type"), list):
        attributes["type"] = _Choice(words)
    if last.startswith("-"):
        names.append(last)
        if not attributes:
            attributes["is_flag"] = True
    else:
        attributes["metavar"] = last
        attributes.setdefault("type", _TYPES.get(last))
    return click.option(*names, *name, help=help, **attributes)


def option_field(spec: str, help: str, **attributes: Any) -> Any:
    """Declare a field of a dataclass as an option(), which a tuple takes several times."""
    return field(metadata={"declare": partial(option, spec, help, **attributes)})


def argument_field(metavar: str, **attributes: Any) -> Any:
    """Declare a field of a dataclass as an argument of any number of words."""
    declare = partial(click.argument, metavar=metavar, **attributes)
    return field(metadata={"declare": lambda own, **_: declare(own, nargs=-1)})


def _options_of(cls: type) -> Iterator[Decorator]:
    """Yield the options of a dataclass, its own before those of its bases."""
    by_name = {x.name: x for x in fields(cls)}
    names = chain.from_iterable(vars(x).get("__annotations__", ()) for x in cls.__mro__)
    for name in dict.fromkeys(names):
        repeated = str(by_name[name].type).startswith("tuple[")
        yield by_name[name].metadata["declare"](name, **{"multiple": True} if repeated else {})


def combine(*options: Decorator) -> Decorator:
    """Return one decorator for several options, in the order of the help."""

    def decorate(handler: Any) -> Any:
        for declare in reversed(options):
            handler = declare(handler)
        return handler

    return decorate


def command(
    name: str, example: str, extra: str = "", options: type | None = None
) -> Callable[[Handler], Command]:
    """Make a command of a handler, whose docstring is the help.

    example: ends the help. extra: what to install for it, beside what `score` needs. options: a
    dataclass whose fields declare the options; the handler is given an instance of it.
    """

    def declare(handler: Handler) -> Command:
        # The \b keeps Click from wrapping a line that is to be copied.
        epilog = f"\b\nexample: {PROGRAM} {example}"
        callback = handler
        if options:
            callback = wraps(handler)(lambda **values: handler(options(**values)))
            callback = combine(*_options_of(options))(callback)
        made = click.command(name, cls=Command, epilog=epilog)(callback)
        made.extra = extra
        return made

    return declare


def group(name: str, help: str, example: str, *commands: click.Command) -> click.Group:
    """Make a group of commands."""
    epilog = f"\b\nexample: {PROGRAM} {example}"
    return click.Group(name, commands=commands, help=help, epilog=epilog)
