"""Chalice's command line as we start it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from pipeline.release.chalice_cli import command

# A project whose modules are called as some of ours; it tells what it sees.
APP = """
import json, pathlib, socketserver, sys
from chalice import Chalice
import package, smoke
app = Chalice(app_name="told")
app.route("/")(lambda: {})
pathlib.Path("told.json").write_text(json.dumps([
    package.__file__, smoke.__file__, sys.getswitchinterval(),
    socketserver.TCPServer.request_queue_size, socketserver.StreamRequestHandler.wbufsize,
]))
"""


def test_the_settings_hold_and_nothing_of_ours_is_in_the_way(tmp_path: Path) -> None:
    project = tmp_path / "app"
    (project / ".chalice").mkdir(parents=True)
    (project / ".chalice" / "config.json").write_text('{"app_name": "told"}')
    (project / "app.py").write_text(APP)
    for name in ("package.py", "smoke.py"):
        (project / name).touch()
    asked = command(project, "generate-models")  # which loads the app
    run = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    *places, interval, waiting, buffered = json.loads((project / "told.json").read_text())
    assert places == [str(project / name) for name in ("package.py", "smoke.py")]
    assert (interval, waiting, buffered) == (0.0005, 128, -1)
    assert not [*project.rglob("__pycache__")]
