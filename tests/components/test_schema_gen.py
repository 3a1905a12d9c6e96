"""SchemaGen says which features are lists, by the statistics of all splits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from tensorflow_data_validation.statistics import stats_impl
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx.types import standard_artifacts

from components.schema_gen import Executor, SchemaGen
from models.common import raw_inputs

pytestmark = pytest.mark.tfx

ROWS: dict[str, tuple[list[list[float]], list[list[float]]]] = {
    # what: (rows of train, rows of test)
    "scalar": ([[1.0], [2.0]], [[3.0]]),
    "scalar, some missing": ([[1.0], []], [[3.0]]),
    "nothing": ([[], []], [[]]),
    "array": ([[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0]]),
    "array, some missing": ([[1.0, 2.0], []], [[5.0, 6.0]]),
    "list from none": ([[], [1.0, 2.0, 3.0]], [[1.0]]),
    "list from one": ([[1.0], [1.0, 2.0]], [[1.0]]),
    "list in test alone": ([[1.0], [2.0]], [[1.0, 2.0]]),
    "longer in test": ([[1.0, 2.0], [3.0, 4.0]], [[1.0, 2.0, 3.0]]),
}
SHAPES: dict[str, tuple[int | None, ...]] = {
    "scalar": (),
    "scalar, some missing": (),
    "nothing": (),
    "array": (2,),
}


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The schema of all the columns at once."""
    folder = tmp_path_factory.mktemp("schema")
    statistics = standard_artifacts.ExampleStatistics()
    statistics.uri = str(folder / "statistics")
    statistics.split_names = json.dumps(["train", "test"])
    for number, split in enumerate(("train", "test")):
        arrays = [pa.array(rows[number], pa.list_(pa.float32())) for rows in ROWS.values()]
        batch = pa.RecordBatch.from_arrays(arrays, list(ROWS))
        found = stats_impl.generate_statistics_in_memory(batch, tfdv.StatsOptions())
        path = Path(statistics.uri, f"Split-{split}", "FeatureStats.pb")
        path.parent.mkdir(parents=True)
        path.write_bytes(found.SerializeToString())
    made = standard_artifacts.Schema()
    made.uri = str(folder / "schema")
    Path(made.uri).mkdir()
    Executor().Do(
        {"statistics": [statistics]},
        {"schema": [made]},
        {"infer_feature_shape": 1, "exclude_splits": "[]"},
    )
    text = Path(made.uri, "schema.pbtxt").read_text()
    return text_format.Parse(text, schema_pb2.Schema())


def test_a_request_has_lists_where_the_data_has_them(schema: schema_pb2.Schema) -> None:
    from tensorflow_transform.tf_metadata import schema_utils

    spec = schema_utils.schema_as_feature_spec(schema).feature_spec
    found = {column.name: column.shape for column in raw_inputs.columns(schema, spec)}
    assert found == {name: SHAPES.get(name, (None,)) for name in ROWS}


def test_it_runs_in_place_of_tfx_own() -> None:
    assert SchemaGen.EXECUTOR_SPEC.executor_class is Executor
