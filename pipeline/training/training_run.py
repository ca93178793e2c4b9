"""Run a training: read the corpus, design columns, train, export, verify."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from malicious_domains.features.language_tables import Lexicon
from malicious_domains.inputs import paths
from malicious_domains.inputs.atomic import replace_folder
from malicious_domains.inputs.console import print_status
from malicious_domains.model import artifact
from malicious_domains.model.artifact import flatten_coefficients

from ..corpus import sources
from ..corpus.defaults import open_corpus
from ..corpus.labelled import Corpus
from ..corpus.mapping import ReadOptions
from ..h2o_cluster.cluster import ClusterOptions, open_cluster
from ..h2o_cluster.nodes import MEMORY
from . import TrainingError
from .automaton import compile_words, read_words, select_usable
from .design import Classic, DesignMatrix, Language
from .export import Verification, export_model, verify_export
from .glm import train_glm

SAME = 1e-6  # largest difference between numbers of two trainings on the same data


@dataclass(frozen=True, kw_only=True)
class Request:
    """A model to train; None stands for the default."""

    features: str = "language"
    data: Path | None = None
    mapping: Sequence[str] = ()  # names of the columns of data, for ReadOptions.parse
    lenient: bool = False  # whether more rows of data than usual may be left out
    lexicon: Path | None = None
    out: Path | None = None
    h2o_url: str | None = None
    h2o_folder: Path | None = None
    h2o_nodes: int = 1
    h2o_memory: str = MEMORY
    prove_all: bool = False  # score every row with the MOJO, not a sample
    compare: str | None = None  # an artifact that should come out again

    @property
    def folder(self) -> Path:
        """The folder of the artifact."""
        return self.out or paths.BUILD / self.features


def run_training(request: Request) -> Verification:
    """Read, design, train, export and verify; print what is used to stderr.

    The artifact takes its place completely, or not at all. Raises MaliciousDomainsError.
    """
    options = ClusterOptions(
        request.h2o_url, request.h2o_folder, request.h2o_nodes, request.h2o_memory
    )
    reading = ReadOptions.parse(request.mapping, request.lenient)
    if request.compare:
        _check_kind(request.compare, request.features)
    with (
        replace_folder(
            request.folder, artifact.FILES, kept=[artifact.ALLOW, *artifact.DGA_INDEXES]
        ) as folder,
        open_corpus(request.features, request.data, reading) as corpus,
    ):
        print_status(f"data     {corpus.describe()}")
        design, words = _make_design(request, corpus)
        print_status(f"words    {words['name']}: {words['rows']:,} words")
        with open_cluster(options) as cluster:
            print_status("training a GLM in H2O ...")
            trained = train_glm(cluster, corpus, design, folder)
        print_status("exporting, and verifying the export on every row ...")
        export_model(trained, [corpus.source(), words], folder)
        whole = request.prove_all or request.features == "classic"
        verification = verify_export(trained, corpus.labels, folder, whole)
        if request.compare:
            print_status(
                f"the same as {request.compare}: {compare_artifacts(request.compare, folder)}"
            )
    print_status(f"verified {verification}")
    print_status(f"written  {request.folder}")
    return verification


def _check_kind(expected: str, features: str) -> None:
    """Raise TrainingError, before the time is spent, if the artifact is of another kind."""
    kind = artifact.load_artifact(artifact.locate_artifact(expected)).metadata["name"]
    if kind != features:
        raise TrainingError(f"{expected} is a model of {kind} features, not of {features}")


def compare_artifacts(expected: str, folder: Path) -> str:
    """Describe how far the artifact in a folder is from the one named `expected`.

    Raises TrainingError if any coefficient or threshold differs by more than SAME, or if they have
    different ones; ArtifactError if either cannot be loaded.
    """
    one, other = (
        artifact.load_artifact(path) for path in (artifact.locate_artifact(expected), folder)
    )
    numbers = [
        [*flatten_coefficients(x.metadata["coefficients"]), x.intercept, *x.thresholds.values()]
        for x in (one, other)
    ]
    if one.predictor.terms != other.predictor.terms or len(numbers[0]) != len(numbers[1]):
        raise TrainingError(f"not the columns, bins and operating points of {expected}")
    difference = max(abs(a - b) for a, b in zip(*numbers, strict=True))
    if difference > SAME:
        raise TrainingError(f"{difference:.1e} from {expected}, more than {SAME}")
    return f"{len(numbers[0]):,} coefficients and thresholds within {difference:.1e}"


def _make_design(request: Request, corpus: Corpus) -> tuple[DesignMatrix, dict[str, Any]]:
    """Return the design, and the record of its word list."""
    if request.features == "classic":
        lexicon, words = _load_lexicon(request.lexicon)
        return Classic(corpus, lexicon), words
    if request.lexicon:
        raise TrainingError("--lexicon applies to classic features; language has its own words")
    print_status("counting characters and words, for each fold ...")
    design = Language(corpus)
    return design, design.describe_words()


def _load_lexicon(path: Path | None) -> tuple[Lexicon, dict[str, Any]]:
    if path is None:
        source = sources.WEB2
        record = {"name": source.name, "sha256": source.sha256, "rows": source.rows}
        return Lexicon.load(sources.fetch_source(source)), record
    words = read_words(path)
    rows = len(select_usable(words))
    record = {"name": path.name, "sha256": sources.sha256_of(path), "rows": rows}
    return Lexicon(compile_words(words)), record
