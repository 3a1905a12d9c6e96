"""Outputs of every shape, in the bins of all rows, by slice and with what was true."""

from __future__ import annotations

import numpy as np
import pytest

from components.profile import distribution, format, outputs
from tests.components.profile.examples import column

pytestmark = pytest.mark.tfx

RANDOM = np.random.default_rng(0)
SCORES = RANDOM.random(400).astype(np.float32)
TRUTH = (RANDOM.random(400) < SCORES).astype(np.int64)


def label(task: str, output: str, *classes: str) -> format.Label:
    return format.Label("y", task, ("y",), None, classes, output)  # type: ignore[arg-type]


def test_slices_are_the_rows_with_their_values() -> None:
    columns = {
        "day": column([1, 2, None, 1]),
        "kind": column(["a", "b", "a", "b"]),
        "share": column([0.1, 0.5, 0.1, None]),
        "tags": column([["x", "y"], ["y"], None, ["x"]]),
    }
    names = {
        "day=1": {"day": "1"},
        "day=1, kind=b": {"day": "1", "kind": "b"},
        "share=0.1": {"share": "0.1"},
        "tags=x": {"tags": "x"},
        "day=9": {"day": "9"},
    }
    found = outputs.slices(names, columns, 4)
    assert {name: rows.tolist() for name, rows in found.items()} == {
        "day=1": [True, False, False, True],
        "share=0.1": [True, False, True, False],
        "tags=x": [True, False, False, True],
        "day=1, kind=b": [False, False, False, True],
    }
    assert outputs.described_slices(names, found)["tags=x"] == format.Slice({"tags": "x"}, 2)


def test_of_many_slices_the_largest_are_kept() -> None:
    values = [n for n in range(150) for _ in range(n + 1)]
    names = {f"n={n}": {"n": f"{n}"} for n in range(150)}
    found = outputs.slices(names, {"n": column(values)}, len(values))
    assert list(found) == [f"n={n}" for n in range(149, 49, -1)]


def test_a_score_is_described_with_what_was_true() -> None:
    members = {"many": np.arange(400) < 100, "few": np.arange(400) < 49}
    found = outputs.describe({"p": SCORES[:, None]}, label("binary", "p"), TRUTH, members)
    assert set(found) == {"p"}
    one = found["p"]
    assert one.numbers is not None and one.calibration is not None and one.position is None
    assert sum(one.numbers.counts) == one.rows == 400
    assert sum(one.calibration.positives) == TRUTH.sum()
    assert set(one.slices) == {"many"} and sum(one.slices["many"]) == 100
    bins = distribution.bins(SCORES, one.numbers.edges)
    for number, positives in enumerate(one.calibration.positives):
        assert positives == TRUTH[bins == number].sum()


def test_each_class_has_a_name_and_its_own_truth() -> None:
    scores = RANDOM.dirichlet([1, 1, 1], 90)
    truth = RANDOM.integers(0, 3, 90)
    found = outputs.describe({"p": scores}, label("multiclass", "p", "a", "b", "c"), truth, {})
    assert list(found) == ["p[a]", "p[b]", "p[c]"]
    for position, one in enumerate(found.values()):
        assert (one.output, one.position) == ("p", position)
        assert sum(one.calibration.positives) == (truth == position).sum()  # type: ignore[union-attr]
    unnamed = outputs.describe({"p": scores}, label("multiclass", "p"), truth, {})
    assert list(unnamed) == ["p[0]", "p[1]", "p[2]"]


def test_what_is_not_judged_is_described_without_truth() -> None:
    answers = {
        "p": SCORES,
        "vector": RANDOM.random((400, 200)),
        "image": RANDOM.random((400, 2, 2)),
        "kind": np.array([b"small", "groß".encode()] * 200, dtype=object),
        "bad": np.full(400, np.nan),
        "code": np.arange(400) % 3,
    }
    found = outputs.describe(answers, label("regression", "p"), SCORES, {})
    assert found["p"].calibration is None and found["p"].numbers is not None
    assert sum(name.startswith("vector[") for name in found) == outputs.MOST_NUMBERS
    assert sum(name.startswith("image[") for name in found) == 4
    assert found["kind"].categories == format.Categories({"groß": 200, "small": 200})
    assert found["bad"].numbers == format.Numbers((), (0,)) and found["bad"].rows == 400
    assert found["code"].numbers is not None and found["code"].numbers.edges == (0, 1, 2)
    assert outputs.describe({"p": SCORES}, None, TRUTH, {})["p"].calibration is None


@pytest.mark.parametrize("level", range(len(distribution.LEVELS) + 1))
def test_a_coarser_output_has_the_same_rows(level: int) -> None:
    members = {"many": np.arange(400) < 100}
    [fine] = outputs.describe({"p": SCORES}, label("binary", "p"), TRUTH, members).values()
    found = outputs.coarser(fine, level)
    assert found.numbers is not None and found.calibration is not None
    assert found.numbers.counts == distribution.counted(SCORES, found.numbers.edges)
    assert found.calibration.positives == distribution.counted(
        SCORES[TRUTH == 1], found.numbers.edges
    )
    for counts in found.slices.values():
        assert counts == distribution.counted(SCORES[:100], found.numbers.edges)
    assert bool(found.slices) == (level < len(distribution.LEVELS) - 3)
    text = format.Output("k", 9, categories=format.Categories({f"{n}": 1 for n in range(9)}))
    named = outputs.coarser(text, level).categories
    assert named is not None
    assert sum(named.counts.values()) == (9, 9, 9, 9, 0, 0, 0)[level]


def test_of_several_classes_the_score_of_what_is_answered_is_described() -> None:
    scores = RANDOM.dirichlet([0.3] * 60, 400)
    truth = scores.argmax(axis=1)
    truth[:100] = (truth[:100] + 1) % 60
    scores[7] = np.nan
    found = outputs.top_score({"p": scores}, label("multiclass", "p"), truth)
    assert found is not None
    assert (found.output, found.classes) == ("p", 60)
    assert sum(found.numbers.counts) == 399
    assert sum(found.right) == 300
    assert len(found.right) == len(found.numbers.counts)
    assert outputs.top_score({"p": scores[:, :1]}, label("binary", "p"), truth) is None
    assert outputs.top_score({"p": scores}, None, truth) is None
