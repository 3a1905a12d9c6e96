"""The bounds of a metric in words, the same in the pipeline and in the dashboard's pages."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.record import bounds
from tests.helpers.paths import ROOT

WORDS = [
    (None, None, ""),
    (0.9, None, "at least 0.9"),
    (None, 0.35, "at most 0.35"),
    (0.8, 1.25, "0.8 to 1.25"),
    (-2.0, -1.0, "-2 to -1"),
    (0.0, None, "at least 0"),
    (None, 0.0, "at most 0"),
    (0.1 + 0.2, None, "at least 0.3"),
    (None, 150000.0, "at most 150000"),
]
SIGNS = [
    (None, None, ""),
    (0.9, None, "≥ 0.9"),
    (None, 0.35, "≤ 0.35"),
    (0.8, 1.25, "0.8-1.25"),
]
VALUES = [
    (0.9, 0.9, None, False),
    (0.89, 0.9, None, True),
    (0.35, None, 0.35, False),
    (0.36, None, 0.35, True),
    (1.0, 0.8, 1.25, False),
    (None, 0.8, None, True),
    (None, None, 0.0, True),
    (None, None, None, False),
    (7.0, None, None, False),
]
number = st.one_of(st.none(), st.floats(-1e6, 1e6))


@pytest.mark.parametrize(("at_least", "at_most", "words"), WORDS)
def test_in_words(at_least: float | None, at_most: float | None, words: str) -> None:
    assert bounds.in_words(at_least, at_most) == words


@pytest.mark.parametrize(("value", "at_least", "at_most", "missed"), VALUES)
def test_a_value_keeps_or_misses_its_bounds(
    value: float | None, at_least: float | None, at_most: float | None, missed: bool
) -> None:
    assert bounds.missed(value, at_least, at_most) is missed


@given(number, number, number)
def test_bounds_are_missed_only_where_there_are_words_for_them(
    value: float | None, at_least: float | None, at_most: float | None
) -> None:
    if bounds.missed(value, at_least, at_most):
        assert bounds.in_words(at_least, at_most)


def in_the_browser(expression: str, cases: list[Any]) -> Any:
    """What a function of the dashboard's pages gives for each case."""
    code = (
        'import * as bounds from "./dashboard/static/js/bounds.js";'
        f"console.log(JSON.stringify({json.dumps(cases)}.map((one) => {expression})))"
    )
    command = ["node", "--input-type=module", "--eval", code]
    return json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_the_dashboard_says_and_judges_the_same() -> None:
    told = [{"at_least": least, "at_most": most} for least, most, _ in WORDS]
    assert in_the_browser("bounds.inWords(one)", told) == [words for *_, words in WORDS]
    judged = [{"value": v, "at_least": least, "at_most": most} for v, least, most, _ in VALUES]
    assert in_the_browser("bounds.missed(one)", judged) == [missed for *_, missed in VALUES]


@pytest.mark.parametrize(("at_least", "at_most", "expected"), SIGNS)
def test_bounds_in_signs(at_least: float | None, at_most: float | None, expected: str) -> None:
    assert bounds.in_signs(at_least, at_most) == expected
    plain = bounds.in_signs(at_least, at_most, ">=", "<=")
    assert plain == expected.replace("≥", ">=").replace("≤", "<=") and plain.isascii()


@given(
    st.floats(-1e9, 1e9),
    st.lists(st.floats(-1e9, 1e9), max_size=2),
    st.sampled_from([".4f", ".6g"]),
)
def test_a_rounded_value_is_on_its_own_side_of_its_bounds(
    value: float, limits: list[float], rounding: str
) -> None:
    text = bounds.shown(value, format(value, rounding), *limits)
    for limit in limits:
        assert (float(text) > limit, float(text) < limit) == (value > limit, value < limit)


def test_a_value_is_not_longer_than_it_must_be() -> None:
    assert bounds.shown(0.84996, "0.8500", 0.85) == "0.84996"
    assert bounds.shown(0.9, "0.9000", 0.85, None) == "0.9000"


def test_single_precision_meets_a_bound() -> None:
    assert not bounds.missed(0.699999988079071, 0.7, None)
    assert bounds.missed(0.6999999, 0.7, None)
