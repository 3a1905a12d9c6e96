"""Pipelines and their versions, as Kubeflow's page lists them: one pipeline a model, one version a
specification."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import yaml

from pipeline.cloud.kubeflow.api import SERVICE, Answer, KubeflowApi

_HASH = 8
"""Letters of a specification's hash in a name."""


@dataclass(frozen=True)
class Version:
    """A version of a pipeline that is on the server."""

    pipeline_id: str
    id: str
    name: str

    def reference(self) -> dict[str, str]:
        """What a run, or a recurring one, refers to it by."""
        return {"pipeline_id": self.pipeline_id, "pipeline_version_id": self.id}


def register(
    api: KubeflowApi, name: str, commit: str | None, specification: str, description: str
) -> Version:
    """The version of a pipeline that is exactly this specification; made where there is none.

    It has the commit's name. Where that names another specification, as of other data, image or
    settings, or is no name for what is in the specification, the specification's hash follows.

    Args:
        api: The server.
        name: The pipeline's name.
        commit: The commit, with `-dirty` at its end where files differ from it; None: unknown.
        specification: YAML, of one document or of two with the platform's.
        description: Of the version.

    Raises:
        AnswerError: The server refused it, or cannot be believed.
    """
    pipeline = _pipeline(api, name)
    content = served_form(specification)
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:_HASH]
    hashed = f"{commit}-{digest}" if commit else digest
    names = [hashed] if commit is None or commit.endswith("-dirty") else [commit, hashed]
    for candidate in names:
        found = _version(api, pipeline, candidate)
        if found is None:
            found = _upload(api, pipeline, candidate, specification, description)
        # Somebody may have been faster with the same name.
        if found is not None and found.get("pipeline_spec") == content:
            return Version(pipeline, str(found["pipeline_version_id"]), candidate)
    raise SERVICE.unknown_error(
        f"POST {api.address}, version {names[-1]} of the pipeline {name}",
        "a version of this name with another specification",
    )


def served_form(specification: str) -> Any:
    """A specification as the server gives it back: JSON, with the platform's beside it if any."""
    documents = [document for document in yaml.safe_load_all(specification) if document]
    if len(documents) == 1:
        return documents[0]
    [platform] = (document for document in documents if "platforms" in document)
    [pipeline] = (document for document in documents if "platforms" not in document)
    return {"pipeline_spec": pipeline, "platform_spec": platform}


def _pipeline(api: KubeflowApi, name: str) -> str:
    """The id of the pipeline of this name."""

    def known() -> Answer | None:
        return api.find(f"/pipelines/names/{name}", namespace=api.namespace)

    found = known()
    if found is None:
        body = {"display_name": name, "description": f"The pipeline of the model {name}."}
        found = api.create("/pipelines", "pipeline_id", {**body, **_namespace(api)}, known=known)
    return str(found["pipeline_id"])


def _version(api: KubeflowApi, pipeline: str, name: str) -> Answer | None:
    """The version of this name; None where there is none."""
    found = api.named(f"/pipelines/{pipeline}/versions", "pipeline_versions", name)
    return found[0] if found else None


def _upload(
    api: KubeflowApi, pipeline: str, name: str, specification: str, description: str
) -> Answer:
    return api.create(
        "/pipelines/upload_version",
        "pipeline_version_id",
        {"name": name, "pipelineid": pipeline, "description": description},
        known=lambda: _version(api, pipeline, name),
        file=(f"{name}.yaml", specification.encode()),
        folder=f"/pipelines/{pipeline}/versions",
    )


def _namespace(api: KubeflowApi) -> dict[str, str]:
    return {"namespace": api.namespace} if api.namespace else {}
