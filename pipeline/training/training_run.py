"""What `train` does: read, design, fit, threshold, out of fold, export, verify."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h2o

from malicious_domains.features.language_tables import Lexicon
from malicious_domains.inputs import paths
from malicious_domains.inputs.atomic import replace_folder
from malicious_domains.inputs.console import print_status
from malicious_domains.model import artifact
from malicious_domains.model.artifact import flatten_coefficients
from malicious_domains.names.errors import MaliciousDomainsError

from ..corpus import sources
from ..corpus.defaults import chosen
from ..corpus.folds import fold_of
from ..corpus.labelled import Corpus
from ..corpus.mapping import ReadOptions
from ..h2o_cluster.cluster import H2O, Cluster, cluster
from ..h2o_cluster.nodes import MEMORY
from .automaton import compile_words, read_words, usable
from .design import Classic, DesignMatrix, Language
from .export import ExportError, Verification, export, verify_export
from .glm import Trained, check_classes, fit, out_of_fold, predict_deployed

SAME = 1e-6  # as far as numbers of two trainings on the same data may be apart


@dataclass(frozen=True, kw_only=True)
class Request:
    """What to train: None means the default of each."""

    features: str = "language"
    data: Path | None = None
    mapping: Sequence[str] = ()  # how the columns of data are called, as ReadOptions.parse has it
    lenient: bool = False  # whether more rows of data than usual may be left out
    lexicon: Path | None = None
    out: Path | None = None
    h2o_url: str | None = None
    h2o_folder: Path | None = None
    h2o_nodes: int = 1
    h2o_memory: str = MEMORY
    prove_all: bool = False  # ask the MOJO for every row, not for some of them
    compare: str | None = None  # an artifact that should come out again

    @property
    def folder(self) -> Path:
        """Where the artifact goes."""
        return self.out or paths.BUILD / self.features

    @property
    def options(self) -> ReadOptions:
        """How data is read; raises CorpusError."""
        return ReadOptions.parse(self.mapping, self.lenient)

    @property
    def h2o(self) -> H2O:
        """Which H2O is used; raises ClusterError."""
        return H2O(self.h2o_url, self.h2o_folder, self.h2o_nodes, self.h2o_memory)


def run_training(request: Request) -> Verification:
    """Read, design, fit, export and verify; what is used is said as it goes.

    The artifact takes its place whole, or not at all. Raises MaliciousDomainsError of any kind.
    """
    which = request.h2o
    if request.compare:
        _check_kind(request.compare, request.features)
    with (
        replace_folder(
            request.folder, artifact.FILES, kept=[artifact.ALLOW, *artifact.DGA_INDEXES]
        ) as folder,
        chosen(request.features, request.data, request.options) as corpus,
    ):
        print_status(f"data     {corpus.describe()}")
        design, words = _design(request, corpus)
        print_status(f"words    {words['name']}: {words['rows']:,} words")
        with cluster(which) as joined:
            print_status("training a GLM in H2O ...")
            trained = train(joined, corpus, design, folder)  # the function below
        print_status("exporting, and proving the export on every row ...")
        export(trained, [corpus.source(), words], folder)
        whole = request.prove_all or request.features == "classic"
        verification = verify_export(trained, corpus.labels, folder, whole)
        if request.compare:
            print_status(f"the same as {request.compare}: {compare(request.compare, folder)}")
    print_status(f"proof    {verification}")
    print_status(f"written  {request.folder}")
    return verification


def train(cluster: Cluster, corpus: Corpus, design: DesignMatrix, folder: Path) -> Trained:
    """Fit with the threshold of maximal F1, and score out of fold, on a running cluster.

    The MOJO is saved in the folder. Raises TrainingError.
    """
    config = design.config
    fold = fold_of(corpus.groups, config.out_of_fold_folds)
    for k in range(config.out_of_fold_folds):  # before the time is spent
        check_classes(corpus, fold != k, "the operating points")
    fitted = fit(cluster, corpus, design)
    fitted.model.download_mojo(str(folder / artifact.MOJO))
    deployed = fitted.probability
    if design.cross_fitted:
        deployed = predict_deployed(cluster, fitted.model, design, len(deployed))
    return Trained(
        design=design,
        malicious=corpus.malicious,
        valid=fitted.valid,
        probability=fitted.probability,
        deployed=deployed,
        out_of_fold=out_of_fold(cluster, design, corpus, fold, "out of fold"),
        parameters={
            "h2o_version": h2o.__version__,
            "solver": fitted.model.actual_params["solver"],
            "alpha": config.alpha,
            "lambda": config.ridge(design.name),
            "seed": config.split_seed,
        },
    )


def _check_kind(expected: str, features: str) -> None:
    """What cannot come out again is told before the time is spent."""
    kind = artifact.load_artifact(artifact.locate_artifact(expected)).metadata["name"]
    if kind != features:
        raise ExportError(f"{expected} is a model of {kind} features, not of {features}")


def compare(expected: str, found: Path) -> str:
    """Say how far an artifact in a folder is from the one named as expected.

    Raises ExportError if any coefficient or threshold differs by more than SAME, or if the
    two do not have the same ones; ArtifactError if either cannot be loaded.
    """
    one, other = (
        artifact.load_artifact(path) for path in (artifact.locate_artifact(expected), found)
    )
    numbers = [
        [*flatten_coefficients(x.metadata["coefficients"]), x.intercept, *x.thresholds.values()]
        for x in (one, other)
    ]
    if one.predictor.terms != other.predictor.terms or len(numbers[0]) != len(numbers[1]):
        raise ExportError(f"not the columns, bins and operating points of {expected}")
    apart = max(abs(a - b) for a, b in zip(*numbers, strict=True))
    if apart > SAME:
        raise ExportError(f"{apart:.1e} from {expected}, more than {SAME}")
    return f"{len(numbers[0]):,} coefficients and thresholds within {apart:.1e}"


def _design(request: Request, corpus: Corpus) -> tuple[DesignMatrix, dict[str, Any]]:
    design: DesignMatrix
    if request.features == "classic":
        lexicon, words = _lexicon(request.lexicon)
        return Classic(corpus, lexicon), words
    if request.lexicon:
        raise MaliciousDomainsError(
            "--lexicon is of the classic features; language has words of its own"
        )
    print_status("counting characters and words, for each fold ...")
    design = Language(corpus)
    return design, design.words()


def _lexicon(chosen: Path | None) -> tuple[Lexicon, dict[str, Any]]:
    if chosen is None:
        source = sources.WEB2
        used = {"name": source.name, "sha256": source.sha256, "rows": source.rows}
        return Lexicon.load(sources.fetch(source)), used
    words = read_words(chosen)
    used = {"name": chosen.name, "sha256": sources.sha256_of(chosen), "rows": len(usable(words))}
    return Lexicon(compile_words(words)), used
