"""Stops a run on bad data: ExampleValidator reports anomalies, and nothing in TFX acts on them."""

import json
from collections.abc import Iterable

import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import anomalies_pb2, statistics_pb2
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.dsl.io import fileio
from tfx.types import artifact_utils, standard_artifacts
from tfx.utils import io_utils

from components.artifacts import GateReport
from models.common.errors import Anomaly, AnomalyError

REPORT = "anomalies.json"

_SEVERITY = {anomalies_pb2.AnomalyInfo.ERROR: "error", anomalies_pb2.AnomalyInfo.WARNING: "warning"}
_STOPS = {"error": {"error"}, "warning": {"error", "warning"}, "never": set[str]()}


@component
def DataGate(  # noqa: N802
    anomalies: InputArtifact[standard_artifacts.ExampleAnomalies],
    statistics: InputArtifact[standard_artifacts.ExampleStatistics],
    stop_on: Parameter[str],
    inputs: Parameter[str],
    label_columns: Parameter[str],
    report: OutputArtifact[GateReport],
) -> None:
    """Lists every anomaly, and fails if one is as severe as the config says.

    Args:
        anomalies: ExampleValidator's, for each split.
        statistics: StatisticsGen's, for each split.
        stop_on: `error`, `warning` or `never`.
        inputs: JSON list of the columns that the model reads.
        label_columns: JSON list of the columns that the label is made from.
        report: Where the list goes if the run goes on.

    Raises:
        AnomalyError: The data is not fit for training.
    """
    found: list[Anomaly] = []
    for split in artifact_utils.decode_split_names(anomalies.split_names):
        folder = artifact_utils.get_split_uri([anomalies], split)
        with fileio.open(f"{folder}/SchemaDiff.pb", "rb") as file:
            found += schema_anomalies(split, anomalies_pb2.Anomalies.FromString(file.read()))
    folder = artifact_utils.get_split_uri([statistics], "train")
    described = tfdv.load_stats_binary(f"{folder}/FeatureStats.pb")
    found += column_anomalies(described, json.loads(inputs), json.loads(label_columns), found)

    stopping = [anomaly for anomaly in found if anomaly["severity"] in _STOPS[stop_on]]
    if stopping:
        raise AnomalyError(
            f"The data has {len(stopping)} anomal{'y' if len(stopping) == 1 else 'ies'}; "
            "nothing was trained",
            "\n".join(
                f"{a['feature']} ({a['split']}): {a['headline']}. {a['detail']}" for a in stopping
            ),
            "Correct the data; or, if it is right, change the model's schema.pbtxt "
            "(`python -m pipeline freeze-schema` writes it) or validation.stop_on in its config.",
            found,
        )
    io_utils.write_string_file(f"{report.uri}/{REPORT}", json.dumps(found, indent=2))


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


def column_anomalies(
    statistics: statistics_pb2.DatasetFeatureStatisticsList,
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
    features = {_name(feature): feature for feature in statistics.datasets[0].features}
    found: list[Anomaly] = []

    def report(feature: str, headline: str, detail: str) -> None:
        if feature not in reported:
            reported.add(feature)
            found.append(
                {
                    "feature": feature,
                    "split": "train",
                    "severity": "error",
                    "headline": headline,
                    "detail": detail,
                }
            )

    for name in (*inputs, *label_columns):
        if name not in features:
            report(name, "Column missing", f"The data has: {', '.join(sorted(features))}")
    for name in label_columns:
        if name in features and _is_constant(features[name]):
            report(name, "Label is constant", "Every row has the same value, or none")
    return found


def _name(feature: statistics_pb2.FeatureNameStatistics) -> str:
    return feature.name or ".".join(feature.path.step)


def _is_constant(feature: statistics_pb2.FeatureNameStatistics) -> bool:
    if feature.HasField("string_stats"):
        return feature.string_stats.unique <= 1
    numbers = feature.num_stats
    return numbers.min == numbers.max and numbers.common_stats.num_missing == 0 or (
        numbers.common_stats.num_non_missing == 0
    )
