"""Rows of one request that resemble each other."""

from __future__ import annotations

import numpy as np
import pytest

from monitoring.core.settings import Settings
from monitoring.look.dependence import design_effects, independent, one_of_each
from monitoring.look.looking import look
from monitoring.profile.reference_profile import ReferenceProfile
from monitoring.summary.adding import added
from monitoring.summary.rows import Rows
from monitoring.summary.summarizing import Summarizer
from monitoring.summary.window_summary import WindowSummary
from tests.monitoring.sampled import profile

ROWS = 50
"""Of a request."""


def columns(
    chance: np.random.Generator, requests: int, alike: float, rows: int = ROWS
) -> dict[str, np.ndarray]:
    """Two numbers and a text, whose values within a request correlate by `alike`."""

    def normal() -> np.ndarray:
        of_request = np.repeat(chance.normal(size=requests), rows)
        own = chance.normal(size=requests * rows)
        return np.sqrt(alike) * of_request + np.sqrt(1 - alike) * own

    texts = np.array(list("abcdefgh"), dtype=object)
    return {
        "x": normal(),
        "y": normal(),
        "shop": texts[np.digitize(normal(), [-1.5, -1, -0.5, 0, 0.5, 1, 1.5])],
    }


def trained(rows: int = 5_000) -> ReferenceProfile:
    return profile(columns(np.random.default_rng(0), rows, 0.0, 1), sample=500)


def window(
    of: ReferenceProfile, requests: int, alike: float, seed: int, shift: float = 0.0
) -> WindowSummary:
    chance = np.random.default_rng([seed, 7])
    given = columns(chance, requests, alike)
    given["x"] = given["x"] + shift
    summarizer = Summarizer(of, 1, seed)
    summarizer.add(Rows(requests=requests))
    summarizer.add(
        Rows(
            size=requests * ROWS,
            inputs={name: values.tolist() for name, values in given.items()},
            numbers=np.tile(np.arange(ROWS), requests),
        )
    )
    return summarizer.summary()


@pytest.mark.slow
@pytest.mark.parametrize(("requests", "alike"), [(20, 0.999), (100, 0.9), (40, 0.3)])
def test_requests_of_rows_that_are_alike_raise_no_false_alarms(requests: int, alike: float) -> None:
    """At 5 % no more than 4 of 20 windows; each row for itself, nearly all raise one."""
    of = trained()
    looks = [look(of, window(of, requests, alike, n), None, Settings()) for n in range(20)]
    assert sum(one.verdict == "alarm" for one in looks) <= 4


@pytest.mark.slow
def test_a_row_that_was_not_compared_for_itself_would_raise_alarms() -> None:
    of = trained()
    alarms = 0
    for number in range(5):
        alone = window(of, 20, 0.999, number).model_copy(update={"sample_requests": ()})
        alarms += look(of, alone, None, Settings()).verdict == "alarm"
    assert alarms == 5


def test_requests_of_rows_that_are_not_alike_count_nearly_whole() -> None:
    of = trained()
    effects = design_effects(window(of, 100, 0.0, 1))
    assert set(effects) == {"x", "y", "shop"} and max(effects.values()) < 2.5
    assert look(of, window(of, 100, 0.0, 1, shift=0.5), None, Settings()).verdict == "alarm"


@pytest.mark.parametrize(("alike", "rows_for_one"), [(0.999, 50), (0.5, 25), (0.0, 1)])
def test_the_design_effect_is_that_of_the_correlation(alike: float, rows_for_one: float) -> None:
    of = trained()
    effects = design_effects(window(of, 400, alike, 3))
    assert rows_for_one * 0.8 - 0.1 <= effects["x"] <= rows_for_one * 1.35 + 0.5
    one = independent(window(of, 400, alike, 3), window(of, 400, alike, 3))
    assert sum(one.features["x"].bins) == pytest.approx(20_000 / effects["x"], abs=1)
    assert one.features["x"].rows == pytest.approx(20_000 / effects["x"], abs=1)


def test_requests_of_one_row_stay_as_they_are() -> None:
    of = trained()
    summarizer = Summarizer(of, 1)
    given = columns(np.random.default_rng(1), 300, 0.0, 1)
    inputs = {name: values.tolist() for name, values in given.items()}
    summarizer.add(Rows(size=300, inputs=inputs, requests=300, numbers=np.zeros(300, np.int64)))
    found = summarizer.summary()
    assert design_effects(found) == {}
    assert independent(found, found) is found
    assert one_of_each(found) == list(range(300))


def test_missing_values_that_come_together_count_once() -> None:
    of = trained()
    summarizer = Summarizer(of, 1)
    values = [None if n % 20 == 3 else float(n % 7 - 3) for n in range(40) for _ in range(ROWS)]
    chance = np.random.default_rng(0)
    mixed = [v if v is None else float(chance.normal()) for v in values]
    numbers = np.tile(np.arange(ROWS), 40)
    summarizer.add(Rows(size=2_000, inputs={"x": mixed}, requests=40, numbers=numbers))
    assert design_effects(summarizer.summary())["x"] > 40


def test_after_windows_were_added_requests_are_still_told_apart() -> None:
    of = trained()
    both = added(window(of, 10, 0.9, 1), window(of, 10, 0.9, 2))
    assert len(set(both.sample_requests)) == 20
    assert len(both.sample_requests) == len(both.sample["x"]) == 1_000
    assert len(one_of_each(both)) == 20
