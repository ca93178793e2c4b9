"""The program: its commands, each imported when it is asked for, and how it ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from .. import __version__
from ..inputs.paths import CHECKOUT
from ..inputs.signals import POSIX, exit_on_signals
from .command import DONE, FAILED, PROGRAM

COMPLETE = "_MALICIOUS_DOMAINS_COMPLETE"  # set by the scripts that Click writes for shells
# The commands of the library, each in a module beside this one of the same name.
LIBRARY = ("score", "scan", "alarms", "calibrate", "allow", "dga")
# Each command of a checkout: the module of pipeline.commands that has it.
_TRAINING = ("data", "corpus", "train", "demo", "evaluate", "families")
CHECKOUT_ONLY = dict.fromkeys(_TRAINING, "train")
CHECKOUT_ONLY |= {"models": "models", "serve": "aws", "aws": "aws"}
_HERE = CHECKOUT_ONLY if CHECKOUT and POSIX else {}
# Former names, which go on working: where the command is now.
_FORMER: dict[str, tuple[str, ...]] = {"run": ("demo",), "versions": ("models", "list")}
_FORMER |= {f"{x}-hint": ("families", x) for x in ("train", "evaluate")}
_FORMER |= {x: ("aws", x) for x in ("package", "deploy")}
_FORMER |= {x: ("models", x) for x in ("publish", "pull", "promote", "rollback")}
_FORMER_OPTIONS = {
    "--popular": "--allow",
    "--chosen": "--customer-zone",
    "--assigned": "--provider-zone",
    "--plan": "--dry-run",
    "--back": "--rollback",
}
_OF_MODELS = dict.fromkeys(("--to", "--from", "--in"), "--registry")


class Commands(click.Group):
    """The commands; `score` does not wait for what the others import."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names to show."""
        return [*LIBRARY, *_HERE]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of a name, a former one too; None if there is none."""
        name, *rest = _FORMER.get(cmd_name, (cmd_name,))
        if name in LIBRARY:
            module = import_module(f"{__package__}.{name}")
        elif name not in CHECKOUT_ONLY:
            if "." in cmd_name:
                ctx.fail(f"no command {cmd_name!r}; to score it: {PROGRAM} score {cmd_name}")
            return None
        elif CHECKOUT is None:
            ctx.fail(f"{cmd_name} needs a checkout of the project: git clone it and run make there")
        elif not POSIX:
            ctx.fail(f"{cmd_name} runs on Linux and macOS; on Windows, use WSL or a container")
        else:
            if sys.path[0] != str(CHECKOUT):  # before somebody's own pipeline.py
                sys.path.insert(0, str(CHECKOUT))
            module = import_module(f"pipeline.commands.{CHECKOUT_ONLY[name]}")
        command: click.Command = getattr(module, name)
        for part in rest:
            assert isinstance(command, click.Group)
            command = command.commands[part]
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands in groups."""
        parts = {"Commands": LIBRARY, "Commands of a checkout": _HERE}
        limit = formatter.width - 6 - max(map(len, self.list_commands(ctx)))
        for title, names in parts.items():
            commands = {name: self.get_command(ctx, name) for name in names}
            rows = [(k, x.get_short_help_str(limit)) for k, x in commands.items() if x]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)


@click.group(
    PROGRAM,
    cls=Commands,
    epilog="Exit status: 0 done, 1 some rows were invalid, 2 it could not run, 3 nothing was read."
    "\n\n"
    f"\b\nexample: {PROGRAM} score google.com",
    context_settings={"help_option_names": ["-h", "--help"], "show_default": True},
)
@click.version_option(__version__, message=f"{PROGRAM} %(version)s")
def program() -> None:
    """Detect algorithmically generated names (DGA), not phishing, typosquats or hacked sites.

    To it, those are names that a person chose.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command as a program that ends on signals; return its exit status."""
    if instruction := os.environ.get(COMPLETE):
        from click.shell_completion import shell_complete

        return shell_complete(program, {}, PROGRAM, COMPLETE, instruction)
    with exit_on_signals():
        return run_command(sys.argv[1:] if arguments is None else arguments)


def run_command(words: Sequence[str]) -> int:
    """Run a command; return its exit status, 2 if it could not run."""
    name = _FORMER.get(words[0], words)[0] if words else ""
    former = _FORMER_OPTIONS | (_OF_MODELS if name == "models" else {})
    parts = (word.partition("=") for word in words)
    arguments = ["".join((former.get(option, option), *value)) for option, *value in parts]
    status: int = DONE
    try:
        # Not Click's own main, which takes a broken pipe for a failure.
        with program.make_context(PROGRAM, arguments) as context:
            status = program.invoke(context)
        sys.stdout.flush()
        return status
    except click.exceptions.Exit as ended:  # of --help and --version
        return ended.exit_code
    except click.ClickException as error:
        error.show()
        return FAILED
    except OSError as error:  # of stdout: a full disk, or a reader that has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes it again
        if isinstance(error, BrokenPipeError):
            return DONE
        if status != FAILED:
            print(f"{PROGRAM}: standard output: {error}", file=sys.stderr)
        return FAILED
