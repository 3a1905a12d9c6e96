"""BulkInferrer at the end of a pipeline: each row gets a prediction, by a blessed model alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline import nodes
from tests.e2e.project_copy import Project, copy_with_tiny

pytestmark = pytest.mark.e2e

BATCH = ("--set", "batch_prediction.path=data/tiny/*.parquet",
         "--set", "batch_prediction.format=parquet")  # fmt: skip


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return copy_with_tiny(tmp_path_factory.mktemp("batch"))


def predictions(project: Project) -> list[bytes]:
    import tensorflow as tf

    folder = Path(project.root / "runs" / "tiny" / nodes.BULK_INFERRER / "inference_result")
    files = [str(path) for path in folder.rglob("*.gz")]
    return list(tf.data.TFRecordDataset(files, "GZIP").as_numpy_iterator())


def test_no_model_that_is_not_blessed_predicts(tiny: Project) -> None:
    outcome = tiny.run("tiny", *BATCH, "--set", "evaluation.metrics.MeanAbsoluteError.at_most=0")
    assert outcome.status == 3
    assert predictions(tiny) == []


def test_a_blessed_model_predicts_for_each_row(tiny: Project) -> None:
    import pyarrow.parquet as pq
    from tensorflow_serving.apis import prediction_log_pb2

    outcome = tiny.run("tiny", *BATCH)
    assert outcome.status == 0, outcome
    rows = sum(pq.read_metadata(path).num_rows for path in tiny.root.glob("data/tiny/*.parquet"))
    logs = [prediction_log_pb2.PredictionLog.FromString(log) for log in predictions(tiny)]
    assert len(logs) == rows
    assert all(log.predict_log.response.outputs["outputs"].float_val for log in logs)
