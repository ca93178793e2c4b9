"""Execute the notebook in a fresh copy of the project.

As a program it writes the outputs to the notebook: python -m tests.helpers.notebook
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from pipeline.corpus import sources
from tests.helpers.commands import ROOT

NOTEBOOK = ROOT / "notebooks" / "exploration.ipynb"
SECONDS = 120  # that it takes at most on two cores
FEW_FITS = {
    "leave_out import FOLDS, leave_out": "leave_out import leave_out; FOLDS = 2",
    ".sample(10_000, ": ".sample(2_000, ",
    '.groupby("subclass").head(100)': '.groupby("subclass").head(25)',
    "small, Language, FOLDS": 'small, lambda x: Language(x, SETS["classic"]), FOLDS',
}
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def clone(root: Path) -> Path:
    """Link the project into an empty folder as a fresh clone has it; return the folder."""
    (root / "notebooks").mkdir()
    (root / "data").mkdir()
    shared = [ROOT / name for name in ("pyproject.toml", "malicious_domains", "pipeline")]
    for path in (*shared, *(s.path for s in sources.SOURCES if s.state == "committed")):
        (root / path.relative_to(ROOT)).symlink_to(path)
    return root


def execute(project: Path, jupyter: Path, few_fits: bool = False) -> Any:
    """Run the notebook in a clone, with an empty folder for Jupyter; return it with its outputs.

    few_fits: of fewer rows, folds and features in section 4. Raise CellExecutionError if one fails.
    """
    import nbformat
    from nbclient import NotebookClient

    kernel = jupyter / "kernels" / "python3" / "kernel.json"
    kernel.parent.mkdir(parents=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    kernel.write_text(
        json.dumps({"argv": command, "display_name": "Python 3", "language": "python"})
    )
    notebook = nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]
    sources = [cell["source"] for cell in notebook.cells]
    for cell in notebook.cells:
        for whole, small in FEW_FITS.items() if few_fits else ():
            cell["source"] = cell["source"].replace(whole, small)
    client = NotebookClient(
        notebook,
        timeout=3 * SECONDS,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(project / "notebooks")}},
    )
    # The user's kernels and settings play no part, and no file stays there.
    places = {"JUPYTER_PATH": jupyter, "JUPYTER_RUNTIME_DIR": jupyter, "IPYTHONDIR": jupyter}
    with pytest.MonkeyPatch.context() as patch:
        for name, path in places.items():
            patch.setenv(name, str(path))
        patch.delenv("DOMAINS_MIRROR", raising=False)
        patch.delenv("MODEL", raising=False)
        client.execute()
    for cell, source in zip(notebook.cells, sources, strict=True):
        cell["source"] = source
    return notebook


def bare(notebook: Any) -> dict[str, Any]:
    """Return the notebook with its outputs, without traces of a machine."""
    plain: dict[str, Any] = json.loads(json.dumps(notebook))
    plain["metadata"] = METADATA
    for cell in plain["cells"]:
        cell["metadata"] = {}
    return plain


def main() -> None:
    """Execute the notebook and write it with its outputs."""
    import nbformat

    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        notebook = bare(execute(clone(Path(one)), Path(other)))
    written = nbformat.writes(nbformat.from_dict(notebook))  # type: ignore[no-untyped-call]
    NOTEBOOK.write_text(written + "\n" * (not written.endswith("\n")), encoding="utf-8")


if __name__ == "__main__":
    main()
