"""The schemas of what is under deploy/, strict: a key that they do not know is refused."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.resources import files
from typing import Any

import kubernetes_validate.utils
from check_jsonschema.builtin_schemas import get_builtin_schema
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from tests.helpers.paths import ROOT

DEPLOY = ROOT / "deploy"
# The oldest and the newest Kubernetes that the package knows.
RELEASES = tuple(kubernetes_validate.utils.all_versions()[index] for index in (0, -1))


def compose() -> Draft202012Validator:
    """For deploy/compose.yaml."""
    return Draft202012Validator(get_builtin_schema("vendor.compose-spec"))


def kubernetes(kind: str, api_version: str, release: str) -> Draft202012Validator:
    """For a manifest of Kubernetes itself.

    Args:
        kind: Such as `StatefulSet`.
        api_version: Such as `apps/v1`.
        release: One of `RELEASES`.

    Raises:
        FileNotFoundError: That release has no such kind.
    """
    name = f"{kind.lower()}-{api_version.replace('/', '-')}.json"
    return Draft202012Validator(_read(release, name), registry=_definitions(release))


def kserve() -> Draft202012Validator:
    """For a KServe InferenceService; deploy/schemas/README.md says where it is from."""
    schema = json.loads((DEPLOY / "schemas" / "inferenceservice.schema.json").read_text())
    return Draft202012Validator(schema, registry=_definitions(RELEASES[-1]))


@lru_cache
def _definitions(release: str) -> Registry:
    return Resource.from_contents(_read(release, "_definitions.json")) @ Registry()


def _read(release: str, name: str) -> Any:
    folder = files(kubernetes_validate) / "kubernetes-json-schema" / f"v{release}-local-strict"
    return json.loads((folder / name).read_text(encoding="utf-8"))
