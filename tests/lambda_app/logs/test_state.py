"""The state of a day is the same in any order, however often objects come, and bounded."""

from __future__ import annotations

import random
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambda_app.chalicelib.logs import dynamodb, label_votes
from lambda_app.chalicelib.logs.client_days import (
    MAX_LABELS,
    SIGHT_DELAY,
    ClientState,
)
from lambda_app.chalicelib.logs.dynamodb import unpack_state
from lambda_app.chalicelib.logs.label_votes import MAX_VOTERS, hash_client, merge_shard
from lambda_app.chalicelib.logs.records import ANSWER, NXDOMAIN, Row
from lambda_app.chalicelib.logs.samples import merge_rows

LABELS = st.sampled_from(["a", "b", "c"])
HASHES = st.integers(0, 40).map(lambda i: hash_client(f"10.0.0.{i}"))
VOTES = st.lists(st.builds("{}{}".format, HASHES, st.integers(0, 2)), max_size=40)
ROWS = st.dictionaries(
    LABELS,
    st.builds(
        Row,
        st.integers(0, 2),
        st.floats(0, 9),
        st.floats(0, 9),
        st.lists(st.sampled_from(["com", "net", "org"]), min_size=1, unique=True).map(
            lambda x: tuple(sorted(x))
        ),
    ),
)


def unpack_votes(state: bytes) -> dict[str, str]:
    return dict(unpack_state(state)) if state else {}


@given(st.lists(ROWS, max_size=5), st.randoms())
def test_rows_are_the_same_in_any_order(parts: list[dict[str, Row]], rng: random.Random) -> None:
    def merged(some: list[dict[str, Row]]) -> dict[str, Row]:
        found: dict[str, Row] = {}
        for part in some:
            found = merge_rows(found, part)
        return found

    twice = parts + parts
    rng.shuffle(twice)
    assert merged(twice) == merged(parts)


@given(VOTES, st.randoms())
def test_votes_are_the_same_in_any_order(votes: list[str], rng: random.Random) -> None:
    def merged(some: list[str]) -> str:
        found = ""
        for vote in some:
            found = label_votes.merge_votes(found, vote)
        return found

    twice = votes + votes
    rng.shuffle(twice)
    assert merged(twice) == merged(votes)
    assert len(label_votes.parse_votes(merged(votes))) == min(
        MAX_VOTERS, len({x[:-1] for x in votes})
    )


def test_a_client_is_packed_and_unpacked() -> None:
    row = Row(NXDOMAIN, 1.5, 2.5, ("com", "net"))
    published = {"score": 2.0, "confidence": "low", "at": 1, "sent": True}
    client = ClientState({"a": row}, 3, published, (False, 2.0), ("a",))
    assert ClientState.unpack(client.pack()) == client
    assert ClientState.unpack(b"") == ClientState()


def test_a_later_sight_alone_is_not_worth_a_write() -> None:
    old = ClientState({"a": Row(NXDOMAIN, 10.0, 20.0, ("com",))})
    assert not old.merge({"a": Row(NXDOMAIN, 15.0, 500.0, ("com",))}, {}).differs(old)
    for row in (
        Row(NXDOMAIN, 15.0, 21.0 + SIGHT_DELAY, ("com",)),
        Row(NXDOMAIN, 5.0, 20.0, ("com",)),
        Row(ANSWER, 15.0, 20.0, ("com",)),
        Row(NXDOMAIN, 15.0, 20.0, ("net",)),
    ):
        assert old.merge({"a": row}, {}).differs(old)
    assert old.merge({"b": Row(NXDOMAIN, 15.0, 20.0, ("com",))}, {}).differs(old)


def test_what_can_never_count_is_not_kept() -> None:
    rows = {"live": Row(ANSWER, 1, 1, ("com",)), "dead": Row(NXDOMAIN, 1, 1, ("com",))}
    votes = {x: "".join(f"{hash_client(c)}{ANSWER}" for c in "abc") for x in rows}
    assert ClientState().merge(rows, {}).rows == rows
    assert ClientState().merge(rows, votes).rows.keys() == {
        "dead"
    }  # the others may yet find it dead
    assert ClientState().merge(rows, {"dead": "*", "live": "*"}).rows.keys() == {"dead"}


