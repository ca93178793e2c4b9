"""What `evaluate` does: leave families and lists out, and write the report."""

from __future__ import annotations

from pathlib import Path

from malicious_domains.inputs.atomic import replace_folder
from malicious_domains.inputs.console import print_status

from ..corpus.defaults import chosen
from ..corpus.mapping import ReadOptions
from ..h2o_cluster.cluster import H2O, cluster
from . import REPORT_FILES, evaluate, evaluation_report
from .client_days import show
from .client_days.gather import TrafficScores


def run_evaluation(
    model: str,
    data: Path | None,
    out: Path,
    which: H2O | None = None,
    *,
    options: ReadOptions | None = None,
    traffic: bool = False,
) -> None:
    """Evaluate, write the report, print its head, and with traffic the tables of client-days.

    which: the H2O that is used; options: how data is read.
    """
    with replace_folder(out, REPORT_FILES) as folder, chosen("language", data, options) as rows:
        print_status(f"data     {rows.describe()}")
        evaluate.check(rows)
        beside = TrafficScores.of(rows) if traffic else None
        with cluster(which) as joined:
            found = evaluate.evaluate(joined, rows, model, beside)
        evaluation_report.write(found, folder)
    print("\n".join(evaluation_report.head_lines(found)))
    if found.traffic:
        print("", *show.lines(found.traffic), sep="\n")
    print_status(f"written  {out / 'index.html'}")
