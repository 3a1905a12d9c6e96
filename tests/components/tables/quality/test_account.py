"""What examples do not hold exactly is counted, whatever the rows come in."""

from __future__ import annotations

import struct

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.tables.columns import ColumnType
from components.tables.quality import account
from components.tables.quality.account import Loss, Tally


def as_float32(number: float) -> float:
    """By the standard library, not by numpy; too large a number is infinity."""
    try:
        return struct.unpack("<f", struct.pack("<f", number))[0]
    except OverflowError:
        return float("inf") if number > 0 else float("-inf")


@given(st.lists(st.none() | st.floats(allow_nan=False), max_size=30))
def test_floats_that_a_float32_does_not_hold_are_counted(numbers: list[float | None]) -> None:
    found = account.losses(pa.array(numbers, pa.float64()), "FLOAT")
    given_ones = [number for number in numbers if number is not None]
    finite = [number for number in given_ones if np.isfinite(number)]
    expected: dict[Loss, int] = {
        "infinite": len(given_ones) - len(finite),
        "large": sum(np.isinf(as_float32(number)) for number in finite),
        "tiny": sum(number != 0 and as_float32(number) == 0 for number in finite),
        "rounded": sum(
            number.is_integer() and 2**24 < abs(number) < 2**64 and as_float32(number) != number
            for number in finite
        ),
    }
    assert {loss: found[loss].count for loss in expected if loss in found} == {
        loss: count for loss, count in expected.items() if count
    }


@given(st.lists(st.integers(-(2**63) + 1, 2**63 - 1), max_size=30))
def test_integers_that_a_float32_does_not_hold_are_counted(numbers: list[int]) -> None:
    found = account.losses(pa.array(numbers, pa.int64()), "INT")
    expected = sum(int(as_float32(float(number))) != number for number in numbers)
    # Python rounds twice on the way, to 64 and to 32 bits.
    assert abs(found.get("rounded", Tally()).count - expected) <= sum(
        abs(number) > 2**53 for number in numbers
    )


@given(st.lists(st.integers(-(2**53), 2**53), max_size=30))
def test_integers_are_counted_one_by_one(numbers: list[int]) -> None:
    found = account.losses(pa.array(numbers, pa.int64()), "INT")
    expected = sum(int(as_float32(float(number))) != number for number in numbers)
    assert found.get("rounded", Tally()).count == expected


@pytest.mark.parametrize(
    ("numbers", "alike"),
    [
        ([52.51234567 + step * 1e-8 for step in range(100)], True),
        ([12345678.25 + step / 100 for step in range(100)], True),
        ([0.1 + step for step in range(100)], False),
        ([1.5, 2.5], False),
    ],
)
def test_floats_that_become_the_same_are_told(numbers: list[float], alike: bool) -> None:
    assert ("alike" in account.losses(pa.array(numbers), "FLOAT")) is alike


TEXTS: dict[str, tuple[list[str | bytes | None], Loss, Tally]] = {
    "a line break": (["a\nb", "c", None], "breaks", Tally(1, ("a\\nb",))),
    "a carriage return": (["a\rb", "a\r\nb", "c"], "breaks", Tally(2, ("a\\rb", "a\\r\\nb"))),
    "bytes with a line break": ([b"a\nb", b"c"], "breaks", Tally(1, ("a\\nb",))),
    "not UTF-8": ([b"\xff", b"c", b"d"], "encoding", Tally(1, ("\\xff",))),
    "a word among numbers": (["1", "2.5", " -3e4 ", "NA"], "other", Tally(1, ("NA",))),
    "two words among numbers": (["?", "1", "2", "3", "NA"], "other", Tally(2, ("?", "NA"))),
}


@pytest.mark.parametrize("what", TEXTS)
@pytest.mark.parametrize("as_lists", [False, True])
def test_texts_that_something_cannot_keep_are_counted(what: str, as_lists: bool) -> None:
    values, loss, expected = TEXTS[what]
    array = pa.array([[value] if value else [] for value in values] if as_lists else values)
    assert account.losses(array, "STRING")[loss] == expected


@pytest.mark.parametrize(
    ("cells", "kind", "loss", "expected"),
    [
        (["007", "7", None], "INT", "zeros", Tally(1, ("007",))),
        (["-01.5", "0.5", "0"], "FLOAT", "zeros", Tally(1, ("-01.5",))),
        (["1e400", "1"], "FLOAT", "infinite", Tally(1, ("1e400",))),
        (["99999999999999999999", "0.5"], "FLOAT", "rounded", Tally(1, ("99999999999999999999",))),
        (["1e30", "0.5"], "FLOAT", "rounded", None),
    ],
)
def test_cells_of_a_text_file_are_shown_as_they_are_written(
    cells: list[str | None], kind: ColumnType, loss: Loss, expected: Tally | None
) -> None:
    text = pa.array(cells)
    array = text.cast(pa.int64() if kind == "INT" else pa.float64())
    assert account.losses(array, kind, text).get(loss) == expected


def test_a_decimal_counts_however_large_it_is() -> None:
    array = pa.array([1e25 + 2**40, 0.5])
    assert "rounded" not in account.losses(array, "FLOAT")
    assert account.losses(array, "FLOAT", exact=True)["rounded"].count == 1


def test_long_values_are_cut() -> None:
    [shown] = account.losses(pa.array(["x" * 99 + "\n"]), "STRING")["breaks"].examples
    assert shown == "x" * 40 + "..."


@given(st.lists(st.sampled_from("abcd"), max_size=12), st.integers(0, 12))
def test_tallies_of_parts_are_those_of_the_whole(values: list[str], cut: int) -> None:
    parts = [pa.array(part, pa.string()) for part in (values[:cut], values[cut:], values)]
    first, second, whole = (account.tally(part, np.ones(len(part), bool)) for part in parts)
    assert first + second == whole
