"""Whether a network is worth its place, in words."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.record.run_record import RunRecord
from pipeline.results import yardstick
from tests.pipeline.fake_run import finished


def found(**changes: Any) -> dict[str, Any]:
    """What the component writes for the metrics of a fake run."""
    values = [["AUC", "overall", 0.9], ["BinaryCrossEntropy", "overall", 0.2415]]
    rows = {"train": 12_000, "test": 1_500}
    noise = {"AUC": 0.01, "BinaryCrossEntropy": 0.01, "share_of_positives": 0.1}
    return {"values": values, "rows": rows, "of": dict(rows), "noise": noise, **changes}


def told(**changes: Any) -> RunRecord:
    record = finished()
    yardstick.take_over(record, found(**changes))
    return record


def verdict(**changes: Any) -> str:
    record = told(**changes)
    assert record.yardstick is not None
    return record.yardstick.verdict


@pytest.mark.parametrize(
    ("boosting", "words"),
    [
        (
            0.9,
            "The network is worth its place: AUC 0.9412, gradient boosting on the same rows "
            "0.9000.",
        ),
        (0.97, "Gradient boosting on the same rows does better: AUC 0.9700, the network 0.9412."),
        (
            0.945,
            "The network is not seen to be better than gradient boosting on the same rows: AUC "
            "0.9412 and 0.9450, which 1,500 test rows cannot tell apart (± 0.01).",
        ),
    ],
)
def test_the_first_metric_with_a_bound_decides(boosting: float, words: str) -> None:
    assert verdict(values=[["AUC", "overall", boosting]]) == words


@pytest.mark.parametrize(
    ("entropy", "words"),
    [(0.2415, ""), (0.1, " The network is worse on BinaryCrossEntropy."), (0.9, "")],
)
def test_where_another_metric_says_something_else_it_is_told(entropy: float, words: str) -> None:
    values = [["AUC", "overall", 0.9], ["BinaryCrossEntropy", "overall", entropy]]
    assert verdict(values=values).endswith(f"0.9000.{words}")


def test_without_a_measure_of_chance_no_difference_counts() -> None:
    assert "cannot tell apart." in verdict(noise={})


def test_rows_that_it_has_not_seen_are_told() -> None:
    of = {"train": 40_000, "test": 1_500}
    assert verdict(of=of).endswith("Gradient boosting has seen 12,000 of the 40,000 train rows.")


def test_a_failure_is_told() -> None:
    words = "Gradient boosting could not be fitted to compare with: MemoryError."
    assert verdict(failure="MemoryError", values=[]) == words


def test_metrics_that_nobody_can_compare_give_no_verdict() -> None:
    assert verdict(values=[["ExampleCount", "overall", 3.0]]).startswith("No metric")
    assert yardstick.verdict(finished()) == ""


def test_each_metric_of_each_slice_gets_its_value() -> None:
    record = told(
        values=[["AUC", "overall", 0.9], ["AUC", "payment_type=Unknown", 0.0], ["AUC", "x=y", 1.0]]
    )
    by_slice = {(one.metric, one.slice): one.yardstick for one in record.metrics}
    assert by_slice["AUC", "overall"] == 0.9
    # The network's is undefined there: the other is so too.
    assert by_slice["AUC", "payment_type=Unknown"] is None
    assert record.yardstick is not None and "share_of_positives" not in record.yardstick.noise


def test_it_may_come_before_the_network_is_judged() -> None:
    record = finished()
    judged, record.metrics = record.metrics, []
    yardstick.take_over(record, found())
    assert record.yardstick is not None and record.yardstick.verdict == ""
    record.metrics = judged
    yardstick.compare(record)
    assert record.yardstick.verdict.startswith("The network is worth its place")
    assert record.metrics[0].yardstick == 0.9
