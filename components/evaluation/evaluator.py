"""The Evaluator: TFX's own, which compares with a baseline only where that can be asked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from google.protobuf import json_format
from tensorflow_model_analysis.proto import config_pb2
from tfx.components.evaluator import executor as tfx_executor
from tfx.dsl.components.base import base_beam_component, executor_spec
from tfx.dsl.io import fileio
from tfx.types import Artifact, artifact_utils, standard_artifacts
from tfx.types.channel import BaseChannel, Channel
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter
from tfx.utils import io_utils, path_utils

from components.beam_errors import unpack_data_error
from components.content import artifact as artifact_content
from components.evaluation import (  # noqa: F401  (metrics)
    baseline_trial,
    judged_rows,
    keras_metric,
    mistakes,
    pushed_baseline,
    worst_rows,
)
from components.evaluation.batches import judging
from models.common.errors import RunError
from models.common.files import manifest

COMPARISON = "comparison.json"
"""The file beside the evaluation that says which baseline there was, as `Comparison` has it."""
JUDGE_ALONE, REFUSE = "judge_alone", "refuse"


@dataclass(frozen=True)
class Comparison:
    """The baseline that a bound asked for, and whether it could be asked."""

    model: str
    """Where the artifact of the baseline is."""
    version: str | None
    """The version as which it was pushed; None where that is not known."""
    reason: str | None
    """Why it could not be asked, as the end of a sentence that begins with the model; None: it was
    asked."""


@dataclass(frozen=True)
class Settings:
    """What the Evaluator has to know beyond TFMA's configuration."""

    model: str
    """The model's name."""
    serving: str
    """The folder of its pushed versions."""
    unreadable_baseline: str
    """`judge_alone` or `refuse`."""
    code: Mapping[str, str]
    """Hashes of the files that its metrics depend on, by path."""
    worst_rows: Mapping[str, Any] | None = None
    """Which of the rows with the largest loss are kept, as `worst_rows.Wanted` has it."""


class EvaluatorSpec(ComponentSpec):
    """What the Evaluator takes and gives."""

    PARAMETERS: ClassVar[dict[str, ExecutionParameter]] = {
        "eval_config": ExecutionParameter(type=config_pb2.EvalConfig),
        "example_splits": ExecutionParameter(type=str),
        "custom_config": ExecutionParameter(type=str),
    }
    INPUTS: ClassVar[dict[str, ChannelParameter]] = {
        "examples": ChannelParameter(type=standard_artifacts.Examples),
        "model": ChannelParameter(type=standard_artifacts.Model),
        "baseline_model": ChannelParameter(type=standard_artifacts.Model, optional=True),
        "schema": ChannelParameter(type=standard_artifacts.Schema, optional=True),
    }
    OUTPUTS: ClassVar[dict[str, ChannelParameter]] = {
        "evaluation": ChannelParameter(type=standard_artifacts.ModelEvaluation),
        "blessing": ChannelParameter(type=standard_artifacts.ModelBlessing),
    }


