"""The verdicts in words that were read and found good, by model and name.

A retrained model, or better English, gives other ones. As a program it writes them down anew, to
be read before they are committed: python -m tests.helpers.sentences
"""

from __future__ import annotations

import json

from malicious_domains.model.scorer import Scorer
from tests.helpers.data import FOLDER, GOLDEN

FILE = FOLDER / "golden-sentences.json"
MODELS = ("classic", "language")
# Beside the golden names: what reads poorly where nobody looks.
MORE = ["12306.cn", "münchen-airport.de", "aaaaaaaaaaaaaaa.com", "lloydsbank.co.uk", "a.co"]
MORE += ["paypal-security-login-update.com", "d111111abcdef8.cloudfront.net", "ltdclrsnpw.net"]
NAMES = sorted({str(x["domain"]) for x in GOLDEN} | {*MORE})


def sentences() -> dict[str, dict[str, str]]:
    """What the packaged models say now."""
    scorers = {model: Scorer.load(model) for model in MODELS}
    return {
        model: {name: scorer.score(name).reason for name in NAMES}
        for model, scorer in scorers.items()
    }


def recorded() -> dict[str, dict[str, str]]:
    """What they said when the file was written."""
    found: dict[str, dict[str, str]] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


if __name__ == "__main__":
    FILE.write_text(json.dumps(sentences(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
