"""The node's work: it fits, judges, and never fails a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tensorflow_model_analysis.proto import config_pb2
from tfx.types import standard_artifacts

from components.yardstick import boosting, component
from components.yardstick.rows import Wanted
from tests.components.yardstick.conftest import TEST, TRAIN
from tests.models import tiny_sample

pytestmark = [pytest.mark.tfx, pytest.mark.slow]

INPUTS = ("miles", "hour", "payment", "position", "latitude", "area", "company", "stops")
WANTED = Wanted(INPUTS, tiny_sample.LABEL, None, (("payment",),))


def specs() -> list[config_pb2.MetricsSpec]:
    metrics = [
        config_pb2.MetricConfig(class_name=name, config=json.dumps({"name": name}))
        for name in ("AUC", "BinaryAccuracy")
    ]
    return [config_pb2.MetricsSpec(metrics=metrics)]


def test_it_learns_what_the_rows_tell(
    transform_graph: str, raw: standard_artifacts.Examples
) -> None:
    """A trip of more than ten miles is generous: one split of a tree."""
    found = component.measured(raw, transform_graph, WANTED, specs())
    assert found.failure is None and (found.task, found.columns) == ("binary", len(INPUTS))
    assert found.rows == found.of == {"train": TRAIN, "test": TEST}
    values = {(metric, name): value for metric, name, value in found.values}
    assert (values["AUC", "overall"] or 0) > 0.99
    assert {"payment=Cash", "payment=Ünknown"} <= {name for _, name in values}
    assert json.loads(json.dumps(vars(found)))["seconds"] > 0


@pytest.mark.parametrize(
    ("break_it", "words"),
    [
        ("memory", "MemoryError: 9 GB"),
        ("label", "KeyError: 'nobody'"),
        ("rows", "OSError"),
    ],
)
def test_whatever_fails_is_told_and_raises_nothing(
    break_it: str,
    words: str,
    transform_graph: str,
    raw: standard_artifacts.Examples,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wanted = WANTED
    if break_it == "memory":

        def fit(*_: Any) -> None:
            raise MemoryError("9 GB")

        monkeypatch.setattr(boosting, "fit", fit)
    elif break_it == "label":
        wanted = Wanted(INPUTS, "nobody", None, ())
    else:
        Path(raw.uri, "Split-test", "rows.gz").write_bytes(b"no gzip")
    found = component.measured(raw, transform_graph, wanted, specs())
    assert found.failure is not None and found.values == []
    if break_it != "rows":
        assert words in found.failure
