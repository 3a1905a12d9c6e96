"""A release step by step: where each leaves it, run again, out of order, and over another one."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest

from serving.core.errors import Code, ServingError
from serving.core.hooks import Outcome
from serving.model import models_config, registry
from serving.release import endings
from serving.release.settings import Canary
from serving.release.stages import Release
from serving.release.store import Store
from serving.routing import observations, state
from tests.delivery.storage_server import Store as Bucket

pytestmark = pytest.mark.tfx

Push = Callable[[int], str]
COMMIT = "c0ffee" * 6 + "c0ff"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "serving" / "taxi"))


@pytest.fixture
def release(store: Store) -> Release:
    return Release(store, "taxi", "ann")


def to_canary(release: Release, push: Push, version: int, share: float = 0.3) -> str:
    """Takes a version as far as it gets without being watched."""
    release.stage(push(version), COMMIT)
    return release.begin(version, share).stage


def labels(store: Store) -> dict[str, int]:
    assert store.local is not None
    return dict(models_config.read(store.local / models_config.FILE)["taxi"].labels)


def observe(
    store: Store, requests: int, errors: float = 0.0, seconds: float = 0.01, output: float = 0.5
) -> None:
    """Has a server report on the stable version 1 and the canary 2, of which this is the latter."""
    assert store.local is not None
    dice, seen = random.Random(1), observations.Observations()
    seen.begin("taxi", state.read(store.local).of("taxi").since)
    for number in range(requests):
        canary = dice.random() < 0.3
        failed = canary and dice.random() < errors
        took = (seconds if canary else 0.01) * dice.uniform(0.5, 1.5)
        value = dice.gauss(output if canary else 0.5, 0.1)
        outputs = {} if failed else {"y": np.array([value], np.float32)}
        place = (2, "canary") if canary else (1, "stable")
        seen.add(Outcome("taxi", *place, took, 500 if failed else 200, outputs))
        if number % 20 == 0:
            seen.bet("taxi", (1, "stable"), (2, "canary"), 0.3)
    seen.save(store.local)


def test_the_first_version_has_all_requests_and_the_second_becomes_a_canary(
    store: Store, release: Release, push: Push
) -> None:
    assert release.status() == {"model": "taxi", "canary_share": 0, "stable": None, "canary": None}
    assert release.stage(push(1), COMMIT).stage == "promoted"
    assert release.begin(1, 0.3).stage == "promoted"
    second = push(2)
    assert release.stage(second, COMMIT).stage == "staged"
    assert labels(store) == {"stable": 1, "canary": 2} and release.status()["canary_share"] == 0
    assert release.stage(second, COMMIT).stage == "staged", "run again"
    assert release.begin(2, 0.3).stage == "canary"
    assert store.local
    first = state.read(store.local).of("taxi").since
    assert release.begin(2, 0.3).stage == release.stage(second, COMMIT).stage == "canary"
    assert state.read(store.local).of("taxi").since == first, "what was observed counts on"
    assert release.promote(2).stage == release.promote(2).stage == "promoted"
    assert release.status()["stable"] == {"version": 2, "commit": COMMIT}


def test_the_registry_has_the_steps(store: Store, release: Release, push: Push) -> None:
    for version in (1, 2, 3):
        to_canary(release, push, version)
    written = registry.Record.model_validate_json(store.read("taxi/2.json") or b"")
    assert written.release and written.release.commit == COMMIT
    assert [step.stage for step in written.release.steps] == ["staged", "canary", "superseded"]
    assert written.release.steps[-1].why == "by version 3" and written.release.steps[0].by == "ann"


def test_a_newer_version_takes_a_canary_s_place_and_an_older_one_is_refused(
    store: Store, release: Release, push: Push
) -> None:
    addresses = {version: push(version) for version in (1, 2, 3, 4)}
    release.stage(addresses[1], COMMIT)
    for version in (3, 4):
        release.stage(addresses[version], COMMIT)
        release.begin(version, 0.3)
    assert labels(store) == {"stable": 1, "canary": 4}
    assert release.look(3).stage == "superseded" and release.roll_back(3).stage == "superseded"
    for version, told in ((2, "is older than version 4"), (3, "was superseded before")):
        with pytest.raises(ServingError, match=told):
            release.stage(addresses[version], COMMIT)
    assert labels(store) == {"stable": 1, "canary": 4}
    assert release.watch(3, Canary()).stage == "superseded"


def test_what_was_rolled_back_is_not_released_again(
    store: Store, release: Release, push: Push
) -> None:
    to_canary(release, push, 1)
    second = push(2)
    release.stage(second, COMMIT)
    release.begin(2, 0.3)
    assert release.roll_back(2, "slow").words[1] == "slow"
    assert release.begin(2, 0.3).stage == release.watch(2, Canary()).stage == "rolled back"
    assert release.status()["canary"] is None and release.status()["stable"]["version"] == 1
    with pytest.raises(ServingError, match="was rolled back before"):
        release.stage(second, COMMIT)
    with pytest.raises(ServingError, match="It is rolled back"):
        release.promote(2)
    assert to_canary(release, push, 3) == "canary"


def test_who_is_promoted_and_then_rolled_back_gives_way_to_the_one_before(
    store: Store, release: Release, push: Push
) -> None:
    for version in (1, 2, 3):
        to_canary(release, push, version)
        release.promote(version)
    assert release.roll_back(3, "wrong").stage == "rolled back"
    # Version 1 was not loaded any more when 3 was staged; 2 was.
    assert release.status()["stable"]["version"] == labels(store)["stable"] == 2
    to_canary(release, push, 4)
    assert labels(store) == {"stable": 2, "canary": 4}


def test_a_first_version_that_fails_leaves_its_place_to_the_next(
    store: Store, release: Release, push: Push
) -> None:
    release.stage(push(1), COMMIT)
    assert release.roll_back(1, "nulls").stage == "rolled back"
    assert release.status()["stable"] is None
    assert to_canary(release, push, 2) == "promoted"
    assert labels(store) == {"stable": 2}
    assert release.roll_back(2).stage == "rolled back", "and not to the bad one"
    assert to_canary(release, push, 3) == "promoted"


def test_what_is_not_there_is_told(release: Release, push: Push) -> None:
    release.stage(push(1), COMMIT)
    steps: list[Callable[[], object]] = [
        lambda: release.begin(7, 0.1),
        lambda: release.promote(7),
        lambda: release.watch(7, Canary()),
    ]
    for step in steps:
        with pytest.raises(ServingError, match="Version 7 of 'taxi' is no canary"):
            step()
    assert release.roll_back(7).stage == "unknown"
    for source in ("taxi", "gs://bucket/taxi/latest", "17"):
        with pytest.raises(ServingError, match="is no version's folder"):
            release.stage(source, COMMIT)


def test_a_version_that_cannot_answer_changes_nothing(
    store: Store, release: Release, push: Push
) -> None:
    release.stage(push(1), COMMIT)
    before = labels(store)

    def refuse(version: int, folder: Path) -> None:
        raise ServingError(Code.INTERNAL, f"{version} of {folder.name} does not load")

    with pytest.raises(ServingError, match="2 of 2 does not load"):
        release.stage(push(2), COMMIT, refuse)
    assert labels(store) == before and not store.names("taxi/2")


BRIEF = Canary(requests=300, hours=24)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("seen", "settings", "after", "stage", "words"),
    [
        ({"requests": 0}, BRIEF, HOUR, "canary", "Too early to say"),
        # However long: with no requests nothing is known.
        ({"requests": 60}, BRIEF, 1000 * HOUR, "canary", "Too early to say"),
        ({"requests": 600}, BRIEF, HOUR, "canary", "of 300 requests, and 1.0 of 24 hours"),
        ({"requests": 600}, BRIEF, 24 * HOUR, "promoted", "No difference"),
        ({"requests": 1500}, BRIEF, timedelta(), "promoted", "No difference"),
        ({"requests": 1500, "errors": 0.2}, BRIEF, HOUR, "rolled back", "errors, the stable"),
        ({"requests": 1500, "seconds": 0.05}, BRIEF, HOUR, "rolled back", "ms, the stable"),
        # Surely slower, and within what routing.json allows.
        ({"requests": 1500, "seconds": 0.015}, BRIEF, HOUR, "promoted", "is slower"),
        ({"requests": 1500, "output": 0.9}, BRIEF, HOUR, "promoted", "answers differently"),
        (
            {"requests": 1500, "output": 0.9},
            Canary(requests=300, other_answers="roll back"), HOUR, "rolled back", "Its 'y' is",
        ),
    ],
)  # fmt: skip
def test_a_canary_s_end_is_that_of_the_comparison(
    store: Store,
    release: Release,
    push: Push,
    seen: dict[str, float],
    settings: Canary,
    after: timedelta,
    stage: str,
    words: str,
) -> None:
    release.stage(push(1), COMMIT)
    to_canary(release, push, 2)
    if seen["requests"]:
        observe(store, **seen)  # type: ignore[arg-type]
    found = release.watch(2, settings, datetime.now(timezone.utc) + after)
    assert found.stage == stage and words in " ".join(found.words), found
    again = release.watch(2, settings, datetime.now(timezone.utc) + after)
    assert again.stage == stage
    if stage != "canary":
        assert len(endings.read(store)) == 1


def test_who_may_only_add_files_can_end_a_canary_and_nothing_else(
    bucket: Bucket, push: Push
) -> None:
    """As the account that watches: what it adds has effect on the version that was approved."""
    whole, adding = Store("gs://serving/taxi"), Store("gs://add/taxi")
    approved = Release(whole, "taxi", "ann")
    approved.stage(push(1), COMMIT)
    to_canary(approved, push, 2)
    for (name, path), content in list(bucket.objects.items()):
        if name == "serving":
            bucket.objects["add", path] = content
    watcher = Release(adding, "taxi", "watcher")
    with pytest.raises(ServingError, match="cannot be written"):
        watcher.stage(push(3), COMMIT)
    with pytest.raises(ServingError, match="cannot be written"):
        watcher.begin(2, 0.9)
    # Nothing that is served has changed; and an ending of what is no canary changes nothing.
    endings.add(adding, endings.ending("taxi", 3, "promoted", "watcher", ""))
    assert watcher.status()["stable"]["version"] == 1
    assert watcher.promote(2).stage == "promoted"
    assert watcher.status()["stable"]["version"] == 2
