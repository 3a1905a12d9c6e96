"""The node `ReferenceProfile`: what a blessed model was trained on and how it answers.

The Pusher puts it into the version's folder, for monitoring to compare with. It trains nothing and
blesses nothing; of a model that is not blessed there is none.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from typing import Any, ClassVar

import tensorflow as tf
import tensorflow_transform as tft
from tfx.components.util import model_utils
from tfx.dsl.components.base import base_component, base_executor, executor_spec
from tfx.types import Artifact, artifact_utils, standard_artifacts
from tfx.types.channel import BaseChannel, Channel
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter
from tfx.types.experimental.simple_artifacts import File
from tfx.utils import io_utils, path_utils

from components.evaluation import metric_values
from components.profile import document, features, format, labels, metrics, outputs, reading
from components.profile import formula as formulas
from components.profile.answers import Asked
from components.profile.format import Feature
from components.profile.labels import Judging
from components.profile.metrics import Judged
from components.profile.reading import Column
from models.common.errors import ProjectError
from models.common.labels import encoding

NOTES = "notes.json"
"""Beside the profile: `[[headline, detail], ...]`, what a run's record is to warn of."""

_LARGEST_VOCABULARY = 2**22
"""Bytes of a vocabulary that is looked into."""


@dataclass(frozen=True)
class Settings:
    """What the config says."""

    judging: Judging
    metrics: Mapping[str, Judged]

    def to_json(self) -> str:
        """As `from_json` reads it."""
        judged = {name: one.to_json() for name, one in self.metrics.items()}
        return json.dumps({"judging": asdict(self.judging), "metrics": judged})

    @classmethod
    def from_json(cls, text: str) -> Settings:
        """What `to_json` gave."""
        value = json.loads(text)
        judging = value["judging"]
        return cls(
            Judging(**{**judging, "columns": tuple(judging["columns"])}),
            {name: Judged.from_json(one) for name, one in value["metrics"].items()},
        )


class ReferenceProfileSpec(ComponentSpec):
    """What the node takes and gives."""

    PARAMETERS: ClassVar[dict[str, ExecutionParameter]] = {
        "settings": ExecutionParameter(type=str),
        "code": ExecutionParameter(type=str),
    }
    INPUTS: ClassVar[dict[str, ChannelParameter]] = {
        "examples": ChannelParameter(type=standard_artifacts.Examples),
        "transform_graph": ChannelParameter(type=standard_artifacts.TransformGraph),
        "model": ChannelParameter(type=standard_artifacts.Model),
        "evaluation": ChannelParameter(type=standard_artifacts.ModelEvaluation),
        "blessing": ChannelParameter(type=standard_artifacts.ModelBlessing),
    }
    OUTPUTS: ClassVar[dict[str, ChannelParameter]] = {"profile": ChannelParameter(type=File)}


