"""Run the notebook from top to bottom: it shows what it promises, and is committed so."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from malicious_domains.dga.generators import FAMILIES
from tests.helpers.notebook import METADATA, NOTEBOOK, clone, execute

FIGURES = {1: 1, 2: 2, 3: 1, 4: 1, 5: 2, 6: 1, 7: 0}  # of each section
SIZE = 1_500_000  # bytes that it may have with its outputs

Cell = dict[str, Any]


executed = pytest.mark.slow  # what comes out when the notebook is run


@pytest.fixture(scope="module")
def committed() -> dict[str, Any]:
    notebook: dict[str, Any] = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    return notebook


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clone(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="module")
def run(project: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Cell]:
    """Return the cells with their outputs."""
    cells: list[Cell] = execute(project, tmp_path_factory.mktemp("jupyter"), few_fits=True).cells
    return cells


def _section(cells: list[Cell], number: int) -> list[Cell]:
    """Return the outputs of a section's cells."""
    outputs, here = [], 0
    for cell in cells:
        if head := re.match(r"## (\d)\.", "".join(cell["source"])):
            here = int(head[1])
        elif here == number:
            outputs += cell.get("outputs", [])
    return outputs


def _text(outputs: list[Cell], kind: str = "text/plain") -> str:
    texts = (o.get("text") or o.get("data", {}).get(kind, "") for o in outputs)
    return "\n".join(map("".join, texts))


def _images(outputs: list[Cell]) -> list[Cell]:
    return [output for output in outputs if "image/png" in output.get("data", {})]


@executed
def test_it_runs_without_chatter(run: list[Cell]) -> None:
    outputs = [output for cell in run for output in cell.get("outputs", [])]
    assert {output["output_type"] for output in outputs} <= {
        "stream",
        "display_data",
        "execute_result",
    }
    assert not [output for output in outputs if output.get("name") == "stderr"]
    assert "H2O" not in _text(outputs)


@executed
@pytest.mark.parametrize(("section", "count"), FIGURES.items())
def test_every_section_has_its_figures(run: list[Cell], section: int, count: int) -> None:
    assert len(_images(_section(run, section))) == count


@executed
def test_the_data_are_shown(run: list[Cell]) -> None:
    tables = _text(_section(run, 1), "text/html")
    for name in ("legit", "dga", "hsts", "universities", "shape-hex", *FAMILIES):
        assert f">{name}<" in tables


@executed
def test_both_models_are_scored(run: list[Cell]) -> None:
    table = _text(_section(run, 3), "text/html")
    for text in ("classic", "language", "recall at 1 %", "recall at 0.1 %"):
        assert f">{text}<" in table


@executed
def test_every_family_is_left_out_once(run: list[Cell]) -> None:
    tables = [o["data"]["text/html"] for o in _section(run, 4) if "text/html" in o.get("data", {})]
    named = re.compile(r"<th>([a-z]+)</th>\s*<td>")
    families = named.findall(tables[0])
    assert sorted(families) == sorted(FAMILIES)
    assert ">mean of families<" in tables[0]
    worst = named.findall(tables[1])
    assert worst
    assert worst == families[: len(worst)]


@executed
def test_the_contributions_sum_to_the_log_odds(run: list[Cell]) -> None:
    text = _text(_section(run, 5))
    for words in ("plz|dont|hack|me", "max_f1", "0.0001"):
        assert words in text
    sums = re.search(r"contributions = (\S+), log-odds = (\S+)", text)
    assert sums
    assert float(sums[1]) == pytest.approx(float(sums[2]), abs=1e-8)


@pytest.mark.slow
def test_it_finds_the_project_from_its_top(committed: dict[str, Any], project: Path) -> None:
    """From notebooks/ as well, where the others run it."""
    code = ["".join(c["source"]) for c in committed["cells"] if c["cell_type"] == "code"]
    start = "\n".join(code[:2])  # the path, the imports
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    subprocess.run([sys.executable, "-P", "-c", start], cwd=project, env=environment, check=True)


def test_it_is_committed_without_traces_of_a_machine(committed: dict[str, Any]) -> None:
    assert committed["metadata"] == METADATA
    for cell in committed["cells"]:
        assert cell["metadata"] == {}
        assert "attachments" not in cell
    text = NOTEBOOK.read_text(encoding="utf-8")
    assert not re.search(r"/(home|root|tmp|work|Users|usr)/|[Tt]raceback| at 0x[0-9a-f]", text)
    assert len(text.encode()) < SIZE


def test_it_is_committed_as_it_comes_out(committed: dict[str, Any]) -> None:
    """Run from top to bottom: python -m tests.helpers.notebook."""
    cells = [cell for cell in committed["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in cells] == [*range(1, len(cells) + 1)]
    for cell in cells:
        assert all(output["output_type"] != "error" for output in cell["outputs"])
        images = _images(cell["outputs"])
        assert len(images) == len(re.findall(r"^show\(", "".join(cell["source"]), re.MULTILINE))
        assert all(len(x["metadata"]["image/png"]["alt"]) > 40 for x in images)
    for section, count in FIGURES.items():
        assert len(_images(_section(committed["cells"], section))) == count


@executed
def test_it_shows_what_is_committed(run: list[Cell], committed: dict[str, Any]) -> None:
    """Each cell has outputs of the same kinds; texts and tables are the same but for H2O's fits."""
    pairs = list(zip(committed["cells"], run, strict=True))
    for then, now in pairs:
        assert "".join(then["source"]) == now["source"]
        assert [x["output_type"] for x in then.get("outputs", [])] == [
            x["output_type"] for x in now.get("outputs", [])
        ]
    for section in FIGURES.keys() - {4}:
        for kind in ("text/plain", "text/html"):
            committed_text = _text(_section(committed["cells"], section), kind)
            text = _text(_section(run, section), kind)
            assert text == committed_text, "run python -m tests.helpers.notebook"
