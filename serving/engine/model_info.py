"""What the server tells about its models: status and metadata in TensorFlow Serving's JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tensorflow.core.framework import types_pb2

from serving.core.errors import Code, ServingError
from serving.engine.versions import Status, Version, Versions
from serving.model.signatures import DEFAULT, TensorInfo


def statuses(versions: Versions, model: str, number: int | None) -> dict[int, Status]:
    """The states of a model's versions, or of the one that is asked for.

    Raises:
        ServingError: There is no such model or version.
    """
    found = dict(versions.statuses.get(model, {}))
    if number is not None and number not in found:
        raise ServingError(Code.NOT_FOUND, f"Could not find version {number} of model {model}")
    if not found:
        raise ServingError(Code.NOT_FOUND, f"Could not find any versions of model {model}")
    return found if number is None else {number: found[number]}


def error_message(versions: Versions, status: Status) -> str:
    """What is wrong with a version, or else with the file that says which are served."""
    return str(status.error or versions.config_error or "")


def status_json(versions: Versions, found: Mapping[int, Status]) -> dict[str, Any]:
    """The answer to a status request, highest version first."""
    return {
        "model_version_status": [
            {
                "version": str(number),
                "state": status.state.name,
                "status": {
                    "error_code": status.error.code.name if status.error else "OK",
                    "error_message": error_message(versions, status),
                },
            }
            for number, status in sorted(found.items(), reverse=True)
        ]
    }


def metadata_json(version: Version) -> dict[str, Any]:
    """The answer to a metadata request."""
    definitions = {
        name: {
            "inputs": _infos(signature.definition.inputs),
            "outputs": _infos(signature.definition.outputs),
            "method_name": signature.method,
        }
        for name, signature in version.loaded.signatures.items()
    }
    spec = {"name": version.model, "signature_name": "", "version": str(version.number)}
    return {
        "model_spec": spec,
        "metadata": {"signature_def": {"signature_def": definitions}},
    }


def overview(versions: Versions) -> dict[str, Any]:
    """All models with their versions, labels and the inputs of the version that answers requests
    which name none.

    Not in TensorFlow Serving's API: the page at `/` is made from it.
    """
    return {
        "models": [
            {
                "name": name,
                "versions": sorted(served.versions, reverse=True),
                "labels": dict(served.labels),
                "version": served.default.number if served.default else None,
                "inputs": _inputs(served.default),
                "example": served.default.example if served.default else None,
            }
            for name, served in sorted(versions.snapshot.items())
        ]
    }


def names(versions: Versions) -> dict[str, frozenset[str]]:
    """The models that answer, each with the names of its inputs and outputs."""
    return {
        name: frozenset(
            feature
            for version in served.versions.values()
            for signature in version.loaded.signatures.values()
            for feature in (*signature.inputs, *signature.outputs)
        )
        for name, served in versions.snapshot.items()
    }


def _infos(infos: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: {
            "dtype": types_pb2.DataType.Name(info.dtype),
            "tensor_shape": {
                "dim": [{"size": str(dim.size), "name": dim.name} for dim in info.tensor_shape.dim],
                "unknown_rank": info.tensor_shape.unknown_rank,
            },
            "name": info.name,
        }
        for name, info in sorted(infos.items())
    }


def _inputs(version: Version | None) -> list[dict[str, Any]]:
    if version is None or DEFAULT not in version.loaded.signatures:
        return []
    infos: list[TensorInfo] = list(version.loaded.signatures[DEFAULT].inputs.values())
    return [
        {
            "name": info.name,
            "type": info.type_name,
            "optional": info.default is not None,
            "scalar": info.shape is not None and len(info.shape) <= 1,
        }
        for info in infos
    ]
