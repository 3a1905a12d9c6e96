"""Which of the Evaluator's values are the plots: those of the candidate, over all rows."""

from __future__ import annotations

from typing import Any

import pytest
import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.proto import metrics_for_slice_pb2

from components.evaluation import judged_rows, mistakes, worst_rows
from pipeline.record.run_details import (
    CalibrationBin,
    Confusion,
    LabelSpread,
    Mistake,
    Mistakes,
    Plots,
    WorstRow,
    WorstRows,
)
from pipeline.results import plots

pytestmark = pytest.mark.tfx


def result(sliced: bool, **values: int) -> Any:
    """A slice's metrics; each value is the number of rows that its plots stand for."""
    made = metrics_for_slice_pb2.MetricsForSlice()
    if sliced:
        made.slice_key.single_slice_keys.add().column = "kind"
    for name, rows in values.items():
        item = made.metric_keys_and_values.add()
        item.key.name = judged_rows.NAME if name != "other" else name
        item.key.is_diff = name == "difference"
        item.key.model_name = "baseline" if name == "baseline" else ""
        item.value.bytes_value = Plots(rows=rows).model_dump_json().encode()
    return made


@pytest.mark.parametrize(
    ("results", "rows"),
    [
        ([], None),
        ([result(True, candidate=3)], None),
        ([result(True, candidate=3), result(False, candidate=7)], 7),
        ([result(False, other=1, baseline=2, candidate=7)], 7),
        ([result(False, other=1)], None),
    ],
)
def test_the_candidates_over_all_rows(
    monkeypatch: pytest.MonkeyPatch, results: list[Any], rows: int | None
) -> None:
    monkeypatch.setattr(tfma, "load_metrics", lambda uri: results)
    assert plots.plots("somewhere").rows == rows


def test_mistakes_stand_beside_the_confusion_with_the_classes_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wrong = [Mistake(label="1", predicted="0", score=0.7, png="iVBO")]
    wrong.append(Mistake(label="2", predicted="1", score=0.6, png="iVBO"))
    found = result(False, candidate=7)
    confusion = Confusion(classes=["0", "1", "others"], counts=[])
    found.metric_keys_and_values[0].value.bytes_value = (
        Plots(rows=7, confusion=confusion).model_dump_json().encode()
    )
    item = found.metric_keys_and_values.add()
    item.key.name = mistakes.NAME
    item.value.bytes_value = (
        Mistakes(column="image", wrong=9, rows=wrong).model_dump_json().encode()
    )
    monkeypatch.setattr(tfma, "load_metrics", lambda uri: [result(True, candidate=1), found])
    read = plots.plots("somewhere", ["no", "yes"])
    assert read.rows == 7 and read.confusion and read.mistakes
    assert read.confusion.classes == ["no", "yes", "others"]
    assert read.mistakes.wrong == 9
    assert [(one.label, one.predicted) for one in read.mistakes.rows] == [
        ("yes", "no"),
        ("2", "yes"),
    ]


BIN = CalibrationBin(low=0, high=1, count=2, prediction=0.5, label=0.5)


@pytest.mark.parametrize(
    ("judged", "answers", "expected"),
    [
        (  # Binary: the answer was the score of the class 1. Right ones are no mistakes.
            Plots(rows=3, calibration=[BIN]),
            [("0", "0.91", None), ("1", "0.2", None), ("1", "0.6", None)],
            [("no", "yes", 0.91), ("yes", "no", 0.8)],
        ),
        (
            Plots(rows=3, confusion=Confusion(classes=[], counts=[])),
            [("1", "0", 0.7), ("2", "1", 0.6)],
            [("yes", "no", 0.7), ("2", "yes", 0.6)],
        ),
        (
            Plots(
                rows=3,
                calibration=[BIN],
                labels=LabelSpread(mean=1, std=1, median=1, mean_distance=1),
            ),
            [("1", "0.25", None)],
            [("1", "0.25", None)],
        ),
        (Plots(), [("1", "0.25", None)], []),  # Several labels in a row.
    ],
)
def test_the_worst_rows_have_the_classes_names(
    monkeypatch: pytest.MonkeyPatch,
    judged: Plots,
    answers: list[tuple[str, str, float | None]],
    expected: list[tuple[str, str, float | None]],
) -> None:
    rows = [
        WorstRow(label=label, answer=answer, score=score, values={})
        for label, answer, score in answers
    ]
    found = result(False, candidate=1)
    found.metric_keys_and_values[0].value.bytes_value = judged.model_dump_json().encode()
    item = found.metric_keys_and_values.add()
    item.key.name = worst_rows.NAME
    item.value.bytes_value = WorstRows(columns=3, rows=rows).model_dump_json().encode()
    monkeypatch.setattr(tfma, "load_metrics", lambda uri: [found])
    read = plots.plots("somewhere", ["no", "yes"]).worst_rows
    shown = read.rows if read else []
    assert [(row.label, row.answer, row.score) for row in shown] == expected
