from __future__ import annotations

import hashlib
import json
import os
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from malicious_domains.model import artifact
from malicious_domains.model.artifact import (
    FILES,
    MANIFEST,
    ArtifactError,
    load_artifact,
    locate_artifact,
)
from malicious_domains.model.scorer import Scorer
from pipeline.training.export import write_metadata


def edit(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = folder / "model.json"
    metadata = json.loads(path.read_text())
    change(metadata)
    write_metadata(folder, metadata)


def test_the_packaged_artifact_loads_and_says_what_it_is() -> None:
    model = load_artifact(artifact.PACKAGED / "classic")
    assert model.name == "classic"
    assert model.features == ("length", "entropy", "p_vowels", "num_words")
    assert model.metadata["training"]["h2o_version"] == "3.46.0.11"
    assert all(len(x["sha256"]) == 64 for x in model.metadata["training"]["data"])


def test_model_may_be_a_name_a_path_or_the_environment(
    artifact_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert locate_artifact("classic") == artifact.PACKAGED / "classic"
    assert locate_artifact(artifact_copy) == artifact_copy
    assert locate_artifact() == artifact.PACKAGED / artifact.DEFAULT
    monkeypatch.setenv("MODEL", str(artifact_copy))
    assert locate_artifact() == artifact_copy
    assert Scorer.load().threshold == Scorer.load("classic").threshold


@pytest.mark.parametrize("name", ["model.json", "lexicon.npy", "mojo.zip"])
def test_one_flipped_bit_is_refused(artifact_copy: Path, name: str) -> None:
    data = bytearray((artifact_copy / name).read_bytes())
    data[len(data) // 2] ^= 1
    (artifact_copy / name).write_bytes(data)
    with pytest.raises(ArtifactError, match=rf"{name}: its SHA-256 is"):
        load_artifact(artifact_copy)


PACKAGED_FILES = sorted(path for path in artifact.PACKAGED.glob("*/*") if path.is_file())


def positions(size: int) -> list[int]:
    """Return the header and the end of a file, and places all over it."""
    chosen = {*range(128), *range(size - 256, size), *range(0, size, size // 256 + 1)}
    return sorted(x for x in chosen if 0 <= x < size)


@pytest.mark.slow
@pytest.mark.parametrize("original", PACKAGED_FILES, ids=lambda x: f"{x.parent.name}/{x.name}")
def test_every_changed_byte_is_refused(original: Path, tmp_path: Path) -> None:
    """In every file, the one with the hash of model.json included."""
    folder = tmp_path / original.parent.name
    shutil.copytree(original.parent, folder)
    random = Random(original.name)
    data = original.read_bytes()
    with (folder / original.name).open("r+b", buffering=0) as file:
        for position in positions(len(data)):
            os.pwrite(file.fileno(), bytes([data[position] ^ random.randint(1, 255)]), position)
            with pytest.raises(ArtifactError, match="its SHA-256 is"):
                load_artifact(folder)
            os.pwrite(file.fileno(), data[position : position + 1], position)
    load_artifact(folder)


def test_every_file_of_the_packaged_artifacts_is_one_that_is_known() -> None:
    assert {path.name for path in PACKAGED_FILES} == {*FILES} - {MANIFEST}  # which a pulled one has


def test_the_hash_of_the_manifest_is_what_sha256sum_reads(artifact_copy: Path) -> None:
    digest = hashlib.sha256((artifact_copy / "model.json").read_bytes()).hexdigest()
    assert (artifact_copy / "model.sha256").read_text() == f"{digest}  model.json\n"


def test_a_model_without_its_mojo_is_whole(artifact_copy: Path) -> None:
    """As a wheel has it; a MOJO that is there must be the one that model.json names."""
    whole = load_artifact(artifact_copy)
    (artifact_copy / "mojo.zip").unlink()
    assert load_artifact(artifact_copy).metadata == whole.metadata


@pytest.mark.parametrize("name", ["model.json", "model.sha256", "lexicon.npy"])
def test_a_missing_file_is_named(artifact_copy: Path, name: str) -> None:
    (artifact_copy / name).unlink()
    with pytest.raises(ArtifactError, match=rf"{name}: cannot be read: No such file"):
        load_artifact(artifact_copy)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m.update(schema_version=99), "schema_version 99, known is 1"),
        (lambda m: m.pop("schema_version"), "schema_version None"),
        (lambda m: m.pop("coefficients"), "coefficients is missing"),
        (lambda m: m.update(intercept="1"), "intercept is missing or no float"),
        (lambda m: m.update(intercept=float("nan")), "no finite float"),
        (lambda m: m["coefficients"].update(length=float("nan")), "no finite float"),
        (lambda m: m["coefficients"].update(length=float("inf")), "no finite float"),
        (lambda m: m["coefficients"].update(length=None), "no finite float"),
        (lambda m: m["coefficients"].pop("length"), "do not name the same"),
        (lambda m: m["features"].append("length"), "do not name the same"),
        (lambda m: m.update(schema_version=True), "schema_version True"),
        (lambda m: m["coefficients"].update(length=1e308), "no finite float"),
        (lambda m: m.update(features=[], coefficients={}), "do not name the same"),
        (lambda m: m.update(features=[[], {}]), "cannot be understood"),
        (lambda m: m["files"].update({"x\0": "0"}), "cannot be understood"),
        (lambda m: m["threshold"].update(value=1.5), "no probability"),
        (lambda m: m["threshold"].clear(), "no probability"),
        (lambda m: m["files"].pop("lexicon.npy"), "does not list lexicon.npy"),
        (lambda m: m["files"].update({"../x": "0"}), "outside its folder"),
    ],
)
def test_metadata_that_makes_no_sense_is_refused(
    artifact_copy: Path, change: Callable[[dict[str, Any]], object], message: str
) -> None:
    edit(artifact_copy, change)
    with pytest.raises(ArtifactError, match=rf"classic.*: .*{message}"):
        load_artifact(artifact_copy)


def test_an_unknown_feature_is_named(artifact_copy: Path) -> None:
    def rename(metadata: dict[str, Any]) -> None:
        metadata["features"][0] = "shape"
        metadata["coefficients"]["shape"] = metadata["coefficients"].pop("length")

    edit(artifact_copy, rename)
    with pytest.raises(ArtifactError, match=r"unknown features .*shape"):
        load_artifact(artifact_copy)


@pytest.mark.parametrize("text", [b"", b"{", b"\xff\xfe", b"[]", b"[" * 100_000])
def test_metadata_that_is_no_json_object(artifact_copy: Path, text: bytes) -> None:
    (artifact_copy / "model.json").write_bytes(text)
    (artifact_copy / "model.sha256").write_bytes(artifact.format_checksum(text))
    with pytest.raises(ArtifactError, match=r"model\.json: (is not JSON|schema_version)"):
        load_artifact(artifact_copy)


def test_pickles_are_not_opened(artifact_copy: Path) -> None:
    path = artifact_copy / "lexicon.npy"
    np.save(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    edit(artifact_copy, lambda m: m["files"].update({"lexicon.npy": digest}))
    with pytest.raises(ArtifactError, match=r"lexicon\.npy: is no lexicon"):
        load_artifact(artifact_copy)


@pytest.mark.parametrize("name", ["model.json", "model.sha256", "mojo.zip"])
def test_a_pipe_in_a_files_place_does_not_block(artifact_copy: Path, name: str) -> None:
    (artifact_copy / name).unlink()
    os.mkfifo(artifact_copy / name)
    with pytest.raises(ArtifactError, match=rf"{name}: is no file"):
        load_artifact(artifact_copy)


LANGUAGE_FILES = ["trigrams.npy", "fourgrams.npy", "words.npy", "word_costs.npy"]


@pytest.mark.parametrize("name", [*LANGUAGE_FILES, "model.json"])
def test_a_file_of_the_language_model_that_is_missing_is_named(
    language_copy: Path, name: str
) -> None:
    (language_copy / name).unlink()
    with pytest.raises(ArtifactError, match=rf"{name}: cannot be read: No such file"):
        load_artifact(language_copy)


@pytest.mark.parametrize("name", LANGUAGE_FILES)
def test_a_table_of_another_shape_is_refused(language_copy: Path, name: str) -> None:
    """Even where its hash is right."""
    path = language_copy / name
    np.save(path, np.load(path)[:100])
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    edit(language_copy, lambda m: m["files"].update({name: digest}))
    with pytest.raises(ArtifactError, match=r"\.npy: is no (characters|words)"):
        load_artifact(language_copy)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m["coefficients"]["length"].pop(), "length has"),
        (lambda m: m["coefficients"].pop("length"), "not those of the features"),
        (lambda m: m["coefficients"]["length"].__setitem__(0, None), "no finite float"),
        (lambda m: m["bins"].pop("length"), "length"),
        (lambda m: m["bins"]["length"]["edges"].reverse(), "edges of length do not ascend"),
        (lambda m: m.update(pairs=[["cut_mean", "length"]]), "pairs of features are no longer"),
        (lambda m: m["features"].append("p_rare"), "unknown features"),
        (lambda m: m["files"].pop("words.npy"), "words.npy"),
        (lambda m: m["files"].pop("trigrams.npy"), "a table that the artifact does not have"),
        (lambda m: m["operating_points"][0].update(threshold=7.0), "no probability"),
        (lambda m: m["operating_points"].append({}), "KeyError"),
    ],
)
def test_a_language_model_that_makes_no_sense(
    language_copy: Path, change: Callable[[dict[str, Any]], object], message: str
) -> None:
    edit(language_copy, change)
    with pytest.raises(ArtifactError, match=message):
        load_artifact(language_copy)


def test_the_language_model_is_small() -> None:
    """Compressed, as it stands in the deployment zip."""
    folder = artifact.PACKAGED / "language"
    assert sum(len(zlib.compress(x.read_bytes())) for x in folder.iterdir()) < 1_000_000
