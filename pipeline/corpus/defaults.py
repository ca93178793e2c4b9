"""What is learned from where no data are given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from malicious_domains.inputs.console import print_status
from malicious_domains.inputs.signals import temporary_folder

from . import embedded, labelled, mixture, sources
from .labelled import Corpus
from .mapping import ReadOptions
from .schema import CorpusError


@contextmanager
def chosen(
    features: str, data: Path | None, options: ReadOptions | None = None
) -> Iterator[Corpus]:
    """The file at data, or what a model of these features is trained on by default.

    How a file of one's own is read, and what is left out, is said. Raises CorpusError, InputError
    or SourceError.
    """
    if data:
        yield _own_corpus(data, options)
        return
    if options and options.columns:
        raise CorpusError("--map is of a file: give it as --data")
    with temporary_folder("corpus-") as folder:
        if features == "classic":
            yield _classic_corpus(folder)
            return
        path = folder / "mix.csv"
        print_status(f"mixed    {mixture.assemble(path)}")
        yield labelled.read(path, "mix")


def _own_corpus(path: Path, options: ReadOptions | None) -> Corpus:
    corpus = labelled.read(path, options=options)
    if corpus.taken:
        print_status(f"taken    {corpus.taken}")
        if corpus.taken.left_out.rows:
            print_status(str(corpus.taken.left_out))
    return corpus


def _classic_corpus(folder: Path) -> Corpus:
    """The original's, if it is here or can be had; else the embedded."""
    if found := sources.original_or_none("the embedded corpus is used instead"):
        return labelled.read(found, "original")
    path = folder / "embedded.csv"
    embedded.write(path)
    return labelled.read(path, "embedded")
