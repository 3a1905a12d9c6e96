"""Requests are shared out as the files say; keys stick; a bad canary goes by itself."""

from __future__ import annotations

import contextlib
import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.core.errors import ServingError
from serving.core.hooks import Choice, Outcome
from serving.model import models_config
from serving.routing import changes, compare, observations, state
from serving.routing.router import Router, share_of


@contextmanager
def router(folder: Path) -> Iterator[Router]:
    one = Router(folder)
    try:
        yield one
    finally:
        one.close()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def outcome(
    version: int, variant: str, seconds: float = 0.01, status: int = 200, answer: float = 0.5
) -> Outcome:
    outputs = {"outputs": np.array([[answer]])} if status == 200 else {}
    return Outcome("taxi", version, variant, seconds, status, outputs)


TO_STABLE = Choice(2, "stable", other_version=3)
TO_CANARY = Choice(3, "canary", other_version=2)


def observe_all(one: Router, outcomes: Iterable[Outcome]) -> None:
    """Lets a router see outcomes as they come, over many of its looks."""
    for number, each in enumerate(outcomes):
        one.observe(each)
        if number % 20 == 0 and "taxi" in one._plans:
            one._bet("taxi", one._plans["taxi"])


def test_without_labels_the_server_decides(folder: Path) -> None:
    with router(folder) as one:
        assert one.choose("taxi", None) is None


def test_shares_are_kept_and_changes_are_seen(folder: Path) -> None:
    changes.canary(folder, "taxi", 3, 0.3, 0, "ann", "")
    with router(folder) as one:
        chosen = Counter(one.choose("taxi", None) for _ in range(4000))
        assert set(chosen) == {TO_STABLE, TO_CANARY}
        assert 0.26 < chosen[TO_CANARY] / 4000 < 0.34
        changes.promote(folder, "taxi", 3, "ann", "")
        wait_until(lambda: one.choose("taxi", None) == Choice(3, "stable"))
        (folder / models_config.FILE).write_text("model_config_list {")
        time.sleep(0.7)
        assert one.choose("taxi", None) == Choice(3, "stable"), "goes on as before"


def test_a_share_of_the_stable_versions_requests_is_mirrored(folder: Path) -> None:
    changes.canary(folder, "taxi", 3, 0, 0.5, "ann", "")
    with router(folder) as one:
        chosen = Counter(one.choose("taxi", None) for _ in range(2000))
    assert set(chosen) == {TO_STABLE, Choice(2, "stable", 3, 3)}
    assert 0.44 < chosen[Choice(2, "stable", 3, 3)] / 2000 < 0.56


def test_a_key_sticks_over_restarts_and_unless_told_otherwise(folder: Path) -> None:
    changes.canary(folder, "taxi", 3, 0.5, 0, "ann", "")
    keys = [f"user-{number}" for number in range(200)]
    chosen = []
    for _ in range(2):
        with router(folder) as one:
            chosen += [[one.choose("taxi", key) for key in keys] for _ in range(2)]
    assert chosen[0] == chosen[1] == chosen[2] == chosen[3]
    changes.route(folder, "taxi", {"sticky": False}, "ann", "")
    with router(folder) as one:
        assert len({one.choose("taxi", "user-1") for _ in range(100)}) == 2


@given(st.text(max_size=30))
def test_a_keys_place_is_fixed(key: str) -> None:
    assert 0 <= share_of(key, "taxi/3") == share_of(key, "taxi/3") < 1


def test_a_larger_share_keeps_those_who_were_in(folder: Path) -> None:
    users = [f"user-{number}" for number in range(300)]
    in_canary = []
    for share in (0.1, 0.4):
        changes.canary(folder, "taxi", 3, share, 0, "ann", "")
        with router(folder) as one:
            chosen = {user: one.choose("taxi", user) for user in users}
        in_canary.append({user for user in users if chosen[user] == TO_CANARY})
    assert in_canary[0] < in_canary[1]


