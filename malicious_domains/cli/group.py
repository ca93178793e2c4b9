"""The program: its commands, each imported when it is asked for, and how it ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from ..inputs.paths import CHECKOUT
from ..inputs.signals import exit_on_signals
from .command import DONE, FAILED, PROGRAM

# Each command of the library, and the module beside this one that has it.
_LIBRARY = {"score": "score", "scan": "scan", "allow": "allow", "dga": "dga"}
# Each command of a checkout, and the module of pipeline.commands that has it.
_CHECKOUT = {
    "data": "train",
    "corpus": "train",
    "train": "train",
    "demo": "train",
    "evaluate": "train",
    "train-hint": "families",
    "evaluate-hint": "families",
    "serve": "serve",
    "package": "serve",
    "publish": "release",
    "versions": "release",
    "pull": "release",
    "promote": "release",
    "rollback": "release",
    "deploy": "release",
}
COMMANDS = _LIBRARY | _CHECKOUT
_FORMER = {"run": "demo"}  # names that go on working


class Commands(click.Group):
    """The commands; `score` does not wait for what the others import."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names that are shown."""
        return list(COMMANDS if CHECKOUT else _LIBRARY)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name, a former one too; None if there is none."""
        name = _FORMER.get(cmd_name, cmd_name)
        if name not in COMMANDS:
            return None
        if name in _CHECKOUT and not CHECKOUT:
            ctx.fail(f"{name} needs a checkout of the project: git clone it, and run make there")
        place = "pipeline.commands" if name in _CHECKOUT else __package__
        module = import_module(f"{place}.{COMMANDS[name]}")
        command: click.Command = getattr(module, name.replace("-", "_"))
        return command


def _show_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from .. import __version__

        click.echo(f"{PROGRAM} {__version__}")
        ctx.exit()


@click.group(
    PROGRAM,
    cls=Commands,
    epilog="Exit status: 0 done, 1 some rows were refused, 2 it could not run.\n\n"
    f"\b\nexample: {PROGRAM} score google.com",
    context_settings={"help_option_names": ["-h", "--help"], "show_default": True},
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)
def group() -> None:
    """Tells legitimate from generated domain names."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; 0 done, 1 some rows were refused, 2 it could not run."""
    exit_on_signals()
    words = sys.argv[1:] if arguments is None else arguments
    try:
        # Not Click's own main, which takes a broken pipe for a failure.
        with group.make_context(PROGRAM, list(words)) as context:
            status: int = group.invoke(context)
            return status
    except click.exceptions.Exit as ended:  # of --help and --version
        return ended.exit_code
    except click.ClickException as error:
        error.show()
        return FAILED
    except BrokenPipeError:  # the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
