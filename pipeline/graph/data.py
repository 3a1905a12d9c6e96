"""Builders of the nodes that read, describe and check the data."""

from __future__ import annotations

import json

import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx.dsl.components.base.base_node import BaseNode

from components.data_gate import DataGate
from components.example_gen import ExampleGen
from components.frozen_schema import FrozenSchema
from components.model_code import packages
from components.schema_gen import SchemaGen
from components.wide_tables.example_validator import ExampleValidator
from components.wide_tables.statistics_gen import StatisticsGen
from models.common import raw_inputs
from pipeline import nodes
from pipeline.config import model_files
from pipeline.config.model_config import Data
from pipeline.graph.wiring import Wiring
from pipeline.results import data_profile

UNSPLIT = "predict"
"""The split of rows that are neither trained on nor judged by."""


def example_gen(wiring: Wiring) -> BaseNode:
    """Reads the model's data and splits it as its configuration says."""
    config, target = wiring.config, wiring.target
    return ExampleGen(
        model_files.table_source(config, target.data),
        # Where the files of each split are, is said by the source.
        config.splits.model_dump(exclude={"given"}, exclude_defaults=True) | config.splits.shares,
        model_files.column_types(wiring.model),
        target.data_hash,
        config.label.required,
        packages.versions(),
    )


def unsplit(wiring: Wiring, data: Data) -> BaseNode:
    """Reads a table whose rows are one split."""
    return ExampleGen(
        model_files.source_of(data, wiring.target.data),
        {UNSPLIT: 1},
        model_files.column_types(wiring.model),
        wiring.target.data_hash,
        packages=packages.versions(),
    )


def statistics_gen(wiring: Wiring) -> BaseNode:
    """Describes every feature of every split."""
    options = tfdv.StatsOptions(num_quantiles_histogram_buckets=data_profile.QUANTILES)
    return StatisticsGen(examples=wiring.examples, stats_options=options)


def schema_gen(wiring: Wiring) -> BaseNode:
    """Infers a schema, which also stands beside a frozen one to be looked at."""
    statistics = wiring.output(nodes.STATISTICS_GEN, "statistics")
    return SchemaGen(statistics=statistics, infer_feature_shape=True)


def frozen_schema(wiring: Wiring) -> BaseNode:
    """Takes the schema of the model's folder."""
    return FrozenSchema(text=wiring.schema_text)


def example_validator(wiring: Wiring) -> BaseNode:
    """Compares the statistics with the schema."""
    statistics = wiring.output(nodes.STATISTICS_GEN, "statistics")
    return ExampleValidator(statistics=statistics, schema=wiring.schema)


def data_gate(wiring: Wiring) -> BaseNode:
    """Ends the run on anomalies."""
    plan = wiring.plan
    return DataGate(
        examples=wiring.examples,
        anomalies=wiring.output(nodes.EXAMPLE_VALIDATOR, "anomalies"),
        statistics=wiring.output(nodes.STATISTICS_GEN, "statistics"),
        stop_on=wiring.config.validation.stop_on,
        inputs=json.dumps(plan.inputs),
        label_columns=json.dumps(plan.label_columns),
        weight=plan.weight or "",
        least_present=json.dumps(_least_present(wiring.schema_text)),
        scalars=json.dumps(_scalars(wiring.schema_text)),
    )


def _least_present(schema_text: str | None) -> dict[str, float]:
    """The share of the rows that needs to have a value, by column, as a frozen schema says."""
    # An inferred schema says nothing here: it is made from the very data.
    schema = text_format.Parse(schema_text or "", schema_pb2.Schema())
    return {feature.name: feature.presence.min_fraction for feature in schema.feature}


def _scalars(schema_text: str | None) -> list[str]:
    """The columns of which a frozen schema expects at most one value a row."""
    schema = text_format.Parse(schema_text or "", schema_pb2.Schema())
    return [
        feature.name
        for feature in schema.feature
        if not feature.HasField("shape") and not raw_inputs.is_list(feature)
    ]
