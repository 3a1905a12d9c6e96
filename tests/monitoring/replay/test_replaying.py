"""Policies on logs with known changes: a table of what each would have done."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitoring.core.settings import Settings
from monitoring.profile.reference_profile import ReferenceProfile
from monitoring.replay.replaying import Profiles, Replay, replay
from monitoring.replay.truth import Change
from monitoring.watch.watcher import Looking, Reader, Served
from tests.monitoring.looks import MONDAY, finding, look, window
from tests.monitoring.replay.test_adapted import PROFILE


class World:
    """A log in which each window is of a kind; a version knows the kind that it was trained on."""

    def __init__(self, kinds: str, versions: str = "") -> None:
        self.kinds = kinds
        self.versions = versions or "1" * len(kinds)
        self.passes = 0

    def reader_of(self, profiles: Profiles, settings: Settings) -> Reader:
        def read(position: dict[str, Any] | None) -> Iterator[Served]:
            self.passes += 1
            for number in range((position or {"at": 0})["at"], len(self.kinds)):
                version = int(self.versions[number])
                made = window(100, version, hours=number, sample={"k": (self.kinds[number],)})
                yield Served(made, {"at": number + 1}, True)
            yield Served(window(5), {"at": len(self.kinds)}, False)

        return read

    def looking_by(self, profiles: Profiles) -> Looking:
        def looking(served: Any, last: Any, settings: Any, number: int, history: Any, time: Any
        ) -> Any:  # fmt: skip
            known = profiles(served.version).sample["k"]
            found = [finding()] if served.sample["k"] != known else []
            return look(*found, version=served.version, number=number, time=time), None

        return looking

    def profiles(self, version: int) -> ReferenceProfile:
        return PROFILE.model_copy(update={"sample": {"k": ("a",)}})

    def play(self, changes: list[int] | None = None, **settings: Any) -> Replay:
        known = None
        if changes is not None:
            known = [Change(MONDAY + timedelta(hours=hour), str(hour)) for hour in changes]
        policy = Settings(**{"on_alarm": "retrain", "cool_down_hours": 4, **settings})
        return replay("p", policy, self.profiles, self.reader_of, self.looking_by, known)


def hours(replayed: Replay, chosen: Callable[[Any], bool] = lambda _: True) -> list[int]:
    return [
        round((alarm.time - MONDAY) / timedelta(hours=1))
        for alarm in replayed.alarms
        if chosen(alarm)
    ]


def test_a_retraining_ends_the_alarm() -> None:
    found = World("aaabbbbbbb").play()
    assert hours(found) == [3] and found.retrainings == 1
    assert (found.looks, found.rows, found.rows_under_alarm) == (10, 1000, 100)
    assert found.share_under_alarm == 0.1 and found.false_alarms is None


def test_without_a_retraining_the_alarm_is_told_again_after_each_cool_down() -> None:
    found = World("aaabbbbbbb").play(on_alarm="notify")
    assert hours(found) == [3, 7] and found.retrainings == 0
    assert found.share_under_alarm == 0.7


@pytest.mark.parametrize(
    ("kinds", "settings", "told", "trained"),
    [
        ("aabbccdd", {"cool_down_hours": 0, "retrainings_a_week": 9}, [2, 4, 6], [2, 4, 6]),
        ("aabbccdd", {"cool_down_hours": 0}, [2, 4, 6, 7], [2, 4]),
        ("aabbccdddd", {"retrainings_a_week": 9}, [2, 4, 8], [2, 8]),
        ("abababab", {"cool_down_hours": 0, "retrainings_a_week": 9}, list(range(1, 8)),
         list(range(1, 8))),
        ("aaaa", {}, [], []),
        ("", {}, [], []),
    ],
)  # fmt: skip
def test_cool_down_and_budget_hold(
    kinds: str, settings: dict[str, Any], told: list[int], trained: list[int]
) -> None:
    found = World(kinds).play(**settings)
    assert hours(found) == told
    assert hours(found, lambda alarm: alarm.retraining) == trained


def test_what_was_false_and_what_was_found_is_said_where_changes_are_known() -> None:
    found = World("aabaabbb").play([5], cool_down_hours=0, retrainings_a_week=9)
    assert hours(found) == [2, 3, 5]
    assert hours(found, lambda alarm: alarm.false) == [2, 3]
    assert (found.false_alarms, found.false_retrainings) == (2, 2)
    (change,) = found.changes
    assert change.name == "5" and change.rows == 0 and found.rows_until_found == 0


def test_rows_until_a_change_is_found_are_counted_from_the_change() -> None:
    found = World("aaaaaabb").play([2, 30])
    assert [change.rows for change in found.changes] == [400, None]
    assert found.rows_until_found == 400 and found.false_alarms == 0


def test_a_second_alarm_for_one_change_is_false_once_it_was_trained_on() -> None:
    found = World("aabbbbcc").play([2], cool_down_hours=0, retrainings_a_week=9)
    assert hours(found, lambda alarm: alarm.false) == [6]
    notified = World("aabbbbbb").play([2], on_alarm="notify", cool_down_hours=1)
    assert len(notified.alarms) == 6 and notified.false_alarms == 0


def test_versions_have_profiles_and_alarms_of_their_own() -> None:
    found = World("abab", "1212").play(cool_down_hours=0)
    assert hours(found) == [1]
    assert World("abbb", "1112").play(retrainings_a_week=0).alarms[-1].version == 2


def test_a_log_is_read_once_and_from_each_retraining_on() -> None:
    world = World("aabbcc")
    world.play(cool_down_hours=0, retrainings_a_week=9)
    assert world.passes == 3


def test_it_is_plain_json(tmp_path: Path) -> None:
    found = World("aab").play([2])
    assert Replay.model_validate(json.loads(found.model_dump_json())) == found
