"""Labels and answers that several tests look at.

As a program it records the verdicts in words of both packaged models anew, to be read before they
are committed: python -m tests.helpers.data
"""

from __future__ import annotations

import functools
import json
import lzma
from pathlib import Path
from typing import Any

from malicious_domains.model.scorer import Scorer
from pipeline.corpus import sources

FOLDER = Path(__file__).parents[1] / "data"
# Recorded from H2O's Java scorer, see tests/pipeline/training/test_export.py.
GOLDEN = json.loads((FOLDER / "golden.json").read_text())


@functools.cache
def legitimate() -> list[str]:
    """Return the distinct labels of HSTS names, sorted."""
    hosts = lzma.decompress(sources.HSTS.path.read_bytes()).decode("ascii").split()
    return sorted({host.partition(".")[0] for host in hosts})


def without_nulls(value: Any) -> Any:
    """Return rows without what is null: JSON lines leave out what a column must have."""
    if isinstance(value, dict):
        return {k: without_nulls(x) for k, x in value.items() if x is not None}
    return [without_nulls(x) for x in value] if isinstance(value, list) else value


# Verdicts in words that were read and found good, by model and name. A retrained model, or better
# English, gives other ones.
SENTENCES = FOLDER / "golden-sentences.json"
MODELS = ("classic", "language")
# Names besides the golden ones, whose sentences easily read poorly.
MORE = ["12306.cn", "münchen-airport.de", "aaaaaaaaaaaaaaa.com", "lloydsbank.co.uk", "a.co"]
MORE += ["paypal-security-login-update.com", "d111111abcdef8.cloudfront.net", "ltdclrsnpw.net"]
NAMES = sorted({str(x["domain"]) for x in GOLDEN} | {*MORE})


def make_sentences() -> dict[str, dict[str, str]]:
    """Return the sentences of the packaged models."""
    scorers = {model: Scorer.load(model) for model in MODELS}
    return {
        model: {name: scorer.score(name).reason for name in NAMES}
        for model, scorer in scorers.items()
    }


def read_sentences() -> dict[str, dict[str, str]]:
    """Return the recorded sentences."""
    recorded: dict[str, dict[str, str]] = json.loads(SENTENCES.read_text(encoding="utf-8"))
    return recorded


if __name__ == "__main__":
    SENTENCES.write_text(
        json.dumps(make_sentences(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
