"""Run a training: read the corpus, design columns, train, export, verify."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from malicious_domains.features.language_tables import Lexicon
from malicious_domains.inputs.atomic import replace_folder
from malicious_domains.inputs.console import print_status
from malicious_domains.model import artifact
from malicious_domains.model.artifact import flatten_coefficients
from malicious_domains.names.errors import MaliciousDomainsError

from ..corpus import sources
from ..corpus.columns import ReadOptions
from ..corpus.defaults import open_corpus
from ..corpus.labelled import Corpus
from ..h2o_cluster.cluster import open_cluster
from ..h2o_cluster.nodes import MEMORY
from .automaton import compile_words, read_words, select_usable
from .design import Classic, DesignMatrix, Language
from .export import export_model
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
) -> str:
    """Read, design, train, export to `out`; return the verification, print what is used to stderr.

    mapping and lenient: how data is read, see ReadOptions.parse; lexicon: a list of words for
    classic; compare: an artifact that should come out again. The artifact takes its place
    completely, or not at all. Raises MaliciousDomainsError.
    """
    reading = ReadOptions.parse(mapping, lenient)
    kept = [artifact.ALLOW, *artifact.DGA_INDEXES]
    if compare:  # before the time is spent
        kind = artifact.load_artifact(artifact.locate_artifact(compare)).metadata["name"]
        if kind != features:
            problem = f"{compare} is a model of {kind} features, not of {features}"
            raise MaliciousDomainsError(problem)
    with (
        replace_folder(out, artifact.FILES, kept=kept) as folder,
        open_corpus(features, data, reading) as corpus,
    ):
        print_status(f"data     {corpus.describe()}")
        design = make_design(features, corpus, lexicon)
        print_status(f"words    {design.words['name']}: {design.words['rows']:,} words")
        with open_cluster(h2o_url, h2o_memory) as cluster:
            print_status("training a GLM in H2O ...")
            trained = train_glm(cluster, design, folder)
        print_status("exporting, and verifying the export on every row ...")
        verification = export_model(trained, design, folder)
        if compare:
            print_status(f"the same as {compare}: {compare_artifacts(compare, folder)}")
    print_status(f"verified {verification}")
    print_status(f"written  {out}")
    return verification


def compare_artifacts(expected: str, folder: Path) -> str:
    """Describe how far the artifact in a folder is from the one named `expected`.

    Raises MaliciousDomainsError if any coefficient or threshold differs by more than SAME, if they
    have different ones, or if either cannot be loaded.

    >>> compare_artifacts("classic", artifact.PACKAGED / "classic")
    '9 coefficients and thresholds within 0.0e+00'
    """
    one, other = map(artifact.load_artifact, (artifact.locate_artifact(expected), folder))
    numbers = [
        [*flatten_coefficients(x.metadata["coefficients"]), x.intercept, *x.thresholds.values()]
        for x in (one, other)
    ]
    if one.predictor.terms != other.predictor.terms or len(numbers[0]) != len(numbers[1]):
        raise MaliciousDomainsError(f"not the columns, bins and operating points of {expected}")
    difference = max(abs(a - b) for a, b in zip(*numbers, strict=True))
    if difference > SAME:
        raise MaliciousDomainsError(f"{difference:.1e} from {expected}, more than {SAME}")
    return f"{len(numbers[0]):,} coefficients and thresholds within {difference:.1e}"


def make_design(features: str, corpus: Corpus, lexicon: Path | None = None) -> DesignMatrix:
    """Return the design of a model; lexicon: a list of words for classic (default: WEB2).

    >>> import pandas as pd
    >>> corpus = Corpus("own", Path("own.csv"), pd.DataFrame({"domain": ["bookshop", "xq7z"]}))
    >>> design = make_design("classic", corpus)
    >>> design.deploy()
       length   entropy  p_vowels  num_words
    0     8.0  2.405639     0.375        9.0
    1     4.0  2.000000     0.000        0.0
    >>> design.equation({"length": 0.5}, intercept=-2.0)["coefficients"]
    {'length': 0.5, 'entropy': 0.0, 'p_vowels': 0.0, 'num_words': 0.0}
    """
    if features == "language":
        if lexicon:
            problem = "--lexicon applies to classic features; language has its own words"
            raise MaliciousDomainsError(problem)
        return Language(corpus)
    if lexicon is None:
        source = sources.WEB2
        record = {"name": source.name, "sha256": source.sha256, "rows": source.rows}
        return Classic(corpus, Lexicon.load(sources.fetch_source(source)), record)
    words = read_words(lexicon)
    rows = len(select_usable(words))
    record = {"name": lexicon.name, "sha256": sources.sha256_of(lexicon), "rows": rows}
    return Classic(corpus, Lexicon(compile_words(words)), record)
