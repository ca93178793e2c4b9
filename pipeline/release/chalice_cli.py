"""Chalice's command line, with a local server for more than one visitor.

Run as a file, by command() or by `python -m pipeline.release.chalice_cli`.
"""

from __future__ import annotations

import socketserver
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType


def command(project: Path, *arguments: str) -> list[str]:
    """Chalice's command on a project's folder, by this interpreter, from any current folder."""
    # -P: neither this file's folder nor the current one comes before the project's own
    # modules; -B: no bytecode is left in the project.
    return [sys.executable, "-P", "-B", __file__, "--project-dir", str(project), *arguments]


def main() -> None:
    """Run Chalice with the arguments of this process; ends by SystemExit, as it does."""
    from chalice.cli import main as chalice  # takes half a second: not for command()

    # At Python's own interval of 5 ms between threads, a new connection among a hundred
    # busy ones would wait for seconds to be accepted.
    sys.setswitchinterval(0.0005)
    # Chalice's server would let only five connections wait.
    socketserver.TCPServer.request_queue_size = 128
    # It would send an answer in two pieces, of which the second waits 40 ms until the
    # client acknowledges the first.
    socketserver.StreamRequestHandler.wbufsize = -1
    _beside("local_requests").install()
    sys.exit(chalice())


def _beside(name: str) -> ModuleType:
    """The module of a file beside this one, which runs without the package around it."""
    found = spec_from_file_location(f"_{name}", Path(__file__).with_name(f"{name}.py"))
    if found is None or found.loader is None:
        raise ImportError(name)
    module = module_from_spec(found)
    found.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()
