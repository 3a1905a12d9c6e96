"""Stops a run on bad data: ExampleValidator reports anomalies, and nothing in TFX acts on them."""

import json
import math
from collections.abc import Collection, Iterable, Mapping

import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import anomalies_pb2, statistics_pb2
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.dsl.io import fileio
from tfx.types import artifact_utils, standard_artifacts
from tfx.types.experimental.simple_artifacts import File
from tfx.utils import io_utils

from components import presence
from components.tables.quality import findings
from components.tables.quality.findings import Finding
from models.common.errors import Anomaly, AnomalyError

REPORT = "anomalies.json"

_SEVERITY = {anomalies_pb2.AnomalyInfo.ERROR: "error", anomalies_pb2.AnomalyInfo.WARNING: "warning"}
_STOPS = {"error": {"error"}, "warning": {"error", "warning"}, "never": set[str]()}


@component
def DataGate(  # noqa: N802
    examples: InputArtifact[standard_artifacts.Examples],
    anomalies: InputArtifact[standard_artifacts.ExampleAnomalies],
    statistics: InputArtifact[standard_artifacts.ExampleStatistics],
    stop_on: Parameter[str],
    inputs: Parameter[str],
    label_columns: Parameter[str],
    weight: Parameter[str],
    least_present: Parameter[str],
    scalars: Parameter[str],
    report: OutputArtifact[File],
) -> None:
    """Lists every anomaly, and fails if one is as severe as the config says.

    Args:
        examples: ExampleGen's, with what it found in the table.
        anomalies: ExampleValidator's, for each split.
        statistics: StatisticsGen's, for each split.
        stop_on: `error`, `warning` or `never`.
        inputs: JSON list of the columns that the model reads.
        label_columns: JSON list of the columns that the label is made from.
        weight: The column that says how much a row counts; empty: there is none.
        least_present: JSON object: the share of the rows that needs to have a value, by column.
        scalars: JSON list of the columns that a frozen schema takes for at most one value a row.
        report: Where the list goes if the run goes on.

    Raises:
        AnomalyError: The data is not fit for training.
    """
    with fileio.open(f"{examples.uri}/{findings.FILE}") as file:
        told = findings.from_json(file.read())
    of_table = table_anomalies(told, {*json.loads(inputs), *json.loads(label_columns)})
    found = [anomaly for anomaly in of_table if anomaly["severity"] != "note"]
    for split in artifact_utils.decode_split_names(anomalies.split_names):
        folder = artifact_utils.get_split_uri([anomalies], split)
        with fileio.open(f"{folder}/SchemaDiff.pb", "rb") as file:
            found += schema_anomalies(split, anomalies_pb2.Anomalies.FromString(file.read()))
    for split in artifact_utils.decode_split_names(statistics.split_names):
        folder = artifact_utils.get_split_uri([statistics], split)
        [described] = tfdv.load_stats_binary(f"{folder}/FeatureStats.pb").datasets
        found += absent_values(split, described, json.loads(least_present), found)
        if weight:
            found += unusable_weights(split, described, weight)
        found += undeclared_lists(split, described, json.loads(scalars))
        if split == "train":
            found += column_anomalies(
                described, json.loads(inputs), json.loads(label_columns), found
            )

    found = merged(found) + [anomaly for anomaly in of_table if anomaly["severity"] == "note"]
    stopping = [anomaly for anomaly in found if anomaly["severity"] in _STOPS[stop_on]]
    if stopping:
        raise AnomalyError(
            f"The data has {len(stopping)} anomal{'y' if len(stopping) == 1 else 'ies'}; "
            "nothing was trained",
            "\n".join(
                f"{a['feature']} ({a['split']}): {a['headline']}. {a['detail']}" for a in stopping
            ),
            "Correct the data; or, if it is right, say so in the model's schema.pbtxt.",
            found,
        )
    io_utils.write_string_file(f"{report.uri}/{REPORT}", json.dumps(found, indent=2))


def table_anomalies(told: Iterable[Finding], used: Collection[str]) -> list[Anomaly]:
    """What ExampleGen found, as errors where no model can be trained, else as notes.

    Args:
        told: Its findings.
        used: The columns that the model reads, and those that the label is made from.
    """
    return [
        {
            "feature": one.column,
            "split": "all",
            "severity": "error" if one.stops and one.column in used else "note",
            "headline": f"{one.headline[:1].upper()}{one.headline[1:]}",
            "detail": one.remedy,
        }
        for one in told
    ]


def schema_anomalies(split: str, anomalies: anomalies_pb2.Anomalies) -> list[Anomaly]:
    """ExampleValidator's findings about one split, sorted by feature."""
    return [
        {
            "feature": feature or "(data set)",
            "split": split,
            "severity": _SEVERITY.get(info.severity, "error"),
            "headline": reason.short_description or info.short_description,
            "detail": reason.description or info.description,
        }
        for feature, info in sorted(_all_infos(anomalies))
        for reason in info.reason or [info]
    ]


def _all_infos(
    anomalies: anomalies_pb2.Anomalies,
) -> Iterable[tuple[str, anomalies_pb2.AnomalyInfo]]:
    yield from anomalies.anomaly_info.items()
    if anomalies.HasField("dataset_anomaly_info"):
        yield "", anomalies.dataset_anomaly_info


