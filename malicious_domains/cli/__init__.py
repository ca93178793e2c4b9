"""The command line: one module for a group of commands, each with its options and its help.

main() runs the words of a command, and returns its exit status:

>>> main(["score", "--format", "table", "google.com"])  # doctest: +ELLIPSIS
verdict       probability  domain: why
not generated    0.0000...  google.com: Reads as google; ...
0
>>> main(["--help"])  # doctest: +ELLIPSIS
Usage: malicious-domains [OPTIONS] COMMAND [ARGS]...
...
0
"""

from .group import main

__all__ = ["main"]