def test_another_canary_gets_other_users(folder: Path) -> None:
    changes.promote(folder, "taxi", 1, "ann", "")
    users = [f"user-{number}" for number in range(200)]
    in_canary = []
    for version in (2, 3):
        changes.canary(folder, "taxi", version, 0.5, 0, "ann", "")
        with router(folder) as one:
            chosen = {user: one.choose("taxi", user) for user in users}
        in_canary.append(
            {user for user in users if chosen[user] == Choice(version, "canary", other_version=1)}
        )
    assert 20 < len(in_canary[0] - in_canary[1]) < 80


def test_a_share_without_a_canary_is_none(folder: Path) -> None:
    changes.canary(folder, "taxi", 3, 1.0, 0, "ann", "")
    with models_config.edit(folder / models_config.FILE) as models:
        models["taxi"] = models_config.ServedModel("taxi", versions=(2,), labels={"stable": 2})
    with router(folder) as one:
        assert one.choose("taxi", None) == Choice(2, "stable")


@pytest.mark.parametrize("key", ["user-{}", "{}", "{:032x}", "a{}@b.org"])
def test_keys_are_spread_evenly_and_independently_of_other_canaries(key: str) -> None:
    keys = [key.format(number) for number in range(10_000)]
    places = np.array([[share_of(k, salt) for k in keys] for salt in ("taxi/3", "taxi/4")])
    counts, _ = np.histogram(places[0], bins=20, range=(0, 1))
    # Chi-squared with 19 degrees of freedom: beyond 53 with a probability of 5e-5.
    assert ((counts - 500) ** 2 / 500).sum() < 53
    assert abs(np.corrcoef(places)[0, 1]) < 0.05


@pytest.mark.parametrize(
    ("canary", "why"),
    [
        (
            lambda n: outcome(3, "canary", status=500 if n % 5 == 0 else 200),
            "of its requests failed",
        ),
        (lambda n: outcome(3, "canary", seconds=0.05), "its median latency is"),
        (lambda n: outcome(3, "mirror", seconds=0.05), "its median latency is"),
    ],
)
def test_a_bad_canary_is_rolled_back_by_itself(
    folder: Path, canary: Callable[[int], Outcome], why: str
) -> None:
    changes.canary(folder, "taxi", 3, 0.5, 1.0, "ann", "")
    with router(folder) as one:
        for number in range(200):
            stable = outcome(2, "stable", seconds=0.01 + number % 7 * 1e-6)
            observe_all(one, [stable, canary(number)])
        wait_until(lambda: state.read(folder).events[-1].action == "rollback")
        assert one.choose("taxi", None) == Choice(2, "stable")
    event = state.read(folder).events[-1]
    assert event.by == "automatic" and why in event.why
    assert models_config.read(folder / models_config.FILE)["taxi"].labels == {"stable": 2}


def test_of_two_servers_on_a_folder_one_tells_of_a_rollback(folder: Path) -> None:
    changes.canary(folder, "taxi", 3, 0.5, 0, "ann", "")
    told: list[tuple[str, int]] = []
    routers = [
        Router(folder, lambda model, version, _: told.append((model, version))) for _ in "ab"
    ]
    for one in routers:
        for _ in range(200):
            observe_all(one, [outcome(2, "stable"), outcome(3, "canary", status=500)])
    wait_until(lambda: state.read(folder).events[-1].action == "rollback")
    wait_until(lambda: bool(told))
    for one in routers:
        one.close()
    assert told == [("taxi", 3)]


