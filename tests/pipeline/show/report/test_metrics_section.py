"""The report's metrics: of all rows, and slice by slice."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.record import bounds
from pipeline.record.run_record import Refusal, SliceMetric
from pipeline.show import formatting
from pipeline.show.report.metrics_section import MOST_SLICES, Cell, overall, slice_tables
from tests.pipeline.show.report.constructed import record
from tests.pipeline.show.report.html_page import text_of


@pytest.mark.parametrize("ending", ["pushed", "not_blessed"])
def test_every_metric_of_every_slice_is_there(ending: str, tmp_path: Path) -> None:
    run = record(ending)
    for measured in run.metrics:
        measured.low, measured.high = (
            (None, None) if measured.value is None else (measured.value - 0.1, measured.value + 0.1)
        )
    text = text_of(run, tmp_path)
    for measured in run.metrics:
        for value in (measured.value, measured.low, measured.high):
            assert formatting.metric(value, measured.metric) in text
        assert bounds.in_words(measured.at_least, measured.at_most) in text
        assert measured.slice == "overall" or measured.slice.partition("=")[2] in text
    for refusal in run.refusals:
        assert refusal.bound in text and f"{refusal.value:.6g}" in text


def test_a_value_outside_of_its_bound_is_marked(tmp_path: Path) -> None:
    run = record("pushed")
    assert "missed" not in text_of(run, tmp_path)
    run.refusals = [Refusal(metric="AUC", slice="overall", value=0.9, bound="at most 0.01 below")]
    assert "missed" in text_of(run, tmp_path)


def test_a_metric_of_all_rows_is_told_in_words() -> None:
    run = record("pushed")
    run.metrics[0].low, run.metrics[0].high = 0.93, 0.95
    name, cell = overall(run)[0]
    assert (name, cell) == (
        "AUC",
        Cell(
            value="0.9412",
            interval="0.9300 to 0.9500",
            bound="at least 0.9",
            baseline="0.9452",
            change="-0.0040",
            yardstick="",
            missed=False,
        ),
    )


def test_crossed_features_have_a_table_of_their_own() -> None:
    run = record("pushed")
    crossed = ("trip_start_day", "payment_type")
    evaluation = run.config.evaluation.model_copy(
        update={"slices": (("payment_type",), crossed, ("trip_start_day",))}
    )
    run.config = run.config.model_copy(update={"evaluation": evaluation})
    for day, kind in ((10, "Cash"), (2, "Cash"), (2, "")):
        name = f"payment_type={kind}, trip_start_day={day}"
        run.metrics.append(SliceMetric(metric="AUC", slice=name, value=0.5))
    tables = slice_tables(run)
    assert [(table.name, len(table.rows)) for table in tables] == [
        ("payment_type", 4),
        ("payment_type, trip_start_day", 3),
        ("trip_start_day", 7),
    ]
    assert [label for label, _ in tables[1].rows] == ["(empty), 2", "Cash, 2", "Cash, 10"]
    shown = [label for table in tables for label, _ in table.rows]
    assert len(shown) == len({one.slice for one in run.metrics}) - 1


def test_of_very_many_slices_those_that_miss_a_bound_are_shown() -> None:
    run = record("pushed")
    run.metrics = [
        SliceMetric(
            metric="AUC", slice=f"trip_start_day={day}", value=0.5 + (day != 199), at_least=0.9
        )
        for day in range(200)
    ]
    [table] = slice_tables(run)
    assert (len(table.rows), table.left_out) == (MOST_SLICES, 200 - MOST_SLICES)
    labels = [label for label, _ in table.rows]
    assert labels == [*map(str, range(MOST_SLICES - 1)), "199"]
    assert [cell.missed for _, (cell, *_) in table.rows if cell] == [False] * 59 + [True]
