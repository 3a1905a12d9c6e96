"""Executor inputs as platforms make them, given to TFX's own reader."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf import json_format
from hypothesis import given as examples
from hypothesis import strategies as st
from kfp.pipeline_spec import pipeline_spec_pb2
from tfx.orchestration.kubeflow.v2.container import kubeflow_v2_entrypoint_utils
from tfx.types import standard_artifacts

from pipeline.cloud.task import artifact_types

pytestmark = pytest.mark.tfx

MODEL = {"instanceSchema": "title: tfx.Model\ntype: object\n"}
DECLARED = {"artifacts": {"model": {"artifactType": MODEL}}}

UNTYPED: list[dict[str, Any]] = [
    {"instanceSchema": ""},
    {"instanceSchema": "{}"},
    {"instanceSchema": "type: object"},
    {"instanceSchema": "title:"},
    {"instanceSchema": "- a\n- list"},
    {"instanceSchema": "title: [unclosed"},
    {"schemaTitle": ""},
    {"schemaTitle": "system.Artifact"},
    {"schemaTitle": "system.Model"},
    {"schemaTitle": "google.VertexModel"},
    {"schemaTitle": "os.path"},
    {"schemaTitle": "nonsense"},
    {"schemaVersion": "0.0.1"},
    {},
]
"""Types that say nothing to TFX."""


def executor_input(side: str, key: str, *types: dict[str, Any] | None) -> dict[str, Any]:
    found = [
        {"name": str(number), "uri": f"s3://b/{number}", **({} if one is None else {"type": one})}
        for number, one in enumerate(types)
    ]
    return {side: {"artifacts": {key: {"artifacts": found}}}}


def read(given: dict[str, Any], side: str) -> Any:
    """What TFX makes of it."""
    message = json_format.ParseDict(given, pipeline_spec_pb2.ExecutorInput())
    return kubeflow_v2_entrypoint_utils.parse_raw_artifact_dict(getattr(message, side).artifacts)


@pytest.mark.parametrize("untyped", [*UNTYPED, None], ids=str)
def test_an_input_that_says_no_type_has_the_declared_one(untyped: dict[str, Any] | None) -> None:
    given = artifact_types.complete(executor_input("inputs", "model", untyped), DECLARED)
    [model] = read(given, "inputs")["model"]
    assert isinstance(model, standard_artifacts.Model)
    assert model.uri == "s3://b/0"


@pytest.mark.parametrize("untyped", [*UNTYPED, None], ids=str)
def test_an_output_that_is_not_of_tfx_is_left_alone(untyped: dict[str, Any] | None) -> None:
    given = executor_input("outputs", "executor-logs", untyped)
    given["outputs"]["artifacts"]["model"] = {"artifacts": [{"uri": "s3://b/m", "type": MODEL}]}
    completed = artifact_types.complete(given, DECLARED)
    assert list(read(completed, "outputs")) == ["model"]
    assert "executor-logs" in given["outputs"]["artifacts"], "what was given stays as it is"


def test_an_input_of_another_kind_that_no_one_declares_is_left_alone() -> None:
    given = executor_input("inputs", "from_elsewhere", {"schemaTitle": "system.Dataset"})
    assert artifact_types.complete(given, DECLARED)["inputs"]["artifacts"] == {}


def test_an_artifact_that_says_its_type_keeps_it() -> None:
    pushed = {"schemaTitle": "tfx.PushedModel"}
    given = artifact_types.complete(executor_input("inputs", "model", pushed), DECLARED)
    assert isinstance(read(given, "inputs")["model"][0], standard_artifacts.PushedModel)


@pytest.mark.parametrize("given", [{}, {"inputs": {}}, {"outputs": {"outputFile": "/x"}}], ids=str)
def test_what_is_empty_may_be_absent(given: dict[str, Any]) -> None:
    completed = artifact_types.complete(given, {})
    assert completed["inputs"]["artifacts"] == completed["outputs"]["artifacts"] == {}
    assert completed["outputs"].get("outputFile") == given.get("outputs", {}).get("outputFile")


def test_an_input_without_artifacts_stays_one() -> None:
    given = artifact_types.complete(executor_input("inputs", "model"), DECLARED)
    assert read(given, "inputs") == {"model": []}


@examples(
    st.lists(st.sampled_from([*UNTYPED, None, MODEL]), min_size=1, max_size=4),
    st.dictionaries(st.text(min_size=1, max_size=5), st.one_of(st.text(), st.integers(0, 9))),
)
def test_no_artifact_of_a_declared_input_is_lost(
    types: list[dict[str, Any] | None], metadata: dict[str, Any]
) -> None:
    given = executor_input("inputs", "model", *types)
    for artifact in given["inputs"]["artifacts"]["model"]["artifacts"]:
        artifact["metadata"] = metadata
    found = read(artifact_types.complete(given, DECLARED), "inputs")["model"]
    assert [one.uri for one in found] == [f"s3://b/{number}" for number in range(len(types))]
