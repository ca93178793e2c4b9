"""Fixtures that several test modules share: data, a running H2O, the served app."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import uuid
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import settings

from malicious_domains.features.language_tables import Lexicon
from malicious_domains.inputs.paths import DOWNLOADS
from malicious_domains.model import artifact
from malicious_domains.model.scorer import Scorer
from malicious_domains.names.errors import MaliciousDomainsError
from pipeline.corpus import sources
from pipeline.release import package
from pipeline.release.local_server import serve_app
from tests.helpers import aws_server
from tests.helpers.commands import run_here
from tests.helpers.programs import skip_for_want_of, wanted_packages

if TYPE_CHECKING:  # pandas, H2O and Spark are imported by the fixtures that use them
    from pyspark.sql import SparkSession

    from pipeline.corpus import labelled
    from pipeline.h2o_cluster.cluster import Cluster

# A JVM lives for seconds here: what the better compiler takes, and the verification of classes
# that its own packages have, would not come back.
JAVA_OPTIONS = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
JAVA_OPTIONS += " -XX:+UnlockDiagnosticVMOptions -XX:-BytecodeVerificationRemote"
os.environ.setdefault("JDK_JAVA_OPTIONS", JAVA_OPTIONS)

# The first example of a test pays for loading what the others share.
settings.register_profile("project", deadline=None)
settings.load_profile("project")

# Fixtures that cost so much that all tests which use one are slow and run in the same process.
COSTLY = ("h2o_cluster", "packages", "spark")
H2O = pytest.StashKey[ExitStack]()  # what ends its node
LAST = pytest.StashKey[pytest.Item | None]()  # test that uses it
LONG = "test_notebook.py"  # in one fixture, which nothing runs beside if it comes late
# Compiling takes most of the time with few rows. test_engines.py has a session with the settings of
# users.
SPARK = {
    "spark.sql.shuffle.partitions": "2",
    "spark.default.parallelism": "2",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}
collect_ignore = ["lambda_app/web/schemathesis_hooks.py"]  # of its own program; slow to import
# Files of the H2O demo's by the fixture that needs them. Where they cannot be had, test_golden.py
# holds its numbers on a sample, and the tests of all of it are left out.
ORIGINALS = {"original": sources.ORIGINAL, "words_txt": sources.ORIGINAL_WORDS}


def pytest_configure(config: pytest.Config) -> None:
    """Give programs a temporary folder that ends with the run: killed ones leave theirs behind."""
    if hasattr(config, "workerinput"):  # a process of a run, which has that of the first
        return
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", tempfile.gettempdir())  # tmp_path stays there
    folder = tempfile.TemporaryDirectory(prefix="tests-", ignore_cleanup_errors=True)
    config.add_cleanup(folder.cleanup)
    os.environ["TMPDIR"] = tempfile.tempdir = folder.name
    os.environ["JDK_JAVA_OPTIONS"] += f" -Djava.io.tmpdir={folder.name}"


def pytest_make_parametrize_id(val: object) -> str | None:
    """Bytes by their number: what gzip makes has the time in it, and ids must stay the same."""
    return f"{len(val)} bytes" if isinstance(val, bytes) else None


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two more than cores, six at most: tests wait for servers, browsers and killed trainings.

    Quick ones wait for nothing, and each process takes seconds to begin.
    """
    waiting = 0 if config.getoption("markexpr") == "not slow" else 2
    return min((os.cpu_count() or 1) + waiting, 6)


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> Iterator[None]:
    """Keep together what parallel runs may not part; list what was skipped."""
    for item in items:
        costly = next((name for name in COSTLY if name in _fixtures(item)), None)
        item.add_marker(pytest.mark.xdist_group(costly or str(item.path)))
        if costly or "browser" in _fixtures(item):
            item.add_marker(pytest.mark.slow)
    # What takes longest in one process begins, Spark's first; tests of a moment come last.
    items.sort(key=_place)
    yield
    if config.getoption("loadgroup", default=False) and not all("@" in x.nodeid for x in items):
        raise pytest.UsageError("this pytest and this pytest-xdist do not group tests")
    needed = {name for item in items for name in ORIGINALS.keys() & _fixtures(item)}
    absent = {name for name in sorted(needed) if not _had(ORIGINALS[name])}
    if left_out := [item for item in items if absent & _fixtures(item)]:
        items[:] = [item for item in items if not absent & _fixtures(item)]
        config.hook.pytest_deselected(items=left_out)
    config.stash[LAST] = next((x for x in reversed(items) if "h2o_cluster" in _fixtures(x)), None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """End H2O's node with its last test: at rest it takes a tenth of a processor."""
    yield
    if item is item.config.stash[LAST] and H2O in item.config.stash:
        item.config.stash[H2O].close()


def _place(item: pytest.Item) -> tuple[bool, ...]:
    """Return what items are ordered by."""
    fixtures, is_slow = _fixtures(item), item.get_closest_marker("slow")
    is_early = not fixtures.isdisjoint(COSTLY) or item.path.name == LONG
    return "spark" not in fixtures, "spark_cluster" in fixtures, not is_early, not is_slow


def _fixtures(item: pytest.Item) -> set[str]:
    return set(getattr(item, "fixturenames", ()))


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold a lock that the processes of a run share."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _had(source: sources.Dataset) -> bool:
    """Whether a file of the H2O demo's is here now, for the first of several processes to fetch."""
    DOWNLOADS.mkdir(parents=True, exist_ok=True)
    with _alone(DOWNLOADS / ".lock"):
        try:
            sources.fetch_source(source)
        except sources.SourceError:
            if os.environ.get("DOMAINS_MIRROR"):
                raise
            return False
    return True


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell what could not be had."""
    absent = [source.path.name for source in ORIGINALS.values() if not source.ready]
    if absent:
        terminalreporter.write_line(
            f"without the H2O demo's {' and '.join(absent)}: its numbers held on a sample only"
        )
    if packages := wanted_packages(terminalreporter.stats.get("skipped", [])):
        wanted = f"apt-get install --no-install-recommends {' '.join(packages)}"
        terminalreporter.write_line(f"tests were skipped for want of programs: {wanted}")


@pytest.fixture(scope="session")
def original() -> labelled.Corpus:
    from pipeline.corpus import labelled

    return labelled.read_corpus(sources.ORIGINAL.path, "original")


@pytest.fixture(scope="session")
def words_txt() -> Path:
    return sources.ORIGINAL_WORDS.path


def _write_once(
    factory: pytest.TempPathFactory, name: str, write: Callable[[Path], object]
) -> Path:
    """Return a file that the first of several processes writes."""
    folder = factory.getbasetemp()
    path = (folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / name
    with _alone(path.with_suffix(".lock")):
        if not path.exists():
            write(path)
    return path


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> labelled.Corpus:
    from pipeline.corpus import labelled
    from pipeline.corpus.defaults import write_embedded

    path = _write_once(tmp_path_factory, "embedded.csv", write_embedded)
    return labelled.read_corpus(path, "embedded")


@pytest.fixture(scope="session")
def original_words(words_txt: Path, tmp_path_factory: pytest.TempPathFactory) -> Lexicon:
    """Return the H2O demo's words compiled, which takes seconds."""
    from pipeline.training.automaton import compile_words, read_words

    def write(path: Path) -> None:
        np.save(path, compile_words(read_words(words_txt)))

    return Lexicon(np.load(_write_once(tmp_path_factory, "words.npy", write)))


@pytest.fixture(scope="session")
def small_csv(embedded: labelled.Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every 80th row of the embedded corpus: enough to train on in a second."""
    path = tmp_path_factory.mktemp("corpus") / "small.csv"
    embedded.frame.iloc[::80].to_csv(path, index=False)
    return path


@pytest.fixture(scope="session")
def h2o_cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """Yield a node of H2O, which ends with the last test of it."""
    from pipeline.h2o_cluster.cluster import open_cluster

    with ExitStack() as stack:
        request.config.stash[H2O] = stack
        yield stack.enter_context(open_cluster())


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """Yield Spark on two threads of one process, whose classes are loaded and compiled once."""
    from malicious_domains.spark.session import (  # for those alone whose tests use it
        find_java,
        open_session,
    )

    try:
        find_java()
    except MaliciousDomainsError:
        skip_for_want_of("openjdk-17-jre-headless")
    # Planning anew after each stage would take half of the time with few rows.
    with open_session("local[2]", SPARK | {"spark.sql.adaptive.enabled": "false"}) as running:
        yield running


@pytest.fixture(scope="session")
def spark_cluster(spark: SparkSession) -> Iterator[SparkSession]:
    """Yield a cluster on this machine: an executor, a process of its own that may die.

    It takes the place of `spark`, in the same Java: tests that use it come last.
    """
    import pyspark

    from malicious_domains.spark.session import open_session

    spark.stop()
    settings = SPARK | {"spark.sql.adaptive.enabled": "true"}
    settings["spark.task.maxFailures"] = "2"  # the executor may be killed; errors come sooner
    with open_session("local-cluster[1,2,1024]", settings) as running:
        logs = Path(pyspark.__file__).parent / "work" / running.sparkContext.applicationId
        yield running
    shutil.rmtree(logs, ignore_errors=True)


@pytest.fixture(scope="session")
def app_url() -> Iterator[str]:
    with serve_app() as url:
        yield url


@pytest.fixture(scope="session")
def classic_url() -> Iterator[str]:
    with serve_app(artifact.PACKAGED / "classic") as url:
        yield url


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the deployment zip of each architecture, made once: by the command, with no region."""
    folder, zips = tmp_path_factory.mktemp("packages"), dict[str, Path]()
    for name in package.ARCHITECTURES:
        with pytest.MonkeyPatch.context() as patch:
            for region in ("AWS_REGION", "AWS_DEFAULT_REGION"):
                patch.delenv(region, raising=False)
            done = run_here("package", "--architecture", name, "--out", folder / name)
        zips[name] = folder / name / "deployment.zip"
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith(f"{zips[name]}: {name}, ")
    return zips


@pytest.fixture(scope="session")
def unpacked(packages: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the package for x86_64, in a folder as in the Lambda."""
    folder = tmp_path_factory.mktemp("unpacked")
    zipfile.ZipFile(packages[package.X86_64]).extractall(folder)
    return folder


@pytest.fixture(scope="session")
def classic() -> Scorer:
    return Scorer.load("classic")


@pytest.fixture(scope="session")
def language() -> Scorer:
    return Scorer.load("language")


@pytest.fixture(scope="session", params=["classic", "language"])
def scorer(request: pytest.FixtureRequest) -> Scorer:
    """Each of the packaged models."""
    return Scorer.load(request.param)


@pytest.fixture
def artifact_copy(tmp_path: Path) -> Path:
    """Return the simpler of the packaged artifacts, to be damaged."""
    folder = tmp_path / "classic"
    shutil.copytree(artifact.PACKAGED / "classic", folder)
    return folder


@pytest.fixture
def language_copy(tmp_path: Path) -> Path:
    """Return the other artifact, to be damaged as well."""
    folder = tmp_path / "language"
    shutil.copytree(artifact.PACKAGED / "language", folder)
    return folder


@pytest.fixture(scope="session")
def aws_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with aws_server.running(tmp_path_factory.mktemp("aws") / "log") as url:
        yield url


@pytest.fixture
def aws(aws_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the URL of a local AWS, which boto3 and child processes use for the test."""
    for name, value in (aws_server.CREDENTIALS | {"AWS_ENDPOINT_URL": aws_url}).items():
        monkeypatch.setenv(name, value)
    return aws_url


@pytest.fixture
def bucket(aws: str) -> str:
    """Return a new bucket's name."""
    import boto3

    name = f"models-{uuid.uuid4().hex}"
    boto3.client("s3").create_bucket(Bucket=name)
    return name
