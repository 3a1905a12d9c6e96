"""Whatever is logged: it is kept within bounds, or it is a warning, and nothing raises."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.common.tracking import collection, png
from models.common.tracking.collection import Collection
from pipeline.record.run_details import Logged


class Hostile:
    def __float__(self) -> float:
        raise RuntimeError("no")

    def __repr__(self) -> str:
        raise RuntimeError("no")


def series(found: Collection) -> dict[str, list[tuple[float, float | None]]]:
    return {one["name"]: one["points"] for one in found.as_json()["series"]}


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        *((1, 1.0), (0.5, 0.5), (True, 1.0), (Decimal("0.25"), 0.25), (np.float32(0.5), 0.5)),
        *((np.int8(3), 3.0), (np.array(2.0), 2.0), (math.nan, None), (math.inf, None)),
    ],
)
def test_a_number_of_any_kind_is_a_point(value: Any, kept: float | None) -> None:
    found = Collection()
    found.add_value("a", value, np.int64(3), None)
    assert series(found) == {"a": [(3, kept)]} and not found.as_json()["warnings"]


BAD = [None, "0.5", b"1", [1, 2], {}, Hostile(), 1j, np.zeros(2), 10**400, object(), print]


@pytest.mark.parametrize("bad", BAD)
def test_what_is_no_number_is_a_warning(bad: Any, capsys: pytest.CaptureFixture[str]) -> None:
    found = Collection()
    for _ in range(3):
        found.add_value("a", bad, 1, None)
        found.add_value("a", 1, bad, None)
    told = found.as_json()
    assert not told["series"] and len(told["warnings"]) == 1
    assert "Received:" in told["warnings"][0]["detail"]
    assert capsys.readouterr().out.count("warning:") == 1
    json.dumps(told)


@pytest.mark.parametrize("name", ["", " ", "a" * 201, "a\n", "\x1b[31m", None, 3, b"a", Hostile()])
def test_what_is_no_name_is_a_warning(name: Any) -> None:
    found = Collection()
    found.add_value(name, 1, 1, None)
    found.add_image(name, np.zeros((2, 2)), 1, None)
    told = found.as_json()
    assert not told["series"] and not told["images"]
    assert all("printable characters" in one["detail"] for one in told["warnings"])
    Logged.model_validate(json.loads(json.dumps(told)))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b/c", "ä", "\n"]),
            st.one_of(st.floats(), st.integers(), st.text(max_size=3), st.none()),
            st.one_of(st.integers(-5, 40), st.floats(), st.none()),
            st.sampled_from([None, 1, 2]),
        )
    )
)
def test_whatever_comes_the_record_takes_it(calls: list[tuple[Any, Any, Any, Any]]) -> None:
    found = Collection()
    for name, value, step, trial in calls:
        found.add_value(name, value, step, trial)
    told = Logged.model_validate(json.loads(json.dumps(found.as_json())))
    for one in told.series:
        steps = [step for step, _ in one.points]
        assert steps == sorted(set(steps)) and one.logged >= len(steps) >= 1


def test_of_a_long_series_every_nth_value_is_kept_and_the_last() -> None:
    found = Collection()
    for step in range(10_001):
        found.add_value("a", step / 2, step, None)
    [one] = found.as_json()["series"]
    steps = [step for step, _ in one["points"]]
    assert one["logged"] == 10_001 and 200 < len(steps) <= collection.MOST_POINTS + 1
    assert (steps[0], steps[-1]) == (0, 10_000)
    assert len(set(np.diff(steps[:-1]))) == 1


def test_steps_that_do_not_rise_are_told_once_and_trials_are_apart() -> None:
    found = Collection()
    for trial in (1, 2):
        for step in (1, 2, 2, 1):
            found.add_value("a", 0.5, step, trial)
    told = found.as_json()
    assert [(one["trial"], len(one["points"])) for one in told["series"]] == [(1, 2), (2, 2)]
    [warning] = told["warnings"]
    assert "'a'" in warning["headline"] and "Step 2 came after step 2" in warning["detail"]


def test_there_are_bounds_for_names_images_and_warnings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collection, "MOST_SERIES", 3)
    monkeypatch.setattr(collection, "MOST_IMAGES", 2)
    found = Collection()
    for number in range(5):
        found.add_value(f"a{number}", 1, 1, None)
        found.add_image("i", np.zeros((2, 2)), number, None)
        found.add_image("i", np.ones((2, 2)), 0, None)  # Another one in the place of the first.
    told = found.as_json()
    assert [one["name"] for one in told["series"]] == ["a0", "a1", "a2"]
    assert [one["step"] for one in told["images"]] == [0, 1]
    assert [one["headline"] for one in told["warnings"]] == [
        "Images were left out: there are too many",
        "No more than 3 series are kept",
    ]
    for number in range(100):
        found.add_value(f"b{number}", "no", 1, None)
    assert len(found.as_json()["warnings"]) == 20


def test_images_have_a_bound_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    content = png.encoded(np.zeros((2, 2)))
    monkeypatch.setattr(collection, "MOST_IMAGE_BYTES", 2 * len(content))
    found = Collection()
    for step in range(3):
        found.add_image("i", content, step, None)
    assert len(found.as_json()["images"]) == 2 and len(found.as_json()["warnings"]) == 1
