"""What every command has: an example, an exit status, and errors told in one line."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from typing import Any

import click

from ..names.errors import MaliciousDomainsError

PROGRAM = "malicious-domains"
DONE, SOME_REFUSED, FAILED = 0, 1, 2

Handler = Callable[..., int]


class Command(click.Command):
    """A command whose handler returns its exit status."""

    extra = ""  # of pyproject.toml's, which installs what the handler imports

    def invoke(self, ctx: click.Context) -> int:
        """Run the handler; an error becomes a line on stderr and FAILED."""
        try:
            status: int = super().invoke(ctx)
            return status
        except (click.ClickException, BrokenPipeError):  # main's
            raise
        except Exception as error:
            return self._failed(_path(ctx), error)

    def _failed(self, name: str, error: Exception) -> int:
        from ..model.artifact import ArtifactError

        # OSErrors are those of files, and most of what H2O's client raises.
        if isinstance(error, MaliciousDomainsError | ArtifactError | OSError):
            print(f"{name}: {error}", file=sys.stderr)
        elif missing := self._not_installed(error):
            wanted = f"pip install '{PROGRAM}[{self.extra}]'"
            print(f"{name}: needs {missing}: {wanted}", file=sys.stderr)
        else:  # ours to mend; not Python's own exit status, which means DONE with refusals
            traceback.print_exception(error)
        return FAILED

    def _not_installed(self, error: Exception) -> str:
        """The package of the command's extra that is missing; empty if that is not the error."""
        if not self.extra or not isinstance(error, ModuleNotFoundError) or not error.name:
            return ""
        package = error.name.partition(".")[0]
        return "" if package in ("malicious_domains", "pipeline", "lambda_app") else package


def _path(ctx: click.Context) -> str:
    """The command as it is asked for, without the program: "score", or "dga match"."""
    names = [str(ctx.info_name)]
    while ctx.parent and ctx.parent.parent:
        ctx = ctx.parent
        names.insert(0, str(ctx.info_name))
    return " ".join(names)


class Choice(click.Choice[str]):
    """One of several words."""

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:
        """What is said of another word."""
        return f"invalid choice: {value!r} (choose from {', '.join(self.choices)})"


def command(
    name: str, example: str, extra: str = "", cls: type[Command] = Command
) -> Callable[[Handler], Command]:
    """Make a command of a handler, whose docstring is the help.

    example: ends the help. extra: what to install for it, beside what `score` needs.
    """

    def declare(handler: Handler) -> Command:
        # The \b keeps Click from wrapping a line that is to be copied.
        epilog = f"\b\nexample: {PROGRAM} {example}"
        made = click.command(name, cls=cls, epilog=epilog)(handler)
        made.extra = extra
        return made

    return declare
