"""Chalice's command line as we start it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from pipeline.release.local_server import chalice_command

# A project with modules named like some of ours; it writes down what it imports.
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


def test_the_settings_hold_and_no_module_of_ours_is_imported(tmp_path: Path) -> None:
    project = tmp_path / "app"
    (project / ".chalice").mkdir(parents=True)
    (project / ".chalice" / "config.json").write_text('{"app_name": "told"}')
    (project / "app.py").write_text(APP)
    for name in ("package.py", "smoke.py"):
        (project / name).touch()
    command = chalice_command(project, "generate-models")  # which loads the app
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    *places, interval, waiting, buffered = json.loads((project / "told.json").read_text())
    assert places == [str(project / name) for name in ("package.py", "smoke.py")]
    assert (interval, waiting, buffered) == (0.0005, 128, -1)
    assert not [*project.rglob("__pycache__")]
