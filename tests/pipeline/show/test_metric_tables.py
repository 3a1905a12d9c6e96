"""What the Evaluator measured, on a terminal and in a file."""

from __future__ import annotations

import io
import itertools

import pytest
from rich.console import Console

from pipeline.record.run_record import Refusal, RunRecord, Yardstick
from pipeline.show import terminal
from pipeline.show.metric_tables import metric_tables
from tests.pipeline.fake_run import finished, metrics

WHOLE = "Whole test split"


def tables(record: RunRecord, width: int = 80, encoding: str = "utf-8") -> str:
    """The tables as a terminal of this width shows them."""
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    console = Console(file=file, force_terminal=True, color_system=None, width=width, markup=False)
    with console.capture() as captured:
        terminal.show(console, *metric_tables(record, console))
    return captured.get()


def rows(text: str) -> dict[str, list[str]]:
    """The cells of each row of the whole split's table, by metric."""
    lines = text[text.index(WHOLE) :].splitlines()[2:]
    cells = [line.split() for line in itertools.takewhile(str.strip, lines)]
    return {name: values for name, *values in cells}


def test_a_row_has_value_bound_baseline_and_change() -> None:
    assert rows(tables(finished("pushed"))) == {
        "AUC": ["0.9412", "at", "least", "0.9", "0.9452", "-0.0040"],
        "BinaryAccuracy": ["0.8988", "at", "least", "0.85", "0.9028", "-0.0040"],
        "Calibration": ["1.0200", "0.8", "to", "1.25", "1.0240", "-0.0040"],
        "BinaryCrossEntropy": ["0.2415", "at", "most", "0.35", "0.2455", "-0.0040"],
        "ExampleCount": ["1,503", "1,503", "="],
    }


def test_the_whole_split_comes_before_the_slices() -> None:
    text = tables(finished("pushed"))
    assert text.index(WHOLE) < text.index("By slice")


def test_without_a_baseline_there_is_no_comparison() -> None:
    record = finished("pushed")
    record.metrics = metrics(worse=0, baseline=False)
    text = tables(record)
    assert "Baseline" not in text and "worse than" not in text
    assert rows(text)["Calibration"] == ["1.0200", "0.8", "to", "1.25"]


def test_a_missed_bound_and_a_regression_are_marked() -> None:
    record = finished("pushed")
    record.metrics[1].value = 0.8
    record.refusals = [
        Refusal(metric="AUC", slice="overall", value=0.94, bound="at most 0.01 below")
    ]
    found = rows(tables(record))
    assert found["AUC"][1] == "✗" and found["BinaryAccuracy"][1] == "✗"
    assert [name for name, cells in found.items() if "✗" in cells] == ["AUC", "BinaryAccuracy"]
    assert "| 0.9412 | x | at least 0.9 " in tables(record, encoding="latin-1")


def test_an_undefined_metric_says_so() -> None:
    record = finished("pushed")
    record.metrics[0].value = None
    assert rows(tables(record))["AUC"][:2] == ["undefined", "✗"]


@pytest.mark.parametrize(("whole", "sliced"), [(True, False), (False, True)])
def test_each_table_is_there_only_with_what_it_shows(whole: bool, sliced: bool) -> None:
    record = finished("pushed")
    record.metrics = [
        measured
        for measured in record.metrics
        if (whole if measured.slice == "overall" else sliced)
    ]
    text = tables(record)
    assert (WHOLE in text, "By slice" in text) == (whole, sliced)
    assert text.strip() == text.strip("\n").strip(), "no empty line where a table is missing"


def test_without_metrics_there_is_no_table() -> None:
    assert list(metric_tables(finished("failed"), terminal.console())) == []


def test_gradient_boosting_stands_beside_the_network_on_80_columns() -> None:
    record = finished("pushed")
    record.yardstick = Yardstick(verdict="The network is worth its place: AUC 0.9412, not 0.9000.")
    record.metrics[0].yardstick = 0.9
    text = tables(record)
    assert rows(text)["AUC"][-1] == "0.9000" and len(rows(text)["ExampleCount"]) == 3
    assert "Boosted" in text and "The network is worth its place" in text
    assert max(map(len, text.splitlines())) <= 80
    for name, cells in rows(text).items():  # Nothing was folded to fit.
        assert cells[0][0].isdigit(), name
