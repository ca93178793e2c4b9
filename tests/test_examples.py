"""Examples in docstrings hold, and run all that is public outside of data and benchmarks."""

from __future__ import annotations

import doctest
import importlib
import inspect
import subprocess
import sys
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from types import CodeType, FrameType, ModuleType

import pytest

ROOT = Path(__file__).parents[1]
TOPS = ("malicious_domains", "pipeline", "lambda_app/chalicelib", "benchmarks", "data")
ROOMS = ("malicious_domains", "lambda_app/chalicelib", "pipeline")
# Public things of these rooms that no example runs, by the reason: give a new one an example.
NO_EXAMPLE = {
    "needs a session of Spark, and so a Java": {
        "data_files.InputFiles.below_header",
        "data_files.InputFiles.head",
        "data_files.InputFiles.kind",
        "data_files.InputFiles.lines",
        "data_files.InputFiles.reader",
        "data_files.check_output",
        "data_files.open_files",
        "data_files.write_parquet",
        "log_events.read_events",
        "log_events.select_events",
        "options.ScorerOptions.open_session",
        "python_workers.count_background",
        "python_workers.find_tunnel_days",
        "python_workers.find_verdicts",
        "python_workers.name_clients",
        "python_workers.parse_hosts",
        "python_workers.score_labels",
        "scanning.scan_events",
        "scoring.count_rows",
        "scoring.register_udf",
        "scoring.score_files",
        "session.find_java",
        "session.open_session",
        "spark.scan",
        "spark.score_udf",
    },
    "needs a cluster of H2O, or its scorer, and so a Java": {
        "attacks.leave_one_edit_out",
        "cluster.Cluster.clear",
        "cluster.Cluster.fit",
        "cluster.Cluster.predict",
        "cluster.Cluster.upload",
        "cluster.Cluster.upload_csv",
        "cluster.download_frame",
        "cluster.open_cluster",
        "evaluate.ablate_groups",
        "evaluate.hold_out_sources",
        "evaluate.run_evaluation",
        "export.export_model",
        "family_model.fit_families",
        "family_model.verify_families",
        "family_training.run_family_training",
        "family_training.train_families",
        "glm.draw_rows",
        "glm.draw_split",
        "glm.fit_all",
        "glm.fit_split",
        "glm.score_out_of_fold",
        "glm.train_glm",
        "glm.upload_design",
        "leave_out.leave_out",
        "leave_out.make_scorer",
        "mojo.score_mojo",
        "nodes.find_java",
        "nodes.start_cluster",
        "nodes.watch_requests",
        "training_run.run_training",
    },
    "needs a standard input of its own": {
        "chunks.split_live_rows",
        "score.check_standard_input",
    },
    "needs a Pi-hole's database": {
        "pihole_database.copy_database",
        "pihole_database.read_leases",
    },
    "needs a log in which something is wrong, or is said late": {
        "csv_column.Column.find_header",
        "envelopes.Peeler.learn_keys",
        "envelopes.Peeler.peel_bytes",
        "layout.Head.look_further",
        "layout.Head.number_cells",
        "prepare_input.name_copy",
        "terminal.explain_busy",
    },
    "samples names of every family, which takes seconds": {
        "family_accuracy.evaluate_families",
        "family_training.sample_corpus",
    },
    "is there for its subclasses": {
        "tables.DelimitedLines.pattern",
        "tables.Table.select_from",
    },
    "runs when a module is imported": {
        "family.declare",
        "family.family",
        "streams.list_damages",
    },
    "needs the H2O demo's data, edited rows, or rows that are left out": {
        "defaults.open_corpus",
        "defaults.write_embedded",
        "own_data.ReadReport.describe_left_out",
        "own_data.ReadReport.leave_out",
        "sources.fetch_demo_data",
    },
    "needs AWS": {
        "aws.Storage.get",
        "aws.Storage.list_names",
        "aws.Storage.put",
        "deploy.deploy_stage",
        "deploy.list_changes",
        "deploy.roll_back",
        "deployed_stage.find_api",
        "deployed_stage.protect_api",
        "deployed_stage.read_code",
        "deployed_stage.read_deployed_hash",
        "deployed_stage.read_function",
        "dynamodb.Table.list_clients",
        "dynamodb.Table.read",
        "handler.add_rows",
        "handler.on_event",
        "handler.write_finding",
        "label_votes.add_labels",
        "label_votes.read_baseline",
        "service.Service.publish",
        "service.create_clients",
        "service.create_service",
        "sub_domains.share_tunnels",
        "summary.on_schedule",
        "versions.list_versions",
        "versions.promote",
        "versions.publish",
        "versions.pull",
        "versions.read_pointers",
        "versions.roll_back",
    },
    "runs the app or Chalice, which takes seconds": {
        "demo.show_model",
        "local_server.run_app",
        "local_server.run_chalice",
        "local_server.serve_app",
        "package.build_package",
        "server.main",
        "smoke.smoke_test",
    },
    "needs a request that Chalice has read": {
        "telemetry.log_request",
    },
}


def name_module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = [
    name_module(path)
    for top in TOPS
    for path in sorted((ROOT / top).rglob("*.py"))
    if ">>> " in path.read_text(encoding="utf-8")
]


# They build an index or scan a log: the last test runs them.
SLOW = {f"malicious_domains.cli.{x}" for x in ("alarms", "calibrate", "dga", "scan")}
SLOW |= {"malicious_domains.names.dga_index", "malicious_domains.scan.reading"}


@pytest.mark.parametrize("module", [x for x in MODULES if x not in SLOW])
def test_the_examples_of_a_module_hold(module: str) -> None:
    result = doctest.testmod(importlib.import_module(module))
    assert (result.failed, result.attempted > 0) == (0, True)


def list_public(module: ModuleType) -> Iterator[tuple[str, CodeType]]:
    """Yield the functions and methods that a module defines without an underscore."""
    own = {k: x for k, x in vars(module).items() if getattr(x, "__module__", "") == module.__name__}
    members = {
        f"{name}.{key}": member
        for name, x in own.items()
        if inspect.isclass(x) and not name.startswith("_")
        for key, member in vars(x).items()
    }
    for name, x in (own | members).items():
        x = x.__func__ if isinstance(x, classmethod | staticmethod) else x
        x = x.fget if isinstance(x, property) else x.func if isinstance(x, cached_property) else x
        code = getattr(inspect.unwrap(x), "__code__", None) if callable(x) else None
        if isinstance(code, CodeType) and not name.rpartition(".")[2].startswith("_"):
            yield name, code


def list_missing() -> Iterator[str]:
    """Yield what no example of the rooms runs, and modules whose examples fail."""
    paths = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
    names = [name_module(x) for x in paths if x.stem not in ("__main__", "worker_daemon")]
    modules = [importlib.import_module(name) for name in names]
    run = set[CodeType]()

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            run.add(frame.f_code)

    sys.setprofile(note)
    failed = [x.__name__ for x in modules if doctest.testmod(x).failed]
    sys.setprofile(None)
    yield from failed
    for module in modules:
        for name, code in list_public(module):
            if code not in run:
                yield f"{module.__name__.rpartition('.')[2]}.{name}"


@pytest.mark.slow
def test_examples_run_all_that_is_public() -> None:
    """In a process of its own, which has cached nothing yet."""
    code = "from tests.test_examples import list_missing; print(*list_missing())"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    listed = set().union(*NO_EXAMPLE.values())
    assert (set(run.stdout.split()) ^ listed, run.stderr) == (set(), "")
