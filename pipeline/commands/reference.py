"""Write each command's --help: python -m pipeline.commands.reference > docs/cli.md."""

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
    """Return the page in Markdown.

    >>> [x for x in reference().splitlines() if x.startswith("### aws")]
    ['### aws package', '### aws deploy', '### aws protect']
    """
    settings = {"terminal_width": _WIDTH, **program.context_settings}
    return "\n".join([_HEAD, *_sections(click.Context(program, info_name=PROGRAM, **settings))])


def _sections(context: click.Context, title: str = "#") -> Iterator[str]:
    """Yield the help of a command, and of those below it."""
    command = context.command
    yield f"```\n{command.get_help(context).rstrip()}\n```\n"
    if isinstance(command, click.Group):
        for name in command.commands if context.parent else command.list_commands(context):
            part = command.get_command(context, name)
            assert part
            below = f"#{title} {name}"
            yield f"{below}\n"
            yield from _sections(click.Context(part, parent=context, info_name=name), below)


if __name__ == "__main__":
    print(reference(), end="")