class Executor(tfx_executor.Executor):
    """Tries the baseline on a few rows, and then judges with it or without it."""

    def Do(  # noqa: N802
        self,
        input_dict: dict[str, list[Artifact]],
        output_dict: dict[str, list[Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Judges the candidate.

        Raises:
            RunError: The baseline cannot read today's rows, and the config wants that refused.
            ModelCodeError: A metric of the model's own folder failed.
        """
        settings = Settings(**json.loads(exec_properties["custom_config"]))
        label = _label(exec_properties["eval_config"])
        baselines = [
            model
            for model in input_dict.get("baseline_model", [])
            # What PushedBaseline leaves where nothing was pushed is none.
            if fileio.exists(_saved_model(model)) or _hash(model)
        ]
        comparison = None
        for baseline in baselines:
            comparison = _tried(
                baseline, input_dict, json.loads(exec_properties["example_splits"]), label, settings
            )
            if comparison.reason:
                if settings.unreadable_baseline == REFUSE:
                    raise _refusal(comparison, settings)
                baselines = []
        worst = worst_rows.Wanted(**settings.worst_rows) if settings.worst_rows else None
        with unpack_data_error(), judging.by_batches(worst) as extractors:
            super().Do(
                {**input_dict, "baseline_model": baselines},
                output_dict,
                {**exec_properties, "custom_extractors": extractors},
            )
        if comparison is not None:
            uri = artifact_utils.get_single_uri(output_dict["evaluation"])
            io_utils.write_string_file(f"{uri}/{COMPARISON}", json.dumps(asdict(comparison)))


class Evaluator(base_beam_component.BaseBeamComponent):
    """Judges a model on rows that nothing else has seen."""

    SPEC_CLASS = EvaluatorSpec
    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)

    def __init__(
        self,
        *,
        examples: BaseChannel,
        model: BaseChannel,
        baseline_model: BaseChannel | None,
        schema: BaseChannel,
        example_splits: Sequence[str],
        eval_config: config_pb2.EvalConfig,
        settings: Settings,
    ) -> None:
        """Describes the node.

        Args:
            examples: The examples, in splits.
            model: The candidate.
            baseline_model: The model to compare it with; None where no bound does.
            schema: Of the examples.
            example_splits: The splits to judge on.
            eval_config: TFMA's configuration.
            settings: What it says nothing of.
        """
        super().__init__(
            EvaluatorSpec(
                examples=examples,
                model=model,
                baseline_model=baseline_model,
                schema=schema,
                example_splits=json.dumps(list(example_splits)),
                eval_config=eval_config,
                custom_config=json.dumps(asdict(settings)),
                evaluation=Channel(type=standard_artifacts.ModelEvaluation),
                blessing=Channel(type=standard_artifacts.ModelBlessing),
            )
        )


def comparison_of(evaluation: str) -> Comparison | None:
    """The baseline of an evaluation; None where there was none to be asked.

    Args:
        evaluation: The Evaluator's `evaluation` artifact.
    """
    path = f"{evaluation}/{COMPARISON}"
    if not fileio.exists(path):
        return None
    with fileio.open(path) as file:
        return Comparison(**json.load(file))


def _tried(
    baseline: Artifact,
    inputs: Mapping[str, list[Artifact]],
    splits: Sequence[str],
    label: str,
    settings: Settings,
) -> Comparison:
    files = [
        file
        for split in splits
        for uri in artifact_utils.get_split_uris(inputs["examples"], split)
        for file in sorted(fileio.glob(io_utils.all_files_pattern(uri)))
    ]
    schema = None
    if inputs.get("schema"):
        folder = artifact_utils.get_single_uri(inputs["schema"])
        schema = io_utils.SchemaReader().read(io_utils.get_only_uri_in_dir(folder))
    reason = _damage(baseline) or baseline_trial.unreadable(
        path_utils.serving_model_path(baseline.uri),
        path_utils.serving_model_path(artifact_utils.get_single_uri(inputs["model"])),
        baseline_trial.first_rows(files),
        schema,
        label,
    )
    saved = _saved_model(baseline)
    there = fileio.exists(saved)
    version = pushed_baseline.version_of(saved, settings.serving) if there else None
    return Comparison(baseline.uri, version, reason)


def _damage(baseline: Artifact) -> str | None:
    """Why a model is not the one that was blessed; all of it is read."""
    if not fileio.exists(_saved_model(baseline)):
        return "is gone: its saved_model.pb is missing"
    found = None
    if _hash(baseline):
        found = artifact_content.damage(baseline.uri, _hash(baseline), thorough=True)
    found = found or manifest.damage(path_utils.serving_model_path(baseline.uri))
    return f"is damaged: {found}" if found else None


def _hash(model: Artifact) -> str:
    """Of its content; empty where it is from a place that keeps none."""
    return str(model.get_string_custom_property(artifact_content.HASH))


def _refusal(comparison: Comparison, settings: Settings) -> RunError:
    which = f"version {comparison.version}" if comparison.version else comparison.model
    return RunError(
        f"The candidate cannot be compared with {which} of {settings.model}: that model "
        f"{comparison.reason}",
        f"It is the latest blessed model, {comparison.model}, and a max_regression in "
        f"models/{settings.model}/config.yaml asks for it. Expected: a model that reads today's "
        "rows.",
        f"Drop it: python -m pipeline baseline {settings.model} --drop. Or have candidates judged "
        "by their other bounds in such a case: evaluation.unreadable_baseline: judge_alone.",
    )


def _label(eval_config: str) -> str:
    config = json_format.Parse(eval_config, config_pb2.EvalConfig())
    return str(config.model_specs[0].label_key)


def _saved_model(model: Artifact) -> str:
    return f"{path_utils.serving_model_path(model.uri)}/{pushed_baseline.SAVED_MODEL}"
