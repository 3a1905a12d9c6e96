"""Gives each artifact of an executor input the type that TFX needs; leaves out what is not TFX's.

Kubeflow's driver tells no type of an input (its schema is empty), and adds artifacts of its own,
such as `executor-logs`, to the outputs of every task
(https://github.com/kubeflow/pipelines, backend/src/v2/driver/driver.go and metadata/client.go).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml
from tfx.orchestration.kubeflow.v2 import compiler_utils
from tfx.types.artifact import Artifact
from tfx.utils import import_utils

ExecutorInput = dict[str, Any]
"""A KFP `ExecutorInput` in JSON."""


def complete(given: ExecutorInput, inputs_spec: Mapping[str, Any]) -> ExecutorInput:
    """An executor input all of whose artifacts have a type of TFX's.

    Args:
        given: What the platform has made.
        inputs_spec: The task's `ComponentInputsSpec` in JSON, which has each input's type.

    Returns:
        A copy. An input that says nothing of its type has the one that the task declares; an
        artifact whose type TFX does not know is left out.
    """
    declared = {
        key: spec.get("artifactType", {}) for key, spec in inputs_spec.get("artifacts", {}).items()
    }
    result = dict(given)
    for side in ("inputs", "outputs"):
        lists = given.get(side, {}).get("artifacts", {})
        known = {
            key: _known(found.get("artifacts", []), declared.get(key, {}))
            for key, found in lists.items()
        }
        result[side] = {
            **given.get(side, {}),
            "artifacts": {
                key: {"artifacts": artifacts}
                for key, artifacts in known.items()
                if artifacts or not lists[key].get("artifacts")
            },
        }
    return result


def _known(artifacts: list[dict[str, Any]], declared: Mapping[str, Any]) -> list[dict[str, Any]]:
    typed = [(one, _first_of_tfx(one.get("type", {}), declared)) for one in artifacts]
    return [{**one, "type": found} for one, found in typed if found is not None]


def _first_of_tfx(*types: Mapping[str, Any]) -> dict[str, Any] | None:
    return next((dict(one) for one in types if _is_of_tfx(one)), None)


def _is_of_tfx(artifact_type: Mapping[str, Any]) -> bool:
    title = _title(artifact_type)
    path = compiler_utils.TITLE_TO_CLASS_PATH.get(title, title)
    if "." not in path:
        return False
    try:
        found = import_utils.import_class_by_path(path)
    except (ImportError, AttributeError, ValueError):
        return False
    return isinstance(found, type) and issubclass(found, Artifact)


def _title(artifact_type: Mapping[str, Any]) -> str:
    """The name of an artifact's type; nothing where it says none."""
    if artifact_type.get("schemaTitle"):
        return str(artifact_type["schemaTitle"])
    try:
        schema = yaml.safe_load(artifact_type.get("instanceSchema") or "")
    except yaml.YAMLError:
        return ""
    return str(schema.get("title", "")) if isinstance(schema, dict) else ""
