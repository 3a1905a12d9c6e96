"""Samples of what requests came to, in memory and in files that others read."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from serving.core.hooks import Outcome
from serving.routing import observations
from serving.routing.observations import Observations, Observed, Sample, brief


def outcome(status: int = 200, **outputs: Any) -> Outcome:
    arrays = {name: np.array(value) for name, value in outputs.items()}
    return Outcome("taxi", 3, "canary", 0.01, status, arrays)


def test_a_sample_is_of_all_that_was_seen() -> None:
    sample = Sample()
    for number in range(10_000):
        sample.add(float(number >= 1000))
    assert (sample.seen, len(sample.values)) == (10_000, 1000)
    # Nine of ten, and five standard deviations.
    assert abs(np.mean(sample.values) - 0.9) < 5 * (0.09 / 1000) ** 0.5


@pytest.mark.parametrize(
    ("status", "counted"),
    [
        (200, (0, 1)),
        (404, (1, 0)),
        (400, (1, 0)),
        (500, (1, 0)),
        (504, (1, 0)),
        (401, (0, 0)),
        (429, (0, 0)),
    ],
)
def test_errors_have_no_latency_and_no_outputs(status: int, counted: tuple[int, int]) -> None:
    seen = Observed()
    seen.add(outcome(status, y=[0.5]))
    assert seen.requests == 1
    assert (seen.errors, seen.seconds.seen) == counted
    assert bool(seen.outputs) == (status == 200)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ([0.5, 0.25], {"y": [0.5]}),
        ([[0.5], [0.25]], {"y": [0.5]}),
        (0.5, {"y": [0.5]}),
        ([True], {"y": [1.0]}),
        ([[1, 2]], {"y[0]": [1.0], "y[1]": [2.0]}),
        ([list(range(9))], {f"y[{n}]": [float(n)] for n in range(5)}),
        ([[np.nan, 1.0]], {}),
        ([np.inf], {}),
        ([b"words"], {}),
        ([], {}),
    ],
)
def test_the_first_numbers_of_the_first_row_are_kept(value: Any, kept: dict[str, Any]) -> None:
    seen = Observed()
    seen.add(outcome(y=value))
    assert {name: sample.values for name, sample in seen.outputs.items()} == kept


def test_what_several_processes_saw_is_put_together(tmp_path: Path) -> None:
    seen = Observations()
    seen.begin("taxi", None)
    seen.add(outcome(y=[0.5]))
    seen.save(tmp_path)
    (own,) = (tmp_path / observations.FOLDER).iterdir()
    own.with_name("other-1.json").write_bytes(own.read_bytes())
    own.with_name("no-json.json").write_text("{")
    own.with_name("not-ours.json").write_text("{}")
    together = observations.saved(tmp_path, "taxi", None)
    assert together[3, "canary"].requests == 2
    assert together[3, "canary"].outputs["y"].values == [0.5, 0.5]
    assert observations.saved(tmp_path, "other", None) == {}


def test_files_that_nobody_writes_any_more_are_removed(tmp_path: Path) -> None:
    folder = tmp_path / observations.FOLDER
    folder.mkdir()
    for name, days in (("old", 8), ("recent", 6)):
        path = folder / f"{name}.json"
        path.write_text(json.dumps({"version": 1, "models": {}}))
        os.utime(path, (time.time() - days * 86_400,) * 2)
    Observations().save(tmp_path)
    names = {path.name for path in folder.iterdir()}
    assert "recent.json" in names and "old.json" not in names and len(names) == 2


_VALUES = st.floats(allow_nan=True, allow_infinity=True, width=32)
_OUTPUTS = st.dictionaries(
    st.sampled_from("ab"),
    st.one_of(
        hnp.arrays(
            np.float32, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0), elements=_VALUES
        ),
        hnp.arrays(np.int64, hnp.array_shapes(max_dims=2, max_side=8)),
        st.just(np.array([b"text", b"more"], object)),
    ),
    max_size=2,
)


@given(_OUTPUTS, st.sampled_from([200, 400, 429, 500, 504]), st.booleans())
def test_of_a_brief_outcome_the_same_is_observed(
    outputs: dict[str, np.ndarray], status: int, mistake: bool
) -> None:
    outcome = Outcome("m", 1, "stable", 0.1, status, outputs, None, mistake)
    whole, short = Observed(), Observed()
    whole.add(outcome, {"a": [0.0]})
    short.add(brief(outcome), {"a": [0.0]})
    assert (whole.requests, whole.errors, whole.counts) == (
        short.requests, short.errors, short.counts
    )  # fmt: skip
    values = [
        {name: sample.values for name, sample in each.outputs.items()} for each in (whole, short)
    ]
    assert values[0] == values[1]
    assert sum(array.nbytes for array in brief(outcome).outputs.values()) <= 2 * 5 * 8
