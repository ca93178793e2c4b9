"""What is learned from where no data are given."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..console import say
from . import labelled, mixture, sources
from .labelled import Corpus


@contextmanager
def chosen(features: str, data: Path | None) -> Iterator[Corpus]:
    """The CSV at data, or what a model of these features is trained on by default.

    Raises CorpusError or SourceError.
    """
    if data:
        yield labelled.read(data)
        return
    with tempfile.TemporaryDirectory(prefix="corpus-") as folder:
        if features == "classic":
            yield _classic_corpus(Path(folder))
            return
        path = Path(folder) / "mix.csv"
        say(f"mixed    {mixture.assemble(path)}")
        yield labelled.read(path, "mix")


def _classic_corpus(folder: Path) -> Corpus:
    """The original's, if it is here or can be had; else the embedded."""
    if found := sources.original_or_none("the embedded corpus is used instead"):
        return labelled.read(found, "original")
    path = folder / "embedded.csv"
    labelled.write_embedded(path)
    return labelled.read(path, "embedded")
