"""Answers by the H2O demo's words and data about labels of ours, for those who have neither.

Labels are of the committed HSTS list and of our generators, those that the original's data
holds too. H2O's string functions and its Java scorer gave the values, by the original's list of
words and by a model trained on the original's data. Of the words those are kept that stand in
the labels. As a program it records them anew: python -m tests.helpers.golden
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import h2o
import pandas as pd

from malicious_domains.features.registry import CLASSIC
from pipeline.corpus import defaults, labelled, sources
from pipeline.h2o_cluster.cluster import Cluster, download_frame, open_cluster
from pipeline.h2o_cluster.mojo import score_mojo
from pipeline.training.automaton import read_words
from tests.helpers.commands import run
from tests.helpers.data import FOLDER, legitimate

WORDS = FOLDER / "golden-words.txt"
FEATURES = FOLDER / "golden-features.csv"  # label, subclass, the four features, probability
MODEL = FOLDER / "golden-model.json"  # coefficients, intercept and threshold
EACH = {"legit": 1200, "cryptolocker": 400, "goz": 400, "newgoz": 400}  # labels


def golden() -> pd.DataFrame:
    """Return the committed rows, as text where they are text."""
    return pd.read_csv(FEATURES, dtype={"label": str}, keep_default_na=False)


def features_by_h2o(running: Cluster, labels: list[str], words: Path) -> pd.DataFrame:
    """Return the four features by H2O's own string functions."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "labels.csv"
        path.write_text("label\n" + "\n".join(labels) + "\n")
        frame = h2o.upload_file(str(path), "golden", header=1, col_types=["string"])
        label = frame["label"]
        vowels = label.countmatches(["a", "e", "i", "o", "u"])
        columns = label.nchar().cbind(label.entropy()).cbind(vowels / label.nchar())
        values = download_frame(columns.cbind(label.num_valid_substrings(str(words))))
    found = pd.DataFrame(values, columns=list(CLASSIC))
    return found.astype({"length": int, "num_words": int})


def _chosen() -> pd.DataFrame:
    original = labelled.read_corpus(sources.fetch_source(sources.ORIGINAL)).frame
    rows = [(label, "legit") for label in _every(legitimate(), EACH["legit"])]
    with tempfile.TemporaryDirectory() as folder:
        defaults.write_embedded(Path(folder) / "embedded.csv")
        ours = labelled.read_corpus(Path(folder) / "embedded.csv").frame
    both = ours[(ours["class"] == "dga") & ours["host"].isin(original["host"])]
    for family, labels in both.groupby("subclass")["domain"]:
        rows += [(label, str(family)) for label in _every(sorted(labels), EACH[str(family)])]
    return pd.DataFrame(rows, columns=["label", "subclass"])


def _every(texts: list[str], count: int) -> list[str]:
    return texts[:: len(texts) // count][:count]


def main() -> None:
    """Record; needs the original's data and words."""
    words = sources.fetch_source(sources.ORIGINAL_WORDS)
    rows = _chosen()
    inside = {
        x[i:j] for x in rows["label"] for i in range(len(x)) for j in range(i + 2, len(x) + 1)
    }
    WORDS.write_text("".join(f"{x}\n" for x in sorted(inside & set(read_words(words)))))
    with open_cluster() as running:
        rows = rows.join(features_by_h2o(running, list(rows["label"]), words))
    with tempfile.TemporaryDirectory() as name:
        out = Path(name) / "model"
        data = ("--data", sources.ORIGINAL.path, "--lexicon", words)
        run("train", "--features", "classic", *data, "--out", out).check_returncode()
        rows["probability"] = score_mojo(out / "mojo.zip", rows[list(CLASSIC)])[1][:, 1]
        metadata = json.loads((out / "model.json").read_text())
    rows.to_csv(FEATURES, index=False)
    kept = {name: metadata[name] for name in ("coefficients", "intercept", "threshold")}
    MODEL.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
