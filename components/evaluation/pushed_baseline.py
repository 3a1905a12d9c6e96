"""The model to beat where the orchestrator cannot look it up: the one that was pushed last.

Kubeflow Pipelines runs no resolver tasks; they exist on Vertex AI alone. So on a cluster the
serving folder is asked, which holds blessed models only.
"""

from __future__ import annotations

from typing import Any, ClassVar

from tfx import types
from tfx.dsl.components.base import base_component, base_executor, executor_spec
from tfx.dsl.io import fileio
from tfx.types import artifact_utils, standard_artifacts
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter
from tfx.utils import io_utils, path_utils

SAVED_MODEL = "saved_model.pb"


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


def latest_version(serving: str) -> str | None:
    """The newest pushed version in a serving folder; None where there is none."""
    versions = _versions(serving)
    return f"{serving}/{versions[0]}" if versions else None


def version_of(saved_model: str, serving: str) -> str | None:
    """The version as which a model was pushed; None where it is not in the serving folder.

    Args:
        saved_model: Its `saved_model.pb`, which a version has a copy of.
        serving: The folder of the model's pushed versions.
    """
    with fileio.open(saved_model, "rb") as file:
        content = file.read()
    for version in _versions(serving):
        with fileio.open(f"{serving}/{version}/{SAVED_MODEL}", "rb") as file:
            if file.read() == content:
                return version
    return None


def _versions(serving: str) -> list[str]:
    """The whole versions in a serving folder, newest first.

    A version whose `saved_model.pb` is missing is still being copied: it comes last.
    """
    if not fileio.exists(serving):
        return []
    names = [name.rstrip("/") for name in fileio.listdir(serving)]
    versions = [
        name
        for name in names
        if name.isdecimal() and fileio.exists(f"{serving}/{name}/{SAVED_MODEL}")
    ]
    return sorted(versions, key=int, reverse=True)
