"""Run a training: read the corpus, design columns, train, export, verify."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from malicious_domains.features.language_tables import Lexicon
from malicious_domains.inputs.atomic import replace_folder
from malicious_domains.inputs.console import print_status
from malicious_domains.model import artifact
from malicious_domains.model.artifact import flatten_coefficients

from ..corpus import sources
from ..corpus.columns import ReadOptions
from ..corpus.defaults import open_corpus
from ..corpus.labelled import Corpus
from ..h2o_cluster.cluster import open_cluster
from ..h2o_cluster.nodes import MEMORY
from . import TrainingError
from .automaton import compile_words, read_words, select_usable
from .design import Classic, DesignMatrix, Language
from .export import Verification, export_model, verify_export
from .glm import train_glm

SAME = 1e-6  # largest difference between numbers of two trainings on the same data


def run_training(
    features: str,
    out: Path,
    *,
    data: Path | None = None,
    mapping: Sequence[str] = (),
    lenient: bool = False,
    lexicon: Path | None = None,
    h2o_url: str | None = None,
    h2o_memory: str = MEMORY,
    compare: str | None = None,
) -> Verification:
    """Read, design, train, export to `out` and verify; print what is used to stderr.

    mapping and lenient: how data is read, see ReadOptions.parse; lexicon: a list of words for
    classic; compare: an artifact that should come out again. The artifact takes its place
    completely, or not at all. Raises MaliciousDomainsError.
    """
    reading = ReadOptions.parse(mapping, lenient)
    kept = [artifact.ALLOW, *artifact.DGA_INDEXES]
    if compare:  # before the time is spent
        kind = artifact.load_artifact(artifact.locate_artifact(compare)).metadata["name"]
        if kind != features:
            raise TrainingError(f"{compare} is a model of {kind} features, not of {features}")
    with (
        replace_folder(out, artifact.FILES, kept=kept) as folder,
        open_corpus(features, data, reading) as corpus,
    ):
        print_status(f"data     {corpus.describe()}")
        design = make_design(features, corpus, lexicon)
        print_status(f"words    {design.words['name']}: {design.words['rows']:,} words")
        with open_cluster(h2o_url, h2o_memory) as cluster:
            print_status("training a GLM in H2O ...")
            trained = train_glm(cluster, corpus, design, folder)
        print_status("exporting, and verifying the export on every row ...")
        export_model(trained, corpus, design, folder)
        verification = verify_export(trained, corpus.labels, folder)
        if compare:
            print_status(f"the same as {compare}: {compare_artifacts(compare, folder)}")
    print_status(f"verified {verification}")
    print_status(f"written  {out}")
    return verification


def compare_artifacts(expected: str, folder: Path) -> str:
    """Describe how far the artifact in a folder is from the one named `expected`.

    Raises TrainingError if any coefficient or threshold differs by more than SAME, or if they have
    different ones; ArtifactError if either cannot be loaded.
    """
    one = artifact.load_artifact(artifact.locate_artifact(expected))
    other = artifact.load_artifact(folder)
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


def make_design(features: str, corpus: Corpus, lexicon: Path | None = None) -> DesignMatrix:
    """Return the design of a model; lexicon: a list of words for classic (default: WEB2)."""
    if features == "language":
        if lexicon:
            raise TrainingError("--lexicon applies to classic features; language has its own words")
        return Language(corpus)
    if lexicon is None:
        source = sources.WEB2
        record = {"name": source.name, "sha256": source.sha256, "rows": source.rows}
        return Classic(corpus, Lexicon.load(sources.fetch_source(source)), record)
    words = read_words(lexicon)
    rows = len(select_usable(words))
    record = {"name": lexicon.name, "sha256": sources.sha256_of(lexicon), "rows": rows}
    return Classic(corpus, Lexicon(compile_words(words)), record)
