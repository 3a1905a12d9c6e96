"""SchemaGen: infers a schema that also says which features are lists.

TFX's own says nothing of how many values a row has where some row has none, so a list that may be
empty looks like an optional scalar, and the exported model would ask for one.
"""

from __future__ import annotations

from typing import Any

import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2
from tfx import types
from tfx.components.schema_gen import component, executor
from tfx.dsl.components.base import executor_spec
from tfx.types import artifact_utils
from tfx.utils import io_utils

from components import presence


class Executor(executor.Executor):
    """Infers a schema as TFX does, then adds what it leaves out."""

    def Do(  # noqa: N802
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Writes the schema."""
        super().Do(input_dict, output_dict, exec_properties)
        statistics = artifact_utils.get_single_instance(input_dict["statistics"])
        path = (
            f"{artifact_utils.get_single_uri(output_dict['schema'])}/{executor.DEFAULT_FILE_NAME}"
        )
        schema = io_utils.parse_pbtxt_file(path, schema_pb2.Schema())
        for split in artifact_utils.decode_split_names(statistics.split_names):
            folder = artifact_utils.get_split_uri([statistics], split)
            [described] = tfdv.load_stats_binary(f"{folder}/FeatureStats.pb").datasets
            mark_lists(schema, described)
        io_utils.write_pbtxt_file(path, schema)


class SchemaGen(component.SchemaGen):
    """Infers a schema from statistics."""

    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)


def mark_lists(
    schema: schema_pb2.Schema, statistics: statistics_pb2.DatasetFeatureStatistics
) -> None:
    """Says of each feature with several values in some row that it may have any number.

    Args:
        schema: Is changed. A feature with a shape has the same number of values in each row, and
            stays as it is.
        statistics: Of one split.
    """
    lists = {
        presence.name_of(feature)
        for feature in statistics.features
        if presence.common_of(feature).max_num_values > 1
    }
    for feature in schema.feature:
        if feature.name in lists and not feature.HasField("shape"):
            feature.value_count.min = 0
