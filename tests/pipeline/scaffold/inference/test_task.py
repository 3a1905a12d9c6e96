"""Labels, and what is learnt of them."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.common.errors import DataError
from pipeline.scaffold.inference import task
from tests.pipeline.scaffold import tables

_DRAW = random.Random(4)
N = 300


def times(values: list[Any]) -> list[Any]:
    return (values * N)[:N]


def find(folder: Path, values: list[Any], wanted: task.TaskName | None = None) -> task.Task:
    return task.find(
        tables.read(folder, {"x": range(len(values)), "y": values}, "y"), ["y"], wanted
    )


@pytest.mark.parametrize(
    ("values", "name", "classes"),
    [
        (times(["no", "yes"]), "binary", ("no", "yes")),
        (times(["True", "False"]), "binary", ("False", "True")),
        (times([" >50K", "<=50K"]), "binary", ("<=50K", ">50K")),
        (times(["Yes", "yes", "No"]), "binary", ()),
        (times([0, 1]), "binary", ()),
        (times([1, 2]), "binary", ("1", "2")),
        (times([-1, 1]), "binary", ("-1", "1")),
        (times(["b", "a", "c"]), "multi-class", ("a", "b", "c")),
        (times(list(range(10))), "multi-class", tuple("0123456789")),
        (times([3, 4, 5, 11]), "multi-class", ("3", "4", "5", "11")),
        ([_DRAW.gauss(0, 1) for _ in range(N)], "regression", ()),
        ([_DRAW.randint(18, 90) for _ in range(N)], "regression", ()),
        ([round(_DRAW.lognormvariate(7, 1)) for _ in range(N)], "log", ()),
        ([int(_DRAW.expovariate(0.2)) for _ in range(N)], "count", ()),
        ([f"${_DRAW.randint(1, 9)},{_DRAW.randint(100, 999)}" for _ in range(N)], "regression", ()),
        (times(["a", "b", None, "N/A"]), "binary", ("a", "b")),
    ],
)
def test_tasks(tmp_path: Path, values: list[Any], name: str, classes: tuple[str, ...]) -> None:
    found = find(tmp_path, values)
    assert (found.name, found.classes) == (name, classes)
    assert found.is_classes == (name in ("binary", "multi-class"))
    if found.is_classes:
        assert sum(found.shares) == pytest.approx(1)


@pytest.mark.parametrize("wanted", ["count", "regression", "multi-class"])
def test_what_it_may_be_can_be_said(tmp_path: Path, wanted: task.TaskName) -> None:
    values = times([1, 2, 3, 4, 5])
    assert find(tmp_path, values).others == ("count", "regression")
    found = find(tmp_path, values, wanted)
    assert found.name == wanted
    if wanted != "multi-class":
        assert found.mean == pytest.approx(3) and found.std == pytest.approx(2**0.5)


@pytest.mark.parametrize(
    ("values", "wanted", "message"),
    [
        (times(["a", "b"]), "regression", "is not such"),
        (times([-1.5, 2.5, 3.5]), "log", "is not such"),
        (times([1, 2, 3]), "binary", "Expected: two values. Received: 3"),
        (times(["a", "b"]), "multi-label", "several --label"),
        ([None] * N, None, "nothing to learn"),
        ([1] * N, None, "has '1' alone"),
        (["a", "a "] * 100, None, "nothing to learn"),
        ([f"text {n}" for n in range(N)], None, "300 different values"),
        (times(["a\nb", "c"]), None, "line break"),
        ([f"{n},5" for n in range(N)], None, "numbers with a decimal comma"),
        (times(["1,5", "2", "1.234,5"]), None, "'1,5', '1.234,5'"),
    ],
)
def test_what_cannot_be_learnt(
    tmp_path: Path, values: list[Any], wanted: task.TaskName | None, message: str
) -> None:
    with pytest.raises(DataError) as caught:
        find(tmp_path, values, wanted)
    assert message in str(caught.value)


def test_a_label_that_is_not_there(tmp_path: Path) -> None:
    table = tables.read(tmp_path, {"x": [1, 2], "Price": [1, 2]}, "price")
    with pytest.raises(DataError, match="did you mean 'Price'"):
        task.find(table, ["price"])


def test_several_labels(tmp_path: Path) -> None:
    columns = {"x": times([1, 2, 3]), "a": times([0, 1]), "b": times(["no", "yes", "yes"])}
    table = tables.read(tmp_path, columns, "a", "b")
    found = task.find(table, ["a", "b"])
    assert found.name == "multi-label" and found.labels == ("a", "b")
    np.testing.assert_array_equal(task.values(found, table)[:3], [[0, 0], [1, 1], [0, 1]])
    for labels, message in ((["a", "x"], "truth values"), (["a", "a"], "twice")):
        with pytest.raises(DataError, match=message):
            task.find(table, labels)


def test_values_are_numbers_of_classes(tmp_path: Path) -> None:
    table = tables.read(tmp_path, {"y": ["b", None, " a", "b"], "x": [1, 2, 3, 4]}, "y")
    found = task.find(table, ["y"])
    np.testing.assert_array_equal(task.values(found, table), [1, np.nan, 0, 1])


@pytest.mark.parametrize(("ones", "rare"), [(150, False), (70, False), (50, True), (9, True)])
def test_rare_classes(tmp_path: Path, ones: int, rare: bool) -> None:
    assert find(tmp_path, [1] * ones + [0] * (N - ones)).is_rare == rare