@pytest.mark.parametrize("number", [MAX_LABELS + 1, 20_000])
def test_of_too_many_labels_a_sample_is_kept_in_whatever_order_they_come(number: int) -> None:
    rows = {f"n{i}": Row(NXDOMAIN, i, i, ("com",)) for i in range(number)}
    names, states = [*rows], []
    for seed in range(3):
        random.Random(seed).shuffle(names)
        state = ClientState()
        for start in range(0, number, 3000):
            state = state.merge({x: rows[x] for x in names[start : start + 3000]}, {})
        states.append(state.merge({x: rows[x] for x in names[:3000]}, {}))
    assert states[0] == states[1] == states[2] == ClientState.unpack(states[0].pack())
    assert states[0].level and MAX_LABELS / 3 < len(states[0].rows) <= MAX_LABELS
    assert len(states[0].rows) << states[0].level == pytest.approx(number, rel=0.1)


def test_the_labels_of_an_alarm_stay_in_the_sample() -> None:
    evidence = tuple(f"e{i}" for i in range(90))
    state = ClientState({x: Row(NXDOMAIN, 1, 1, ("com",)) for x in evidence}, evidence=evidence)
    for start in range(0, 40_000, 4000):
        more = {f"n{i}": Row(ANSWER, 1, 1, ("com",)) for i in range(start, start + 4000)}
        state = state.merge(more, {})
    assert {*evidence} <= state.rows.keys() and state.level >= 3


def test_a_part_of_the_labels_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    own = hash_client("10.0.0.1")
    monkeypatch.setattr(dynamodb, "MAX_STATE", 2000)
    kept, _, left = merge_shard(b"", {f"n{i}": f"{own}1" for i in range(50)})
    assert left == 0 and len(kept) <= 2000
    more = {f"m{i * 7919}": f"{hash_client(str(i))}1" for i in range(2000)}
    after, votes, left = merge_shard(kept, more | {"n0": f"{own}{ANSWER}"})
    assert left == 2000 and len(votes) == 2050  # used for now, not kept
    assert unpack_votes(after).keys() == unpack_votes(kept).keys()
    assert unpack_votes(after)["n0"] == f"{own}{ANSWER}"


@pytest.mark.slow
@settings(max_examples=30)
@given(st.lists(st.dictionaries(st.integers(0, 20).map(str), VOTES.map("".join)), max_size=9))
def test_whatever_comes_a_part_stays_within_its_bound(parts: list[dict[str, str]]) -> None:
    """Votes on labels that are there grow, too."""
    kept = b""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(dynamodb, "MAX_STATE", 150)
        for part in parts:
            more = {label: label_votes.merge_votes("", votes) for label, votes in part.items()}
            before = unpack_votes(kept)
            kept, votes, _ = merge_shard(kept, more)
            assert len(kept) <= 150
            assert before.keys() <= unpack_votes(kept).keys()
            assert votes == before | {
                x: label_votes.merge_votes(before.get(x, ""), more[x]) for x in more
            }


@given(
    st.dictionaries(
        st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=63),
        st.lists(st.text(string.ascii_lowercase, max_size=180), min_size=1, max_size=7),
        max_size=30,
    ),
    st.integers(200, 5000),
)
def test_whatever_a_client_asks_for_its_day_stays_within_its_bound(
    asked: dict[str, list[str]], bound: int
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(dynamodb, "MAX_STATE", bound)
        rows = {x: Row(1, 1764028800.123, 1764028801.456, tuple(s)) for x, s in asked.items()}
        client = ClientState().merge(rows, {})
        assert client.level or client.rows == rows
        assert len(client.pack()) <= bound + 60  # and what was told of it, and keys
