"""Writes the JSON Schema of KServe's InferenceService, from the models of its Python package.

uv run --no-project --with kserve==0.21.0 python deploy/schemas/kserve_schema.py
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from kserve import models
from kserve.configuration import Configuration

FILE = Path(__file__).with_name("inferenceservice.schema.json")
# Kubernetes' own types are referred to where the package kubernetes-validate has them.
KUBERNETES = "https://kubernetes.io/api/_definitions.json#/$defs/io.k8s."
QUANTITY = "apimachinery.pkg.api.resource.Quantity"
PLACES = {
    "ResourceQuantity": QUANTITY,
    "V1beta1MetricQuantity": QUANTITY,
    "V1ObjectMeta": "apimachinery.pkg.apis.meta.v1.ObjectMeta",
    "K8sIoApiAppsV1DeploymentStrategy": "api.apps.v1.DeploymentStrategy",
    "K8sIoApiAutoscalingV2HorizontalPodAutoscalerBehavior": (
        "api.autoscaling.v2.HorizontalPodAutoscalerBehavior"
    ),
}
PLAIN = {"bool": "boolean", "int": "integer", "str": "string"}

Schema = dict[str, Any]


def schema() -> Schema:
    """The schema; a status, which only the cluster writes, is not in it."""
    definitions: dict[str, Schema] = {}
    top = _object("V1beta1InferenceService", definitions, left_out=["status"])
    top["properties"]["apiVersion"] = {"const": "serving.kserve.io/v1beta1"}
    top["properties"]["kind"] = {"const": "InferenceService"}
    top["required"] = ["apiVersion", "kind", "metadata", "spec"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": f"Made by {Path(__file__).name} from the package kserve {version('kserve')}. "
        "Copyright The KServe Authors, Apache-2.0.",
        **top,
        "$defs": dict(sorted(definitions.items())),
    }


def _object(name: str, definitions: dict[str, Schema], left_out: Collection[str] = ()) -> Schema:
    model = getattr(models, name)
    properties, required = {}, []
    for attribute, kind in model.openapi_types.items():
        if attribute in left_out:
            continue
        key = model.attribute_map[attribute]
        properties[key] = _type(kind, definitions)
        if _is_required(model, attribute):
            required.append(key)
    found = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**found, "required": required} if required else found


def _is_required(model: type, attribute: str) -> bool:
    checking = SimpleNamespace(local_vars_configuration=Configuration())
    try:
        getattr(model, attribute).fset(checking, None)
    except ValueError:
        return True
    return False


def _type(kind: str, definitions: dict[str, Schema]) -> Schema:
    if kind in PLAIN:
        return {"type": PLAIN[kind]}
    if inner := re.fullmatch(r"list\[(.+)\]", kind):
        return {"type": "array", "items": _type(inner[1], definitions)}
    if inner := re.fullmatch(r"dict\(str, (.+)\)", kind):
        return {"type": "object", "additionalProperties": _type(inner[1], definitions)}
    if hasattr(models, kind):
        if kind not in definitions:
            definitions[kind] = {}  # before what is in it, which may refer to it
            definitions[kind] = _object(kind, definitions)
        return {"$ref": f"#/$defs/{kind}"}
    return {"$ref": KUBERNETES + PLACES.get(kind, f"api.core.v1.{kind.removeprefix('V1')}")}


if __name__ == "__main__":
    FILE.write_text(json.dumps(schema(), indent=1) + "\n", encoding="utf-8")