class Executor(base_executor.BaseExecutor):
    """Writes the profile of a blessed model."""

    def Do(  # noqa: N802
        self,
        input_dict: dict[str, list[Artifact]],
        output_dict: dict[str, list[Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Writes the profile, or why there is none: no push waits for that.

        Raises:
            ConfigError: `monitoring.label` gives another label than training used.
        """
        folder = artifact_utils.get_single_uri(output_dict["profile"])
        inputs = {
            name: artifact_utils.get_single_instance(some) for name, some in input_dict.items()
        }
        notes: list[tuple[str, str]] = []
        if model_utils.is_model_blessed(inputs["blessing"]):
            settings = Settings.from_json(exec_properties["settings"])
            run = getattr(self._context, "_pipeline_run_id", None) or folder
            try:
                profile = _profile(inputs, settings, run, notes)
            except ProjectError:
                raise
            except Exception as error:
                # Whatever it is, the model is as good without.
                traceback.print_exc()
                notes.append(_none(error))
            else:
                io_utils.write_string_file(f"{folder}/{format.FILE}", format.to_json(profile))
        io_utils.write_string_file(f"{folder}/{NOTES}", json.dumps(notes))


class ReferenceProfile(base_component.BaseComponent):
    """Describes what monitoring compares served rows with."""

    SPEC_CLASS = ReferenceProfileSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        *,
        examples: BaseChannel,
        transform_graph: BaseChannel,
        model: BaseChannel,
        evaluation: BaseChannel,
        blessing: BaseChannel,
        settings: Settings,
        code: Mapping[str, str],
    ) -> None:
        """Describes the node.

        Args:
            examples: The raw examples, in splits.
            transform_graph: Knows classes and vocabularies.
            model: The candidate.
            evaluation: What the Evaluator found.
            blessing: Its blessing.
            settings: What the config says.
            code: Hashes of the files that it depends on, by path, for the cache to see an edit.
        """
        super().__init__(
            ReferenceProfileSpec(
                examples=examples,
                transform_graph=transform_graph,
                model=model,
                evaluation=evaluation,
                blessing=blessing,
                settings=settings.to_json(),
                code=json.dumps(dict(code)),
                profile=Channel(type=File),
            )
        )


def _profile(
    inputs: Mapping[str, Artifact], settings: Settings, run: str, notes: list[tuple[str, str]]
) -> format.ReferenceProfile:
    """The profile; what is to be told beside it is added to the notes.

    Raises:
        ConfigError: `monitoring.label` gives another label than training used.
    """
    judging = settings.judging
    transform = tft.TFTransformOutput(inputs["transform_graph"].uri)
    classes = encoding.class_names(transform)
    test = reading.read(inputs["examples"], "test")
    classes_of = {name: one.metric for name, one in settings.metrics.items()}
    values = metric_values.read(inputs["evaluation"].uri, classes_of)
    model = Asked(path_utils.serving_model_path(inputs["model"].uri))
    with ThreadPoolExecutor(1) as beside:
        requested, transformed = model.inputs(), model.transformed()
        # TensorFlow and Arrow both work outside of Python's lock.
        described = beside.submit(_described, inputs, requested, _coded(transform))
        answers = model.answers(test.serialized, judging.name)
        training_rows, columns, found_features = described.result()
    names = _slices(values, set(requested) - transformed)
    raw = reading.columns(test.serialized, {*_label_columns(judging), *_features_of(names)})
    label: format.Label | None = labels.describe(judging, answers.outputs, answers.label, classes)
    if found := labels.mismatch(judging, raw, answers.label, classes):
        notes.append(_unknown_label(judging, found))
    sliced = {name: raw[name] for name in _features_of(names)}
    members = outputs.slices(names, sliced, len(test.serialized))
    profile = format.ReferenceProfile(
        model=judging.model,
        run=run,
        made=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        training_rows=training_rows,
        test_rows=test.of,
        features=found_features,
        outputs=outputs.describe(answers.outputs, label, answers.label, members),
        slices=outputs.described_slices(names, members),
        metrics=metrics.describe(settings.metrics, values, set(members)),
        label=None if found else label,
        top_score=outputs.top_score(answers.outputs, label, answers.label),
    )
    return document.fitted(profile, columns)


def _described(
    inputs: Mapping[str, Artifact], requested: Mapping[str, features.Input], coded: Collection[str]
) -> tuple[int, dict[str, Column], dict[str, Feature]]:
    """The training split: its rows, the columns of those that were looked at, and the features."""
    train = reading.read(inputs["examples"], "train")
    columns = reading.columns(train.serialized, requested)
    digits = document.digits(len(requested))
    found = {
        name: features.feature(one, columns[name], " ".join(name.split()) in coded, digits)
        for name, one in requested.items()
    }
    return train.of, columns, found


def _slices(
    values: Sequence[metric_values.MetricValue], carried: set[str]
) -> dict[str, dict[str, str]]:
    """The Evaluator's slices that are of what a request carries, with features and values."""
    return {
        value.slice: dict(value.pairs)
        for value in values
        if value.pairs and all(name in carried and wanted for name, wanted in value.pairs)
    }


def _features_of(slices: Mapping[str, Mapping[str, str]]) -> set[str]:
    return {feature for of in slices.values() for feature in of}


def _label_columns(judging: Judging) -> Sequence[str]:
    if judging.formula is not None:
        return formulas.parse(judging.formula).columns
    return judging.columns


def _coded(transform: tft.TFTransformOutput) -> set[str]:
    """The columns that preprocessing has a vocabulary of, as far as vocabularies tell.

    One has the name of its column, or `column=value` in each line, as
    `models.common.columns.categories` writes it for many columns at once.
    """
    found = set()
    for path in tf.io.gfile.glob(f"{transform.transform_savedmodel_dir}/assets/*"):
        found.add(path.rpartition("/")[2])
        if tf.io.gfile.stat(path).length > _LARGEST_VOCABULARY:
            continue
        with tf.io.gfile.GFile(path, "rb") as file:
            for line in file.read().split(b"\n"):
                name, is_pair, _ = line.decode(errors="replace").partition("=")
                if is_pair:
                    found.add(name)
    return found


def _unknown_label(judging: Judging, found: str) -> tuple[str, str]:
    return (
        "Monitoring cannot judge by labels that come late",
        f"No raw column is the label: {found}. Say in models/{judging.model}/config.yaml how it "
        "follows from raw columns, such as monitoring: {label: tips > 0.2 * fare}.",
    )


def _none(error: Exception) -> tuple[str, str]:
    first = next(iter(str(error).strip().splitlines()), "")
    return (
        "The pushed version has no reference profile, so that it cannot be monitored",
        f"Making it failed with {type(error).__name__}: {first}",
    )
