"""The notebook runs from top to bottom, shows what it promises, and is committed bare."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from pipeline.corpus import sources
from pipeline.dga import FAMILIES

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "notebooks" / "exploration.ipynb"
SECONDS = 180  # that it may take on two cores
FIGURES = {1: 1, 2: 2, 3: 1, 4: 1, 5: 2, 6: 0}  # of each section

Cell = dict[str, Any]


@pytest.fixture(scope="module")
def committed() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project as a fresh clone has it, without downloads, in a folder of its own."""
    root = tmp_path_factory.mktemp("project")
    (root / "notebooks").mkdir()
    (root / "data").mkdir()
    shared = [ROOT / name for name in ("pyproject.toml", "lambda_app", "pipeline")]
    for path in (*shared, *(s.path for s in sources.SOURCES if s.state == "committed")):
        (root / path.relative_to(ROOT)).symlink_to(path)
    return root


@pytest.fixture(scope="module")
def run(project: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Cell], float]:
    """The cells with their outputs, and the seconds that it took."""
    jupyter = tmp_path_factory.mktemp("jupyter")
    kernel = jupyter / "kernels" / "python3" / "kernel.json"
    kernel.parent.mkdir(parents=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    kernel.write_text(
        json.dumps({"argv": command, "display_name": "Python 3", "language": "python"})
    )
    notebook = nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]
    client = NotebookClient(
        notebook,
        timeout=SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": str(project / "notebooks")}},
    )
    # Neither kernels nor settings of the user's count, and no file of ours stays with them.
    places = {"JUPYTER_PATH": jupyter, "JUPYTER_RUNTIME_DIR": jupyter, "IPYTHONDIR": jupyter}
    with pytest.MonkeyPatch.context() as patch:
        for name, path in places.items():
            patch.setenv(name, str(path))
        patch.delenv("DOMAINS_MIRROR", raising=False)
        patch.delenv("MODEL", raising=False)
        start = time.perf_counter()
        client.execute()
        return notebook.cells, time.perf_counter() - start


def _section(cells: list[Cell], number: int) -> list[Cell]:
    """The outputs of a section's cells."""
    found, here = [], 0
    for cell in cells:
        if cell["cell_type"] == "markdown" and (head := re.match(r"## (\d)\.", cell["source"])):
            here = int(head[1])
        elif here == number:
            found += cell.get("outputs", [])
    return found


def _text(outputs: list[Cell], kind: str = "text/plain") -> str:
    return "\n".join(o.get("text") or o.get("data", {}).get(kind, "") for o in outputs)


@pytest.mark.slow
def test_it_runs_in_time_and_without_chatter(run: tuple[list[Cell], float]) -> None:
    cells, seconds = run
    assert seconds < SECONDS
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    assert {output["output_type"] for output in outputs} <= {
        "stream",
        "display_data",
        "execute_result",
    }
    assert not [output for output in outputs if output.get("name") == "stderr"]
    assert "H2O" not in _text(outputs)


@pytest.mark.slow
@pytest.mark.parametrize(("section", "count"), FIGURES.items())
def test_every_section_has_its_figures(
    run: tuple[list[Cell], float], section: int, count: int
) -> None:
    images = [o for o in _section(run[0], section) if "image/png" in o.get("data", {})]
    assert len(images) == count


@pytest.mark.slow
def test_the_data_are_shown(run: tuple[list[Cell], float]) -> None:
    tables = _text(_section(run[0], 1), "text/html")
    for name in ("legit", "dga", "hsts", "universities", "shape-hex", *FAMILIES):
        assert f">{name}<" in tables


@pytest.mark.slow
def test_both_models_are_scored(run: tuple[list[Cell], float]) -> None:
    table = _text(_section(run[0], 3), "text/html")
    for text in ("classic", "language", "recall at 1 %", "recall at 0.1 %"):
        assert f">{text}<" in table


@pytest.mark.slow
def test_every_family_is_left_out_once(run: tuple[list[Cell], float]) -> None:
    tables = [
        o["data"]["text/html"] for o in _section(run[0], 4) if "text/html" in o.get("data", {})
    ]
    named = re.compile(r"<th>([a-z]+)</th>\s*<td>")
    families = named.findall(tables[0])
    assert sorted(families) == sorted(FAMILIES)
    assert ">mean of families<" in tables[0]
    worst = named.findall(tables[1])
    assert worst
    assert worst == families[: len(worst)]


@pytest.mark.slow
def test_the_contributions_sum_to_the_log_odds(run: tuple[list[Cell], float]) -> None:
    text = _text(_section(run[0], 5))
    for words in ("plz|dont|hack|me", "max_f1", "0.0001"):
        assert words in text
    found = re.search(r"contributions = (\S+), log-odds = (\S+)", text)
    assert found
    assert float(found[1]) == pytest.approx(float(found[2]), abs=1e-8)


@pytest.mark.slow
@pytest.mark.parametrize("folder", [".", "notebooks"])
def test_it_finds_the_project_from(folder: str, committed: dict[str, Any], project: Path) -> None:
    code = ["".join(c["source"]) for c in committed["cells"] if c["cell_type"] == "code"]
    start = "\n".join(code[:2])  # the path, the imports
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    subprocess.run(
        [sys.executable, "-P", "-c", start], cwd=project / folder, env=environment, check=True
    )


def test_it_is_committed_without_results_or_traces_of_a_machine(
    committed: dict[str, Any],
) -> None:
    assert committed["metadata"] == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in committed["cells"]:
        assert cell["metadata"] == {}
        assert "attachments" not in cell
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            assert cell["execution_count"] is None
