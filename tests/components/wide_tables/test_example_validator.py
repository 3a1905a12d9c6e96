"""The anomalies of a wide table are those that TFDV finds in all columns at once."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from components.wide_tables import example_validator

pytestmark = pytest.mark.tfx

ROWS = 30


@pytest.fixture(scope="module")
def statistics() -> statistics_pb2.DatasetFeatureStatisticsList:
    """Of numbers, whole numbers and words in turn, with gaps in some."""
    draw = np.random.default_rng(0)
    columns: dict[str, object] = {}
    for number in range(12):
        kinds = [
            draw.normal(size=ROWS),
            draw.integers(0, 9, ROWS),
            draw.choice(["a", "b", "c"], ROWS),
            np.where(draw.random(ROWS) < 0.5, np.nan, 1.5),
        ]
        columns[f"c{number}"] = kinds[number % 4]
    return tfdv.generate_statistics_from_dataframe(pd.DataFrame(columns), n_jobs=1)


def inferred(
    statistics: statistics_pb2.DatasetFeatureStatisticsList, *changes: str
) -> schema_pb2.Schema:
    """The schema of the statistics, with what is written in `changes` on top."""
    schema = tfdv.infer_schema(statistics)
    for change in changes:
        text_format.Merge(change, schema)
    return schema


CHANGES = {
    "as it is": [],
    "a column is missing": ['feature { name: "gone" type: INT presence { min_fraction: 1 } }'],
    "an optional one is missing": ['feature { name: "gone" type: INT }'],
    "a domain of its own": [
        'feature { name: "gone" type: BYTES domain: "words" }',
        'string_domain { name: "words" value: "x" }',
    ],
    "an environment": [
        'default_environment: "SERVING" feature { name: "y" type: INT not_in_environment: "SERVING"'
        " presence { min_count: 1 } }"
    ],
    "rows are counted": ["dataset_constraints { min_examples_count: 100 }"],
    "a weighted feature": ['weighted_feature { name: "w" feature { step: "c0" } }'],
    "a sparse feature": ['sparse_feature { name: "s" index_feature { name: "c1" } }'],
    "represented otherwise": ["represent_variable_length_as_ragged: true"],
}


@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("size", [1, 5, 50])
def test_anomalies_are_those_of_tfdv(
    statistics: statistics_pb2.DatasetFeatureStatisticsList,
    changes: list[str],
    size: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(example_validator, "COLUMNS_AT_A_TIME", size)
    schema = inferred(statistics, *changes)
    for feature in schema.feature:
        if feature.name == "c0":
            feature.type = schema_pb2.BYTES
        if feature.name == "c3":
            feature.presence.min_fraction = 1.0
    for domain in schema.string_domain:
        domain.value[:] = [value for value in domain.value if value != "a"]
    del schema.feature[5]  # A new column.
    theirs = tfdv.validate_statistics(statistics, schema)
    assert theirs.anomaly_info
    assert example_validator.validate(statistics, schema) == theirs


@pytest.mark.parametrize("rows", [0, 3])
def test_a_split_without_rows_is_told_as_tfdv_does(
    statistics: statistics_pb2.DatasetFeatureStatisticsList,
    rows: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(example_validator, "COLUMNS_AT_A_TIME", 5)
    empty = statistics_pb2.DatasetFeatureStatisticsList()
    empty.datasets.add(num_examples=rows)
    schema = inferred(statistics)
    theirs = tfdv.validate_statistics(empty, schema)
    assert example_validator.validate(empty, schema) == theirs


def test_it_looks_at_some_columns_at_a_time(
    statistics: statistics_pb2.DatasetFeatureStatisticsList, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def validate(
        some: statistics_pb2.DatasetFeatureStatisticsList, part: schema_pb2.Schema
    ) -> object:
        asked.append((len(some.datasets[0].features), len(part.feature)))
        return theirs(some, part)

    theirs = tfdv.validate_statistics
    monkeypatch.setattr(tfdv, "validate_statistics", validate)
    monkeypatch.setattr(example_validator, "COLUMNS_AT_A_TIME", 5)
    example_validator.validate(statistics, inferred(statistics))
    assert asked == [(5, 5), (5, 5), (2, 2)]