@pytest.mark.slow
def test_a_bad_canary_stays_out_until_somebody_wants_it_back(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stable = Choice(2, "stable")
    changes.canary(folder, "taxi", 3, 0.9, 0, "ann", "")
    content = (folder / state.FILE).read_text()
    told: list[str] = []

    def heard() -> str:
        told.append(capsys.readouterr().err)
        return "".join(told)

    with router(folder) as one:
        # The files cannot be changed, but the requests can go elsewhere.
        (folder / state.FILE).write_text("{")
        for _ in range(200):
            observe_all(one, [outcome(2, "stable"), outcome(3, "canary", status=500)])
        wait_until(lambda: one.choose("taxi", None) == stable)
        wait_until(lambda: '"rollback not saved"' in heard())
        assert models_config.read(folder / models_config.FILE)["taxi"].labels["canary"] == 3
        (folder / state.FILE).write_text(content)
        one._look()
        assert one.choose("taxi", None) == stable
        with contextlib.suppress(ServingError):  # The router may have done it by now.
            changes.rollback(folder, "taxi", "ann", "")
        one._look()
        changes.canary(folder, "taxi", 3, 0.9, 0, "ann", "it is mended")
        wait_until(lambda: one.choose("taxi", None) == TO_CANARY)
    assert heard().count('"canary rolled back"') == 1


@pytest.mark.parametrize(
    "canary",
    [
        [outcome(3, "canary", status=500)] * 50,  # Too few.
        [outcome(3, "canary", status=429)] * 200,  # Not the model's fault.
        [outcome(3, "canary", seconds=0.015)] * 200,  # Within the bound.
    ],
)
def test_a_canary_within_its_bounds_stays(folder: Path, canary: list[Outcome]) -> None:
    changes.canary(folder, "taxi", 3, 0.5, 0, "ann", "")
    with router(folder) as one:
        for item in canary:
            observe_all(one, [outcome(2, "stable"), item])
        time.sleep(0.7)
    assert state.read(folder).events[-1].action == "canary"


def test_compare_says_in_words_what_differs(folder: Path) -> None:
    changes.canary(folder, "taxi", 3, 0.5, 0, "ann", "")
    random = np.random.default_rng(3)
    with router(folder) as one:
        for answer in random.normal(0.5, 0.1, 400):
            stable = outcome(2, "stable", random.exponential(0.01), answer=answer)
            canary = outcome(3, "canary", random.exponential(0.01), answer=answer + 0.05)
            observe_all(one, [stable, canary])
    (found,) = compare.compare(folder, "taxi")
    assert [d.name for d in found.differences if d.significant] == ["outputs"]
    assert found.words()[0].startswith(
        "the canary (version 3) answers differently: the distribution of 'outputs' is another"
    )


def test_what_came_before_the_last_change_does_not_count(folder: Path) -> None:
    changes.canary(folder, "taxi", 3, 0.5, 0, "ann", "")
    with router(folder) as one:
        for _ in range(50):
            one.observe(outcome(3, "canary"))
    changes.canary(folder, "taxi", 3, 0.6, 0, "ann", "")
    (found,) = compare.compare(folder, "taxi")
    assert found.other.requests == 0
    assert found.words()[0].startswith("Too early to say")


def test_samples_merge_by_what_each_has_seen() -> None:
    large, small = observations.Sample(), observations.Sample()
    for _ in range(9000):
        large.add(1.0)
    for _ in range(3000):
        small.add(0.0)
    merged = large.merged(small)
    assert merged.seen == 12_000
    assert np.mean(merged.values) == 0.75


@pytest.mark.parametrize(
    "route",
    [
        {"canary_share": 1.5},
        {"mirror_share": -0.1},
        {"rollback": {"latency_ratio": 1.0}},
        {"rollback": {"min_requests": 19}},
        {"rollback": {"error_rate": 2}},
        {"rollback": {"enabled": "perhaps"}},
        {"since": "yesterday"},
        {"canary": 3},
    ],
)
def test_a_route_that_makes_no_sense_is_refused(folder: Path, route: dict[str, Any]) -> None:
    (folder / state.FILE).write_text(json.dumps({"version": 1, "models": {"taxi": route}}))
    with pytest.raises(ServingError, match=r"models\.taxi"):
        state.read(folder)
