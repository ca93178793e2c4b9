"""Write docs/cli.md from each command's --help.

python -m pipeline.commands.reference > docs/cli.md
"""

from __future__ import annotations

from collections.abc import Iterator

import click

from malicious_domains.cli.command import PROGRAM
from malicious_domains.cli.group import program

_WIDTH = 80  # columns, whatever the screen
_HEAD = f"""# The command line

Each command's `--help`, as `{PROGRAM} COMMAND --help` shows it. In a checkout,
`python -m pipeline COMMAND` is the same. Results go to standard output, the log to standard
error. Former names of commands and options go on working, and are not shown.

For completion, in `~/.bashrc`: `eval "$(_MALICIOUS_DOMAINS_COMPLETE=bash_source {PROGRAM})"`;
`zsh_source` in `~/.zshrc`; in fish, `_MALICIOUS_DOMAINS_COMPLETE=fish_source {PROGRAM} | source`.

<!-- Made by `python -m pipeline.commands.reference > docs/cli.md`. -->
"""


def reference() -> str:
    """Return the page in Markdown."""
    return "\n".join([_HEAD, *_sections()])


def _sections() -> Iterator[str]:
    settings = {"terminal_width": _WIDTH, **program.context_settings}
    top = click.Context(program, info_name=PROGRAM, **settings)
    yield _block(program.get_help(top))
    for name in program.list_commands(top):
        command = program.get_command(top, name)
        assert command
        context = click.Context(command, parent=top, info_name=name)
        yield f"## {name}\n\n{_block(command.get_help(context))}"
        if isinstance(command, click.Group):
            yield from _parts(command, context)


def _parts(group: click.Group, context: click.Context) -> Iterator[str]:
    for name, part in group.commands.items():
        within = click.Context(part, parent=context, info_name=name)
        yield f"### {context.info_name} {name}\n\n{_block(part.get_help(within))}"


def _block(text: str) -> str:
    return f"```\n{text.rstrip()}\n```\n"


if __name__ == "__main__":
    print(reference(), end="")
