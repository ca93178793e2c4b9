"""Generators give the names of reference implementations; samples of them; the command `dga`."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import date
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import pytest

from malicious_domains.dga.generators import ALL_FAMILIES, FAMILIES
from malicious_domains.dga.generators.family import Family, Variant
from malicious_domains.dga.sampling import sample_groups
from pipeline.corpus.labelled import Corpus
from tests.helpers.commands import run_here

# First names for fixed dates and seeds, computed by the published reference implementations.
VECTORS = json.loads((Path(__file__).parents[2] / "data" / "dga-vectors.json").read_text())
VARIANTS = {
    f"{family.name}-{variant.name}".rstrip("-"): variant
    for family in ALL_FAMILIES.values()
    for variant in family.variants
}
DRAWN = {name: v for name, v in VARIANTS.items() if v.draw}
READERS = {  # of seeds; proslikefan takes any text
    name: v for name, v in VARIANTS.items() if v.seeds != ("",) and name != "proslikefan"
}
DAY, OTHER_DAY = date(2016, 1, 5), date(2017, 9, 20)


def first(variant: Variant, day: date, seed: str, count: int = 10) -> list[str]:
    return list(islice(variant.generate(day, seed), count))


def sample(family: Family, count: int, seed: int) -> list[str]:
    return [host for _, hosts in sample_groups(family, count, seed) for host in hosts]


def test_families_are_in_order_and_every_variant_but_one_has_a_vector() -> None:
    assert list(FAMILIES) == sorted(FAMILIES)
    assert list(ALL_FAMILIES) == sorted(ALL_FAMILIES)
    assert len(FAMILIES) == 35  # that names are learned from
    assert ALL_FAMILIES.keys() - FAMILIES.keys() == {"ccleaner"}
    variants = {(f.name, v.name) for f in ALL_FAMILIES.values() for v in f.variants}
    assert len(variants) == len(VARIANTS)
    with_vectors = {(v["family"], v["variant"]) for v in VECTORS}
    assert variants - with_vectors <= {("pushdo", "com_v1")}
    assert with_vectors <= variants


@pytest.mark.parametrize(
    "vector", VECTORS, ids=lambda v: "-".join(filter(None, list(v.values())[:4]))
)
def test_generators_reproduce_the_reference(vector: dict[str, Any]) -> None:
    family = ALL_FAMILIES[vector["family"]]
    variant = next(v for v in family.variants if v.name == vector["variant"])
    day = date.fromisoformat(vector["date"] or "2000-01-01")
    assert (vector["date"] is not None) == bool(variant.period)
    assert first(variant, day, vector["seed"], len(vector["domains"])) == vector["domains"]


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
def test_names_depend_on_date_and_seed_alone(variant: Variant) -> None:
    names = [first(variant, DAY, seed) for seed in variant.seeds]
    assert all(names)
    assert [first(variant, DAY, seed) for seed in variant.seeds] == names
    assert len(set(map(tuple, names))) == len(variant.seeds)
    later = [first(variant, OTHER_DAY, seed) for seed in variant.seeds]
    if variant.period:
        assert all(a != b for a, b in zip(names, later, strict=True))
    else:
        assert names == later


@pytest.mark.parametrize("variant", DRAWN.values(), ids=DRAWN)
def test_drawn_seeds_make_names_of_the_same_shape(variant: Variant) -> None:
    assert variant.draw
    random = Random(1)
    seeds = {variant.draw(random) for _ in range(20)}
    assert len(seeds) > 1
    wanted = len(first(variant, DAY, variant.seeds[0]))
    for seed in seeds:
        names = first(variant, DAY, seed)
        assert len(names) == wanted
        assert all(re.fullmatch(r"[a-z0-9]+(\.[a-z]+)*", name) for name in names)


@pytest.mark.parametrize("variant", READERS.values(), ids=READERS)
def test_a_seed_of_another_shape_is_refused(variant: Variant) -> None:
    with pytest.raises(ValueError):
        first(variant, DAY, "\N{LATIN SMALL LETTER E WITH ACUTE} ")


@pytest.mark.parametrize("family", FAMILIES.values(), ids=lambda f: f.name)
def test_samples_repeat_and_hold_a_label_once(family: Family) -> None:
    hosts = sample(family, 80, 7)
    assert hosts == sample(family, 80, 7)
    assert hosts != sample(family, 80, 8)
    assert 60 < len(hosts) <= 80
    labels = [host.partition(".")[0] for host in hosts]
    assert len(set(labels)) == len(labels)
    assert all(re.fullmatch(r"[a-z0-9-]{1,63}", label) for label in labels)
    assert not any(".." in host for host in hosts)


def test_a_sample_is_many_small_groups_evenly_over_variants() -> None:
    groups = list(sample_groups(FAMILIES["murofet"], 1200, 1))
    assert max(len(hosts) for _, hosts in groups) <= 40
    names = Counter(key.split()[0] for key, _ in groups)
    assert names.keys() == {"v2", "v3"}  # v1 is goz's
    assert min(names.values()) > 8
    assert all(re.fullmatch(r"v[23] 20[12]\d-\d\d-\d\d( [0-9A-F]{8})?", key) for key, _ in groups)


def test_a_sample_ends_where_a_family_does() -> None:
    assert len(sample(FAMILIES["fobber"], 10_000, 1)) == 600


@pytest.mark.parametrize("family", FAMILIES.values(), ids=lambda f: f.name)
def test_a_source_is_an_author_a_title_and_a_site(family: Family) -> None:
    assert re.fullmatch(r'[^"]+, "[^"]+"( \(20\d\d\))?, [a-z0-9./-]+', family.source)


def test_the_command_lists_every_family() -> None:
    lines = run_here("dga", "--list").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["family", *ALL_FAMILIES]
    murofet = next(line for line in lines if line.startswith("murofet"))
    assert "hash (MD5)" in murofet
    assert "v1, v2, v3" in murofet
    assert "any" in murofet


def test_the_command_prints_names() -> None:
    vector = next(v for v in VECTORS if v["family"] == "murofet" and v["seed"] == "DEADC2DE")
    arguments = ("--variant", "v2", "--date", vector["date"], "--seed", vector["seed"])
    assert run_here("dga", "murofet", *arguments).stdout.split() == vector["domains"]
    assert len(run_here("dga", "dnschanger", "--count", "100").stdout.split()) == 5
    assert (
        run_here("dga", "goz").stdout
        == run_here("dga", "goz", "--date", "2016-01-01", "--count", "25").stdout
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gozz"], "known are banjori, ccleaner"),
        (["murofet", "--variant", "v4"], "known are v1, v2, v3"),
        (["goz", "--variant", "v1"], "known are default"),
        (["corebot", "--seed", "xyz"], "known seeds of corebot are '1DBA8930', and any"),
        (["kraken", "--variant", "v2", "--seed", "a"], "'a1', 'b1', 'a2', 'b2'"),
        (["goz", "--seed", "1"], "takes none"),
        (["goz", "--date", "2016-13-01"], "YYYY-MM-DD"),
        (["goz", "--date", "1969-12-31"], "from 1970-01-01 to 2105-12-31"),
        (["goz", "--count", "-1"], "1 or more"),
        ([], "--list"),
    ],
)
def test_an_error_of_the_command_lists_what_exists(arguments: list[str], message: str) -> None:
    done = run_here("dga", *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("dga names: ")
    assert len(done.stderr.splitlines()) == 1
    assert message in done.stderr


@pytest.mark.slow
def test_every_generated_row_of_the_original_is_in_the_embedded_corpus(
    original: Corpus, embedded: Corpus
) -> None:
    """All but the one record that the original's CSV broke by a line feed."""
    rows = original.frame[original.malicious]
    ours = set(embedded.frame["host"][embedded.malicious])
    missing = [host for host in rows["host"] if host not in ours]
    assert len(rows) == 52_665
    assert missing == ["ru\ndercxjvpfswhmtwtcfycaijdufa.ru"]
