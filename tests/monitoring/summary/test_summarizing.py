"""Summaries of served rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.profile.reference_profile import ReferenceProfile
from monitoring.summary.rows import Rows
from monitoring.summary.summarizing import Summarizer, added
from monitoring.summary.window_summary import WindowSummary
from tests.monitoring.trip_profile import counts, numbers, profile

PROFILE = profile()


def rows(given: list[dict[str, Any]], outputs: list[Any] | None = None, **changes: Any) -> Rows:
    names = dict.fromkeys(name for row in given for name in row)
    return Rows(
        size=len(given),
        inputs={name: [row.get(name) for row in given] for name in names},
        outputs={} if outputs is None else {"probability": outputs},
        requests=len(given),
        **changes,
    )


def summary(*batches: Rows, of: ReferenceProfile = PROFILE) -> WindowSummary:
    summarizer = Summarizer(of, 3)
    for batch in batches:
        summarizer.add(batch)
    return summarizer.summary()


def test_a_window_without_a_row() -> None:
    found = summary()
    assert (found.model, found.version, found.rows) == ("trips", 3, 0)
    assert found.first is found.last is None
    assert found.features["fare"].rows == 0
    assert found.sampled == 1.0


def test_one_row() -> None:
    found = summary(rows([{"fare": 12.0, "company": "A"}], [0.6], first=5.0, last=5.0))
    assert found.features["fare"].bins == (0, 0, 1, 0)
    assert found.features["seconds"].missing == 1
    assert found.outputs["probability"].bins == (0, 0, 1, 0)
    assert found.outputs["probability"].slices == {"company=A": (0, 0, 1, 0)}
    assert found.slices == {"company=A": 1}
    assert found.sample["fare"] == (12.0,)
    assert "stops" not in found.sample
    assert found.first == found.last


def test_requests_that_were_refused_have_no_rows() -> None:
    found = summary(Rows(requests=4, refused=3, failed=1, first=1.0, last=9.0))
    assert (found.requests, found.refused, found.failed, found.rows) == (4, 3, 1, 0)
    assert found.last is not None
    assert found.last.timestamp() == 9


def test_a_renamed_feature_is_missing_and_the_new_name_is_told() -> None:
    found = summary(rows([{"Fare": 1.0}, {"Fare": None}, {"fare": 1.0, "Fare": 2.0}]))
    assert found.unknown_features == {"Fare": 2}
    assert found.features["fare"].missing == 2


def test_names_that_clients_make_up_take_bounded_room() -> None:
    found = summary(*(rows([{f"name{number}": 1}]) for number in range(300)))
    assert len(found.unknown_features) == 100


def test_redacted_features_are_not_missing_but_left_out() -> None:
    found = summary(rows([{"fare": 1.0}], redacted=("company", "other")))
    assert found.redacted == ("company", "image")
    assert found.features["company"].rows == found.features["image"].rows == 0
    assert found.features["fare"].rows == 1


def test_the_share_that_was_logged() -> None:
    assert summary(rows([{}], sampled=0.1)).sampled == pytest.approx(0.1)
    half = summary(rows([{}] * 10, sampled=1.0), rows([{}] * 10, sampled=0.5))
    assert half.sampled == pytest.approx(20 / 30)


@pytest.mark.parametrize(
    ("answers", "missing", "bins"),
    [
        ([0.1, None, float("nan"), "x"], 3, (1, 0, 0, 0)),
        ([[0.1], [0.9]], 0, (1, 0, 0, 1)),
        (pa.array([0.1, None]), 1, (1, 0, 0, 0)),
        ([float("inf"), float("-inf")], 2, (0, 0, 0, 0)),
    ],
)
def test_answers(answers: Any, missing: int, bins: tuple[int, ...]) -> None:
    found = summary(rows([{}] * len(answers), answers)).outputs["probability"]
    assert (found.rows, found.missing, found.bins) == (len(answers), missing, bins)


def test_an_answer_without_this_output_is_missing_and_none_at_all_is_not_counted() -> None:
    without = Rows(size=2, outputs={"other": [1, 2]})
    assert summary(without).outputs["probability"].missing == 2
    assert summary(Rows(size=2)).outputs["probability"].rows == 0


def test_outputs_with_several_numbers_and_text() -> None:
    common = {"rows": 10, "numbers": numbers([0.5], [5, 5])}
    outputs = {
        "p[cat]": {"output": "p", "position": 0, **common},
        "p[dog]": {"output": "p", "position": 1, **common},
        "name": {"output": "name", "rows": 10, "categories": {"counts": {"cat": 5, "dog": 5}}},
    }
    batch = Rows(
        size=4,
        outputs={
            "p": [[0.2, 0.8], [0.9, 0.1], [float("nan"), 0.7], [0.3]],
            "name": ["cat", "dog", "mouse", None],
        },
    )
    found = summary(batch, of=profile(outputs=outputs)).outputs
    assert (found["p[cat]"].bins, found["p[cat]"].missing) == ((2, 1), 1)
    assert (found["p[dog]"].bins, found["p[dog]"].missing) == ((1, 2), 1)
    assert found["p[cat]"].total == pytest.approx(1.4, abs=1e-6)
    assert (found["name"].values, found["name"].unseen_values) == ({"cat": 1, "dog": 1}, 1)
    assert found["name"].missing == 1


def test_slices_by_numbers_and_by_lists() -> None:
    slices = {
        "seconds=60": {"of": {"seconds": "60"}, "rows": 1},
        "tags=x": {"of": {"tags": "x"}, "rows": 1},
        "both": {"of": {"seconds": "60", "tags": "x"}, "rows": 1},
        "gone": {"of": {"nothing": "x"}, "rows": 1},
        "text": {"of": {"seconds": "many"}, "rows": 1},
    }
    batch = rows([{"seconds": 60, "tags": ["y", "x"]}, {"seconds": 60}, {"tags": ["y"]}])
    expected = {"seconds=60": 2, "tags=x": 1, "both": 1, "gone": 0, "text": 0}
    assert summary(batch, of=profile(slices=slices)).slices == expected


_ROW = st.fixed_dictionaries(
    {},
    optional={
        "fare": st.none()
        | st.floats(width=32)
        | st.integers(-5, 50)
        | st.just("3")
        | st.booleans(),
        "seconds": st.integers(0, 1000) | st.just(1.5) | st.lists(st.integers(0, 9), max_size=2),
        "company": st.none() | st.sampled_from(["A", "B", "C", "", "\ud800"]) | st.integers(0, 3),
        "area": st.integers(0, 4) | st.just("1"),
        "stops": st.lists(st.floats(0, 5), max_size=3),
        "tags": st.lists(st.sampled_from("xyz"), max_size=3) | st.none(),
        "image": st.none() | st.just({"b64": "AA=="}),
        "other": st.integers(),
    },
)
_ANSWER = st.none() | st.floats(0, 1, width=16)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(_ROW, _ANSWER), max_size=20), st.data())
def test_any_split_into_batches_and_windows_gives_the_same(
    served: list[tuple[dict[str, Any], Any]], data: st.DataObject
) -> None:
    """And in any order, while values that were not seen before are not too many."""

    def batch(some: list[tuple[dict[str, Any], Any]]) -> Rows:
        found = rows([row for row, _ in some], [answer for _, answer in some])
        return found._replace(refused=len(some) // 3, first=1.0, last=2.0)

    cuts = sorted(data.draw(st.lists(st.integers(0, len(served)), max_size=4)))
    parts = [served[a:b] for a, b in zip([0, *cuts], [*cuts, len(served)], strict=True)]
    parts = [part for part in parts if part] or [served]
    whole = summary(*(batch(part) for part in parts))
    alone = [summary(batch(part)) for part in data.draw(st.permutations(parts))]
    left = alone[0]
    for other in alone[1:]:
        left = added(left, other)
    right = alone[-1]
    for other in reversed(alone[:-1]):
        right = added(other, right)
    assert counts(left) == counts(right) == counts(whole)
    for name, column in whole.sample.items():
        assert sorted(map(repr, left.sample[name])) == sorted(map(repr, column))


def test_a_large_batch_counts_as_its_rows_do() -> None:
    chance = np.random.default_rng(0)
    fares = chance.lognormal(2, 1, 1_000)
    whole = summary(Rows(size=1_000, inputs={"fare": pa.array(fares)}))
    single = summary(*(Rows(size=1, inputs={"fare": [fare]}) for fare in fares.tolist()))
    assert whole.features == single.features
