"""The model to beat where the orchestrator cannot look it up: the one that was pushed last.

Kubeflow Pipelines runs no resolver tasks; they exist on Vertex AI alone. So on a cluster the
serving folder is asked, which holds blessed models only.
"""

from __future__ import annotations

from typing import Any, ClassVar

from tfx import types
from tfx.components.evaluator import executor as evaluator_executor
from tfx.components.evaluator.component import Evaluator
from tfx.dsl.components.base import base_component, base_executor, executor_spec
from tfx.dsl.io import fileio
from tfx.types import artifact_utils, standard_artifacts, standard_component_specs
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter
from tfx.utils import io_utils, path_utils

_SAVED_MODEL = "saved_model.pb"


class PushedBaselineSpec(ComponentSpec):
    """What PushedBaseline takes and gives."""

    PARAMETERS: ClassVar[dict[str, ExecutionParameter]] = {
        "serving": ExecutionParameter(type=str),
    }
    INPUTS: ClassVar[dict[str, ChannelParameter]] = {}
    OUTPUTS: ClassVar[dict[str, ChannelParameter]] = {
        "model": ChannelParameter(type=standard_artifacts.Model)
    }


class Executor(base_executor.BaseExecutor):
    """Copies the latest version in the serving folder; nothing where there is none."""

    def Do(  # noqa: N802
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Copies the model, so that it stays what it was while it is compared."""
        self._log_startup(input_dict, output_dict, exec_properties)
        pushed = latest_version(exec_properties["serving"])
        model = artifact_utils.get_single_instance(output_dict["model"])
        if pushed is not None:
            io_utils.copy_dir(pushed, path_utils.serving_model_path(model.uri))


class PushedBaseline(base_component.BaseComponent):
    """Finds the model that a candidate has to beat."""

    SPEC_CLASS = PushedBaselineSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(self, serving: str) -> None:
        """Describes the node.

        Args:
            serving: The folder of the model's pushed versions.
        """
        model = types.Channel(type=standard_artifacts.Model)
        super().__init__(PushedBaselineSpec(serving=serving, model=model))


class EvaluatorExecutor(evaluator_executor.Executor):
    """TFX's, but a baseline without a model is none, as in a model's first run."""

    def Do(  # noqa: N802
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Judges the model."""
        key = standard_component_specs.BASELINE_MODEL_KEY
        found = [
            model
            for model in input_dict.get(key, [])
            if fileio.exists(f"{path_utils.serving_model_path(model.uri)}/{_SAVED_MODEL}")
        ]
        super().Do({**input_dict, key: found}, output_dict, exec_properties)


class BaselineEvaluator(Evaluator):
    """TFX's Evaluator, whose baseline may be absent."""

    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(EvaluatorExecutor)


def latest_version(serving: str) -> str | None:
    """The newest pushed version in a serving folder; None where there is none.

    A version whose `saved_model.pb` is missing is still being copied: it comes last.
    """
    if not fileio.exists(serving):
        return None
    names = [name.rstrip("/") for name in fileio.listdir(serving)]
    versions = [
        name
        for name in names
        if name.isdecimal() and fileio.exists(f"{serving}/{name}/{_SAVED_MODEL}")
    ]
    return f"{serving}/{max(versions, key=int)}" if versions else None
