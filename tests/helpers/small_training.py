"""python -m tests.helpers.small_training NODES CSV OUT: a language model of few features.

It trains on so many nodes of H2O, from shards so small that each node has some, and proves the
export. In OUT stand the artifact, split.npy and thresholds.npy: those that H2O compares for a
classic model of the same rows, whose probabilities are many. In a process of its own, as H2O's
client has one connection.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from malicious_domains.features.array_types import Floats
from malicious_domains.features.language_tables import Lexicon
from pipeline.corpus import labelled, sources
from pipeline.h2o_cluster.cluster import H2O, cluster
from pipeline.training import glm, shards
from pipeline.training.design import Classic, Language
from pipeline.training.export import export, verify_export
from pipeline.training.training_run import train


def main(nodes: str, path: str, out: str) -> None:
    """Train; raises what training raises."""
    folder = Path(out)
    folder.mkdir()
    shards._SIZE = 1 << 13
    candidates = glm._candidates

    def noted(thresholds: Floats, probability: Floats) -> Floats:
        np.save(folder / "thresholds.npy", thresholds)
        return candidates(thresholds, probability)

    glm._candidates = noted
    corpus = labelled.read(Path(path))
    design = Language(corpus, ("length", "trigram_mean", "cut_mean"))
    with cluster(H2O(nodes=int(nodes))) as running:
        trained = train(running, corpus, design, folder)
        glm.fit(running, corpus, Classic(corpus, Lexicon.load(sources.WEB2.path)))
    export(trained, [], folder)
    verify_export(trained, corpus.labels, folder, whole=True)
    np.save(folder / "split.npy", trained.valid)


if __name__ == "__main__":
    main(*sys.argv[1:])
