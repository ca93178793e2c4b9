"""Show the result of a training: the data, the errors, the verification, answers over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from malicious_domains.model import artifact

from ..corpus import sources
from ..h2o_cluster.local_servers import direct_session
from ..release.local_server import serve_app
from ..training.metrics import ORIGINAL_TABLE, ORIGINAL_THRESHOLD, Confusion

EXAMPLES = ("plzdonthackmekthxbye", "google.com", "wikipedia.org", "xmqjtoevkbhrw.ru")


def show_model(folder: Path, verification: str) -> None:
    """Print the figures of a model that was just trained, and some answers of the HTTP app."""
    print("\n".join(summarize_model(artifact.load_artifact(folder).metadata)))
    print(f"Parity      {verification}")
    with serve_app(folder) as url:
        for domain in EXAMPLES:
            answer = _ask(url, domain)
            verdict = "generated" if answer["label"] else "not generated"
            print(f"{domain:<24} {verdict:<13}  P(generated) = {answer['class1Prob']:.6f}")
        print(json.dumps(_ask(url, EXAMPLES[0]), indent=2))


def summarize_model(metadata: dict[str, Any]) -> Iterator[str]:
    """Yield the data and confusion matrix of an artifact, with those of the H2O demo.

    >>> next(summarize_model(artifact.load_artifact(artifact.PACKAGED / "classic").metadata))
    'Data        original, 133,926 rows; words: web2'
    """
    metrics, data = metadata["metrics"], metadata["training"]["data"]
    yield f"Data        {data[0]['name']}, {data[0]['rows']:,} rows; words: {data[1]['name']}"
    sizes = metrics["training_rows"], metrics["validation_rows"]
    yield "Split       {:,} to train, {:,} to validate".format(*sizes)
    counts = Confusion(*(metrics[name] for name in Confusion._fields))
    threshold = metadata["threshold"]["value"]
    yield f"Validation at max F1          {'this model':>12} {'the H2O demo':>14}"
    yield f"  threshold                   {threshold:>12.4f} {ORIGINAL_THRESHOLD:>14}"
    for name, count, demo in zip(Confusion._fields, counts, ORIGINAL_TABLE, strict=True):
        yield f"  {name.replace('_', ' '):<26}  {count:>12,} {demo:>14,}"
    yield f"  errors                      {counts.errors:>12,} {ORIGINAL_TABLE.errors:>14,}"
    rates = [x.errors / sum(x) for x in (counts, ORIGINAL_TABLE)]
    yield f"  error rate                  {rates[0]:>12.2%} {rates[1]:>14.2%}"
    if data[0]["sha256"] != sources.ORIGINAL.sha256:
        yield "  (The H2O demo's figures are of other data; see docs/training.md, Data.)"


def _ask(url: str, domain: str) -> dict[str, Any]:
    with direct_session() as direct:
        answer = direct.post(f"{url}/malicious-domain-classifier", json={"domain": domain})
    answer.raise_for_status()
    return dict(answer.json())
