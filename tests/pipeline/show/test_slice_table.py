"""The metrics slice by slice, on terminals of any width."""

from __future__ import annotations

import io
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from pipeline.record.run_record import OVERALL, RunRecord, SliceMetric
from pipeline.show import terminal
from pipeline.show.slice_table import MOST_SLICES, slice_table
from tests.pipeline.fake_run import finished, metrics


def table(record: RunRecord, width: int = 200) -> str:
    """The table as a terminal of this width shows it."""
    file = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    console = Console(file=file, force_terminal=True, color_system=None, width=width, markup=False)
    with console.capture() as captured:
        terminal.show(console, slice_table(record, console))
    return captured.get()


def labels(text: str) -> list[str]:
    """The names of groups and, indented, of slices, from top to bottom."""
    body = text[text.index("─\n") + 2 : text.rindex("▾ worst")]
    found = (re.match(r"  (.*?)(?:   |$)", line) for line in body.splitlines())
    return [match[1] for match in found if match and match[1].strip()]


def line_with(text: str, *words: str) -> str:
    return next(line for line in text.splitlines() if all(word in line for word in words))


def sliced(record: RunRecord, configured: list[tuple[str, ...]], *names: str) -> RunRecord:
    """The run with these slices alone, each with an AUC that is lower than the one before."""
    record.metrics = [
        SliceMetric(metric="AUC", slice=name, value=0.9 - index / 1000)
        for index, name in enumerate(names)
    ]
    evaluation = record.config.evaluation.model_copy(update={"slices": tuple(configured)})
    record.config = record.config.model_copy(update={"evaluation": evaluation})
    return record


@pytest.mark.parametrize("crossed", [("kind", "day"), ("day", "kind")])
def test_crossed_slices_are_listed_once_below_both_features(crossed: tuple[str, ...]) -> None:
    names = ("kind=cash", "kind=card", "day=1", "day=2", "day=1, kind=cash", "day=2, kind=card")
    text = table(sliced(finished(), [("kind",), ("day",), crossed], *names))
    assert labels(text) == [
        *("kind", "  card", "  cash"),
        *("day", "  1", "  2"),
        *("day, kind", "  1, cash", "  2, card"),
    ]
    worst = [line.split()[0] for line in text.splitlines() if re.search(r"0\.\d+ ▾", line)]
    assert worst == ["card", "2", "2,"], "the worst of each group is among its own"


@settings(max_examples=50)
@given(st.sets(st.tuples(st.integers(0, 3), st.sampled_from("abcd")), min_size=1, max_size=12))
def test_every_slice_is_listed_once(pairs: set[tuple[int, str]]) -> None:
    found = sorted(pairs)
    names = [
        *dict.fromkeys(f"day={day}" for day, _ in found),
        *dict.fromkeys(f"kind={kind}" for _, kind in found),
        *(f"day={day}, kind={kind}" for day, kind in found),
    ]
    shown = labels(table(sliced(finished(), [("kind",), ("kind", "day"), ("day",)], *names)))
    assert sorted(one.strip() for one in shown if one.startswith("  ")) == sorted(
        [*{str(day) for day, _ in found}, *{kind for _, kind in found}]
        + [f"{day}, {kind}" for day, kind in found]
    )


def test_the_worst_of_each_group_is_marked_whichever_way_the_metric_is_better() -> None:
    record = finished()
    for name, metric, value in (
        ("payment_type=Cash", "AUC", 0.6),
        ("payment_type=Credit Card", "BinaryCrossEntropy", 0.9),
        ("payment_type=Cash", "Calibration", 0.85),
    ):
        for measured in record.metrics:
            if (measured.slice, measured.metric) == (name, metric):
                measured.value = value
    text = table(record)
    assert "0.6000 ▾" in line_with(text, "  Cash") and "0.8500 ▾" in line_with(text, "  Cash")
    assert "0.9000 ▾" in line_with(text, "  Credit Card")
    assert "751 ▾" not in text, "a count is neither good nor bad"


def test_a_slice_alone_is_the_worst_of_nothing() -> None:
    text = table(sliced(finished(), [("kind",)], "kind=cash"))
    assert "0.9000 ▾" not in text


def test_a_missed_bound_is_marked_before_the_worst() -> None:
    record = finished()
    for measured in record.metrics:
        if (measured.slice, measured.metric) == ("trip_start_day=3", "AUC"):
            measured.value = 0.5
    assert "0.5000 ✗" in line_with(table(record), "    3  ")


def test_an_undefined_value_says_so() -> None:
    assert "n/a" in line_with(table(finished()), "  Unknown")


@pytest.mark.parametrize("width", [200, 80])
def test_bounds_are_signs_in_columns_no_wider_than_their_values(width: int) -> None:
    text = table(finished(), width)
    assert max(map(len, text.splitlines())) <= width
    assert re.search(r"trip_start_day +≥ 0\.85\b", text)


def test_narrow_terminals_get_a_sign_for_a_change_for_the_worse() -> None:
    wide, narrow = table(finished()), table(finished(), 80)
    assert "+0.0010" in wide and "worse than the baseline" not in wide
    assert "+0.0010" not in narrow and "↓ worse than the baseline" in narrow
    record = sliced(finished(), [("kind",)], "kind=cash", "kind=card", "kind=free")
    for measured, baseline in zip(record.metrics, (0.95, 0.5, None), strict=True):
        measured.baseline = baseline
    lines = table(record, 39).splitlines()
    assert [line.split()[0] for line in lines if re.search(r"0\.\d+.*↓", line)] == ["cash"]


def test_without_a_baseline_nothing_is_compared() -> None:
    record = finished()
    record.metrics = metrics(worse=0, baseline=False)
    assert "+0.0" not in table(record) and "↓" not in table(record, 80)


def test_of_many_slices_the_worst_and_those_that_miss_a_bound_are_shown() -> None:
    record = sliced(finished(), [("day",)], *(f"day={day}" for day in range(40)))
    record.metrics[0].at_least = 0.95
    shown = labels(table(record))
    assert shown == ["day", "  0", *(f"  {day}" for day in range(29, 40)), "  and 28 more"]
    assert len(shown) - 2 == MOST_SLICES


def test_all_rows_are_no_slice() -> None:
    assert OVERALL not in labels(table(finished()))
