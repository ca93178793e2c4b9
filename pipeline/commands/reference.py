"""Writes docs/cli.md from what each command's --help says.

python -m pipeline.commands.reference > docs/cli.md
"""

from __future__ import annotations

from collections.abc import Iterator

import click

from malicious_domains.cli.command import PROGRAM
from malicious_domains.cli.group import group

_WIDTH = 80  # columns, whatever the screen
_HEAD = f"""# The command line

Each command's `--help`, as `{PROGRAM} COMMAND --help` shows it. In a checkout,
`python -m pipeline COMMAND` is the same. Results go to standard output, talk to standard error.

<!-- Made by `python -m pipeline.commands.reference > docs/cli.md`. -->
"""


def reference() -> str:
    """The page, in Markdown."""
    return "\n".join([_HEAD, *_sections()])


def _sections() -> Iterator[str]:
    settings = {"terminal_width": _WIDTH, **group.context_settings}
    top = click.Context(group, info_name=PROGRAM, **settings)
    yield _block(group.get_help(top))
    for name in group.list_commands(top):
        command = group.get_command(top, name)
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
