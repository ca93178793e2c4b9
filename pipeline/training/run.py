"""What `train` and `run` do: choose the data, train, export, prove, show."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lambda_app.chalicelib.features.lexicon import Lexicon
from lambda_app.chalicelib.model import artifact
from lambda_app.chalicelib.model.artifact import flat

from ..corpus import labelled, mixture, sources
from ..corpus.labelled import Corpus
from ..deploy.local_server import served
from ..errors import PipelineError
from ..files import replacing
from ..jvm.cluster import cluster
from ..metrics import ORIGINAL_TABLE, ORIGINAL_THRESHOLD, Confusion
from ..processes import session
from .automaton import compile_words, read_words, usable
from .design import Classic, Language, Recipe
from .export import ExportError, Proof, export
from .glm import train

REPORT = ("index.html", "report.json")
SAME = 1e-6  # as far as numbers of two trainings on the same data may be apart
EXAMPLES = ("plzdonthackmekthxbye", "google.com", "wikipedia.org", "xmqjtoevkbhrw.ru")


@dataclass(frozen=True)
class Request:
    """What to train: None means the default of each."""

    features: str = "language"
    data: Path | None = None
    lexicon: Path | None = None
    out: Path | None = None
    h2o_url: str | None = None
    prove_all: bool = False
    compare: str | None = None  # an artifact that should come out again

    @property
    def folder(self) -> Path:
        """Where the artifact goes."""
        return self.out or sources.DATA.parent / "build" / self.features


def say(text: str) -> None:
    """Talk goes to stderr, results to stdout."""
    print(text, file=sys.stderr, flush=True)


def run_training(request: Request) -> Proof:
    """Train, export and prove; what is used is said as it goes."""
    with replacing(request.folder, artifact.FILES) as folder, _corpus(request) as rows:
        say(f"data     {rows.describe()}")
        recipe, words = _recipe(request, rows)
        say(f"words    {words['name']}: {words['rows']:,} words")
        with cluster(request.h2o_url) as joined:
            say("training a GLM in H2O ...")
            trained = train(joined, rows, recipe, folder)
        say("exporting, and proving the export on every row ...")
        whole = request.prove_all or request.features == "classic"
        proof = export(trained, rows.labels, [rows.source(), words], folder, whole)
        if request.compare:
            say(f"the same as {request.compare}: {same(request.compare, folder)}")
    say(f"proof    {proof}")
    say(f"written  {request.folder}")
    return proof


def same(expected: str, found: Path) -> str:
    """How far two artifacts are apart; raises ExportError if over SAME in any number."""
    one, other = (artifact.load(path) for path in (artifact.locate(expected), found))
    numbers = [
        [*flat(x.metadata["coefficients"]), x.intercept, *x.thresholds.values()]
        for x in (one, other)
    ]
    if one.equation.terms != other.equation.terms or len(numbers[0]) != len(numbers[1]):
        raise ExportError(f"not the columns, bins and operating points of {expected}")
    apart = max(abs(a - b) for a, b in zip(*numbers, strict=True))
    if apart > SAME:
        raise ExportError(f"{apart:.1e} from {expected}, more than {SAME}")
    return f"{len(numbers[0]):,} coefficients and thresholds within {apart:.1e}"


def run_evaluation(model: str, data: Path | None, out: Path, h2o_url: str | None) -> None:
    """Evaluate, write the report, print its head."""
    from ..evaluation import evaluate, report  # Matplotlib takes its time

    request = Request(data=data, h2o_url=h2o_url)
    with replacing(out, REPORT) as folder, _corpus(request) as rows:
        say(f"data     {rows.describe()}")
        evaluate.check(rows)
        with cluster(h2o_url) as joined:
            found = evaluate.evaluate(joined, rows, model)
        report.write(found, folder)
    print("\n".join(report.head_lines(found)))
    say(f"written  {out / 'index.html'}")


def _recipe(request: Request, rows: Corpus) -> tuple[Recipe, dict[str, Any]]:
    recipe: Recipe
    if request.features == "classic":
        lexicon, words = _lexicon(request.lexicon)
        return Classic(rows, lexicon), words
    if request.lexicon:
        raise PipelineError("--lexicon is of the classic features; language has words of its own")
    say("counting characters and words, for each fold ...")
    recipe = Language(rows)
    return recipe, recipe.words()


def run_all(request: Request) -> None:
    """Train, then show what came out, answers through the HTTP app included."""
    proof = run_training(request)
    metadata = artifact.load(request.folder).metadata
    print("\n".join(summary(metadata)))
    print(f"Parity      {proof}")
    with served(request.folder) as url:
        for domain in EXAMPLES:
            answer = _ask(url, domain)
            verdict = "malicious" if answer["label"] else "legitimate"
            print(f"{domain:<24} {verdict:<10}  P(malicious) = {answer['class1Prob']:.6f}")
        print(json.dumps(_ask(url, EXAMPLES[0]), indent=2))


def summary(metadata: dict[str, Any]) -> Iterator[str]:
    """Data and confusion matrix of an artifact, the original's beside it."""
    metrics, data = metadata["metrics"], metadata["training"]["data"]
    yield f"Data        {data[0]['name']}, {data[0]['rows']:,} rows; words: {data[1]['name']}"
    sizes = metrics["training_rows"], metrics["validation_rows"]
    yield "Split       {:,} to train, {:,} to validate".format(*sizes)
    ours = Confusion(*(metrics[name] for name in Confusion._fields))
    threshold = metadata["threshold"]["value"]
    yield f"Validation at max F1          {'this model':>12} {'the original':>14}"
    yield f"  threshold                   {threshold:>12.4f} {ORIGINAL_THRESHOLD:>14}"
    for name, mine, theirs in zip(Confusion._fields, ours, ORIGINAL_TABLE, strict=True):
        yield f"  {name.replace('_', ' '):<26}  {mine:>12,} {theirs:>14,}"
    yield f"  errors                      {ours.errors:>12,} {ORIGINAL_TABLE.errors:>14,}"
    rates = [x.errors / sum(x) for x in (ours, ORIGINAL_TABLE)]
    yield f"  error rate                  {rates[0]:>12.2%} {rates[1]:>14.2%}"
    if data[0]["sha256"] != sources.ORIGINAL.sha256:
        yield "  (The original's figures are of other data; see README, Data.)"


@contextmanager
def _corpus(request: Request) -> Iterator[Corpus]:
    """The chosen CSV, or what a model is trained on by default."""
    if request.data:
        yield labelled.read(request.data)
        return
    with tempfile.TemporaryDirectory(prefix="corpus-") as folder:
        if request.features == "classic":
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


def _lexicon(chosen: Path | None) -> tuple[Lexicon, dict[str, Any]]:
    if chosen is None:
        source = sources.WEB2
        used = {"name": source.name, "sha256": source.sha256, "rows": source.rows}
        return Lexicon.load(sources.fetch(source)), used
    words = read_words(chosen)
    used = {"name": chosen.name, "sha256": sources.sha256_of(chosen), "rows": len(usable(words))}
    return Lexicon(compile_words(words)), used


def _ask(url: str, domain: str) -> dict[str, Any]:
    with session() as direct:
        answer = direct.post(f"{url}/malicious-domain-classifier", json={"domain": domain})
    answer.raise_for_status()
    result: dict[str, Any] = answer.json()
    return result
