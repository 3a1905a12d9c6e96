"""What is proposed for a whole table."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from models.common.errors import ConfigError, DataError
from pipeline.scaffold.inference.proposal import propose
from pipeline.scaffold.inference.settings import parse
from tests.pipeline.scaffold import tables

_DRAW = random.Random(10)
N = 600


def test_a_table_of_most_kinds(tmp_path: Path) -> None:
    found = tables.proposal(tmp_path, tables.mixed(), "dear")
    assert {name: choice.kind for name, choice in found.choices.items()} == {
        "number of row": "identifier", "size (cm)": "number", "colour": "category",
        "rooms": "code", "sold": "boolean", "day": "date", "advert": "text", "country": "constant",
    }  # fmt: skip
    assert found.task.classes == ("high", "low")
    assert found.inputs == ["size (cm)", "colour", "rooms", "sold", "day", "advert"]
    assert (found.splitting.way, found.splitting.column) == ("time", "day")


def flights() -> dict[str, Sequence[Any]]:
    late = [_DRAW.expovariate(0.1) - 5 for _ in range(N)]
    cancelled = [n % 20 == 0 for n in range(N)]
    return {
        "dep_delay": ["NA" if no else round(one) for one, no in zip(late, cancelled, strict=True)],
        "air_time": ["NA" if no else _DRAW.randint(30, 300) for no in cancelled],
        "carrier": [_DRAW.choice(["UA", "AA"]) for _ in late],
        "arr_delay": [
            "NA" if no else round(one + _DRAW.gauss(0, 2), 1)
            for one, no in zip(late, cancelled, strict=True)
        ],
    }


def test_what_is_known_only_with_the_label_is_left_out(tmp_path: Path) -> None:
    found = tables.proposal(tmp_path, flights(), "arr_delay")
    assert found.inputs == ["carrier"] and found.missing == ("NA",)
    assert found.rows == N - N // 20
    assert "missing in 30 of 30 rows without a label" in found.choices["dep_delay"].why
    again = tables.proposal(tmp_path, flights(), "arr_delay", said=["dep_delay=number"])
    assert again.inputs == ["dep_delay", "carrier"]
    [note] = again.choices["dep_delay"].notes
    assert note.startswith("explains ") and "known before the label" in note


def test_rows_that_are_all_but_empty_say_nothing_of_a_column(tmp_path: Path) -> None:
    empty = [n % 10 == 0 for n in range(N)]
    columns = {
        name: [None if no else _DRAW.random() for no in empty] for name in ("a", "b", "c")
    } | {"y": [None if no else _DRAW.randint(0, 1) for no in empty]}
    assert tables.proposal(tmp_path, columns, "y").inputs == ["a", "b", "c"]


def test_a_copy_is_left_out_unless_it_is_all_there_is(tmp_path: Path) -> None:
    label = [n // 3 % 2 for n in range(N)]
    columns: dict[str, Sequence[Any]] = {
        "alive": ["no" if one else "yes" for one in label], "y": label
    }  # fmt: skip
    assert tables.proposal(tmp_path, columns, "y").inputs == ["alive"]
    columns = {"x": [_DRAW.random() for _ in label], **columns}
    found = tables.proposal(tmp_path, columns, "y")
    assert found.inputs == ["x"] and found.choices["alive"].kind == "copy"


def test_a_mark_among_words_is_a_value_unless_numbers_need_it(tmp_path: Path) -> None:
    words = ["None", "gas", "oil"] * (N // 3)
    columns: dict[str, Sequence[Any]] = {"heating": words, "y": [n % 2 for n in range(N)]}
    found = tables.proposal(tmp_path, columns, "y")
    assert found.missing == () and found.table.columns["heating"].distinct == 3
    columns["area"] = ["None" if n % 9 == 0 else n * 1.5 for n in range(N)]
    found = tables.proposal(tmp_path, columns, "y")
    assert found.missing == ("None",) and found.table.columns["heating"].distinct == 2


def test_infinity_is_left_out(tmp_path: Path) -> None:
    columns = {
        "ratio": ["inf" if n == 7 else n * 0.5 for n in range(N)],
        "x": [_DRAW.random() for _ in range(N)],
        "y": [n % 2 for n in range(N)],
    }
    found = tables.proposal(tmp_path, columns, "y")
    assert found.inputs == ["x"] and "infinity" in found.choices["ratio"].why


def test_slices_have_few_values_of_enough_rows(tmp_path: Path) -> None:
    columns = {
        "sex": [("m", "f")[n % 2] for n in range(N)],
        "rare": ["x" if n % 100 == 0 else "z" for n in range(N)],
        "gap": [None if n % 7 == 0 else n % 3 for n in range(N)],
        "many": [n % 40 for n in range(N)],
        "y": [_DRAW.random() for _ in range(N)],
    }
    assert tables.proposal(tmp_path, columns, "y").slices == ("sex",)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (["colour=date"], "the column is not such"),
        (["splits.time=colour"], "cannot be split by it"),
        (["splits.by=sold"], "cannot be split by it"),
        (["splits.by=dear"], "'dear' is the label"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, said: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        tables.proposal(tmp_path, tables.mixed(), "dear", said=said)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"y": [0, 1] * 50}, "no column but the label"),
        ({"id": range(100), "y": [0, 1] * 50}, "no column that a model could learn from"),
    ],
)
def test_nothing_to_learn_from(
    tmp_path: Path, columns: dict[str, Sequence[Any]], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        tables.proposal(tmp_path, columns, "y")


def test_questions_are_asked_where_it_is_not_clear(tmp_path: Path) -> None:
    columns = {
        "user": [f"u{_DRAW.randint(0, 99)}" for _ in range(N)],
        "x": [_DRAW.random() for _ in range(N)],
        "stars": [_DRAW.randint(1, 5) for _ in range(N)],
    }
    asked = []

    def ask(question: str, proposed: str, others: Sequence[str]) -> str:
        asked.append(question)
        return {"multi-class": "regression", "group": "category"}.get(proposed, proposed)

    found = propose(tables.read(tmp_path, columns, "stars"), ["stars"], parse([]), ask)
    assert len(asked) == 2 and "What is learnt of 'stars'?" in asked[0]
    assert found.task.name == "regression" and found.choices["user"].kind == "category"
    asked.clear()
    propose(
        tables.read(tmp_path, columns, "stars"),
        ["stars"],
        parse(["task=count", "user=identifier"]),
        ask,
    )
    assert asked == []
