"""The map in docs/architecture.md is that of the code: rooms, layers, walks."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
TOPS = ("malicious_domains", "pipeline", "lambda_app")
SERVING = ("names", "features", "model", "clients", "families")
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for top in TOPS
    for path in sorted((ROOT / top).rglob("*.py"))
    if "vendor" not in path.parts and "__pycache__" not in path.parts
}


def room(module: str) -> str:
    """Return the room of a module: "malicious_domains.scan", "lambda_app.chalicelib.web"."""
    parts = module.removeprefix("lambda_app.").split(".")
    if parts[0] == "chalicelib":
        return ".".join(["lambda_app", *parts[:2]])
    return ".".join(parts[:2]) if parts[0] in TOPS else "lambda_app.app"


def imports(module: str) -> Iterator[str]:
    """Yield the modules of the project that a module imports, but for type checking."""
    path = MODULES[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*(above if node.level else []), *filter(None, [node.module])])
            names = [f"{base}.{alias.name}" for alias in node.names] + [base]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            full = f"lambda_app.{name}" if name.startswith("chalicelib") else name
            if full in MODULES:
                yield full


@functools.cache
def arrows() -> set[tuple[str, str]]:
    """Return the imports between rooms: (from, to)."""
    return {
        (room(module), room(other))
        for module in MODULES
        for other in imports(module)
        if room(module) != room(other)
        and {module, other}.isdisjoint(TOPS)
        and "__main__" not in module
    }


def layers() -> dict[str, int]:
    """Return the layer of each room of the core, from the page's table."""
    rows = re.findall(r"^\| (\d) \| `(\w+)` \|", PAGE, re.MULTILINE)
    return {f"malicious_domains.{name}": int(layer) for layer, name in rows}


def test_the_core_imports_neither_training_nor_the_lambda() -> None:
    core = {arrow for arrow in arrows() if arrow[0].startswith("malicious_domains")}
    assert not [b for _, b in core if not b.startswith("malicious_domains")]


def test_nobody_but_the_lambda_imports_chalicelib() -> None:
    assert not [a for a, b in arrows() if "chalicelib" in b and not a.startswith("lambda_app")]


def test_every_import_goes_to_a_lower_layer() -> None:
    layer = layers()
    core = [arrow for arrow in arrows() if arrow[0] in layer and arrow[1] in layer]
    assert len(core) > 15
    assert not [(a, b) for a, b in core if layer[a] <= layer[b]]


def test_the_house_stays_small() -> None:
    rooms = {room(module) for module in MODULES if module not in TOPS and "__main__" not in module}
    rooms.discard("lambda_app.chalicelib")
    assert len(rooms) <= 22
    assert len(arrows()) <= 85


def walks() -> list[str]:
    section = PAGE.partition("## Walks")[2].partition("\n## ")[0]
    return re.findall(r"^\d+\. `([^`]+)`", section, re.MULTILINE)


@pytest.mark.parametrize("step", walks())
def test_each_step_of_a_walk_exists(step: str) -> None:
    file, _, function = step.partition(": ")
    name = function.rpartition(".")[2]
    text = (ROOT / file).read_text(encoding="utf-8")
    assert re.search(rf"\b(def|class) {name}\b", text)
