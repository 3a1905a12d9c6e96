"""Writes what a run found out into the model's folder, for review and commit."""

from __future__ import annotations

import json
import math
from pathlib import Path

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from components import presence
from models.common.errors import RunError
from pipeline import nodes
from pipeline.config import loading, model_files, project
from pipeline.record.atomic_file import write_whole

SERVING = "SERVING"
TRAINING = "TRAINING"

# A frozen schema tolerates this share fewer rows with a value than the data had that it was made
# from.
_TOLERANCE = 0.1


def schema(model: str, root: Path = project.ROOT) -> Path:
    """Writes the latest inferred schema to `schema.pbtxt` and returns its path.

    To what SchemaGen inferred it adds what only the config and the statistics know: that label
    columns are not in requests, and which share of the rows has to have an optional feature.

    Raises:
        RunError: No run has inferred a schema.
        ConfigError: The model's configuration is not valid.
    """
    settings = loading.load(model, root=root)
    inferred = _latest(model, nodes.SCHEMA_GEN, "schema", "schema.pbtxt", root)
    statistics = _latest(
        model, nodes.STATISTICS_GEN, "statistics", "Split-train/FeatureStats.pb", root
    )
    frozen = text_format.Parse(inferred.read_text(encoding="utf-8"), schema_pb2.Schema())
    described = statistics_pb2.DatasetFeatureStatisticsList.FromString(statistics.read_bytes())
    [split] = described.datasets
    present = {
        presence.name_of(feature): presence.share_with_value(feature, split.num_examples)
        for feature in split.features
    }
    frozen.default_environment.extend([TRAINING, SERVING])
    for feature in frozen.feature:
        if feature.name in settings.label.columns:
            feature.not_in_environment.append(SERVING)
        if not feature.HasField("shape"):
            share = present.get(feature.name, 0.0) - _TOLERANCE
            feature.presence.min_fraction = max(0.0, math.floor(100 * share) / 100)
            feature.presence.ClearField("min_count")
    path = model_files.schema_path(model, root)
    write_whole(path, text_format.MessageToString(frozen))
    return path


def hyperparameters(model: str, root: Path = project.ROOT) -> Path:
    """Writes the best hyperparameters of the latest search to `hyperparameters.json`.

    Raises:
        RunError: No run has searched.
        ConfigError: There is no such model.
    """
    loading.check_model(model, root)
    found = _latest(model, nodes.TUNER, "best_hyperparameters", "best_hyperparameters.txt", root)
    values = json.loads(found.read_text(encoding="utf-8"))["values"]
    path = model_files.hyperparameters_path(model, root)
    write_whole(path, json.dumps(values, indent=2) + "\n")
    return path


def _latest(model: str, node: str, output: str, file: str, root: Path) -> Path:
    """The newest artifact file of a node; TFX numbers its folders by execution."""
    folder = root / project.RUNS.name / model / node / output
    found = [path for path in folder.glob("[0-9]*") if (path / file).is_file()]
    if not found:
        raise RunError(
            f"No run of '{model}' has a result of {node}",
            f"Looked in {folder}.",
            f"Run `python -m pipeline run {model}` first"
            + (" with --set tuning.mode=always." if node == nodes.TUNER else "."),
        )
    return max(found, key=lambda path: int(path.name)) / file
