"""BulkInferrer at the end of a pipeline: each row gets a prediction, by a blessed model alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline import nodes
from tests.e2e.project_copy import ManyRuns, Project, copy_with_tiny

pytestmark = pytest.mark.e2e

BATCH = ("batch_prediction.path=data/tiny/*.parquet", "batch_prediction.format=parquet")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Project, ManyRuns]]:
    project = copy_with_tiny(tmp_path_factory.mktemp("batch"))
    with ManyRuns(project) as runs:
        yield project, runs


def predictions(project: Project) -> list[bytes]:
    import tensorflow as tf

    folder = Path(project.root / "runs" / "tiny" / nodes.BULK_INFERRER / "inference_result")
    files = [str(path) for path in folder.rglob("*.gz")]
    return list(tf.data.TFRecordDataset(files, "GZIP").as_numpy_iterator())


def test_no_model_that_is_not_blessed_predicts(tiny: tuple[Project, ManyRuns]) -> None:
    project, runs = tiny
    record = runs.run("tiny", *BATCH, "evaluation.metrics.MeanAbsoluteError.at_most=0")
    assert record["status"] == "not_blessed"
    assert predictions(project) == []


def test_a_blessed_model_predicts_for_each_row(tiny: tuple[Project, ManyRuns]) -> None:
    import pyarrow.parquet as pq
    from tensorflow_serving.apis import prediction_log_pb2

    project, runs = tiny
    record = runs.run("tiny", *BATCH)
    assert record["status"] == "pushed", record["failure"]
    files = project.root.glob("data/tiny/*.parquet")
    rows = sum(pq.read_metadata(path).num_rows for path in files)
    logs = [prediction_log_pb2.PredictionLog.FromString(log) for log in predictions(project)]
    assert len(logs) == rows
    assert all(log.predict_log.response.outputs["outputs"].float_val for log in logs)
