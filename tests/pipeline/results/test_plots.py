"""Which of the Evaluator's values are the plots: those of the candidate, over all rows."""

from __future__ import annotations

from typing import Any

import pytest
import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.proto import metrics_for_slice_pb2

from components.evaluation import judged_rows, mistakes
from pipeline.record.run_details import Confusion, Mistake, Mistakes, Plots
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