def merged(anomalies: Iterable[Anomaly]) -> list[Anomaly]:
    """The same anomaly in several splits as one, with the first split's detail."""
    found: dict[tuple[str, str], Anomaly] = {}
    for anomaly in anomalies:
        key = (anomaly["feature"], anomaly["headline"])
        if key not in found:
            found[key] = dict(anomaly)
        elif anomaly["split"] not in found[key]["split"].split(", "):
            found[key]["split"] += f", {anomaly['split']}"
    return list(found.values())


def absent_values(
    split: str,
    statistics: statistics_pb2.DatasetFeatureStatistics,
    least_present: Mapping[str, float],
    known: Iterable[Anomaly] = (),
) -> list[Anomaly]:
    """Features that suddenly have a value in fewer rows than their schema says.

    Args:
        split: The split's name.
        statistics: Of this split.
        least_present: The share of the rows that needs to have a value, by column.
        known: Anomalies found already; a feature among them is not reported again.
    """
    reported = {(anomaly["feature"], anomaly["split"]) for anomaly in known}
    found = []
    for feature in statistics.features:
        name = presence.name_of(feature)
        least = least_present.get(name, 0.0)
        share = presence.share_with_value(feature, statistics.num_examples)
        if share < least and (name, split) not in reported:
            found.append(
                _error(
                    name,
                    split,
                    "Values missing",
                    f"{share:.1%} of the rows have a value; the schema wants at least {least:.0%}",
                )
            )
    return found


def undeclared_lists(
    split: str, statistics: statistics_pb2.DatasetFeatureStatistics, scalars: Collection[str]
) -> list[Anomaly]:
    """Features with several values in a row, of which their schema does not say so.

    Args:
        split: The split's name.
        statistics: Of this split.
        scalars: The columns that a frozen schema takes for at most one value a row.
    """
    found = []
    for feature in statistics.features:
        name = presence.name_of(feature)
        most = presence.common_of(feature).max_num_values
        if most > 1 and name in scalars:
            detail = (
                f"Up to {most} values in a row, where the schema expects one: for a list, add "
                f"`value_count {{ min: 0 }}` to the feature '{name}' in schema.pbtxt"
            )
            found.append(_error(name, split, "Several values in a row", detail))
    return found


def column_anomalies(
    statistics: statistics_pb2.DatasetFeatureStatistics,
    inputs: Iterable[str],
    label_columns: Iterable[str],
    known: Iterable[Anomaly] = (),
) -> list[Anomaly]:
    """What no schema says: a column that the model needs is not there, or a label is constant.

    Args:
        statistics: Of the training split.
        inputs: The columns that the model reads.
        label_columns: The columns that the label is made from.
        known: Anomalies found already; a feature among them is not reported again.
    """
    reported = {anomaly["feature"] for anomaly in known}
    features = {presence.name_of(feature): feature for feature in statistics.features}
    labels = list(label_columns)
    found = [
        _error(name, "train", "Column missing", f"The data has: {', '.join(sorted(features))}")
        for name in dict.fromkeys((*inputs, *labels))
        if name not in features and name not in reported
    ]
    for name in labels:
        if name not in features or name in reported:
            continue
        share = presence.share_with_value(features[name], statistics.num_examples)
        if _is_constant(features[name], share):
            detail = "Every row has the same value, or none has any"
            found.append(_error(name, "train", "Label is constant", detail))
        elif share < 1:
            detail = f"{1 - share:.1%} of the rows have none; preprocessing decides what they teach"
            found.append(_error(name, "train", "Label missing", detail) | {"severity": "warning"})
    return found


def unusable_weights(
    split: str, statistics: statistics_pb2.DatasetFeatureStatistics, weight: str
) -> list[Anomaly]:
    """What makes a column of no use as the weight of rows.

    Args:
        split: The split's name.
        statistics: Of this split.
        weight: The column.
    """
    features = {presence.name_of(feature): feature for feature in statistics.features}
    if weight not in features:
        detail = f"label.weight names it. The data has: {', '.join(sorted(features))}"
        return [_error(weight, split, "Weight missing", detail)]
    feature = features[weight]
    if not feature.HasField("num_stats"):
        return [_error(weight, split, "Weight is text", "A weight is a number of at least 0")]
    numbers, found = feature.num_stats, []
    share = presence.share_with_value(feature, statistics.num_examples)
    if share < 1:
        detail = f"{1 - share:.1%} of the rows have none; each needs one, 0 for not counting"
        found.append(_error(weight, split, "Weight missing", detail))
    if numbers.min < 0:
        detail = f"The lowest is {numbers.min:g}; a weight is a number of at least 0"
        found.append(_error(weight, split, "Weight below 0", detail))
    elif numbers.max == 0:
        detail = "No row would count"
        found.append(_error(weight, split, "Weight is 0 in every row", detail))
    elif not math.isfinite(numbers.max) or any(one.num_nan for one in numbers.histograms):
        detail = "A weight is a finite number of at least 0"
        found.append(_error(weight, split, "Weight is no finite number", detail))
    elif numbers.num_zeros:
        detail = f"{numbers.num_zeros:,} rows; they count neither in training nor in judging"
        found.append(_error(weight, split, "Weight is 0", detail) | {"severity": "warning"})
    return found


def _error(feature: str, split: str, headline: str, detail: str) -> Anomaly:
    return {
        "feature": feature,
        "split": split,
        "severity": "error",
        "headline": headline,
        "detail": detail,
    }


def _is_constant(feature: statistics_pb2.FeatureNameStatistics, share: float) -> bool:
    if share in (0, 1) and feature.HasField("string_stats"):
        return feature.string_stats.unique <= 1
    return share == 0 or (share == 1 and feature.num_stats.min == feature.num_stats.max)
