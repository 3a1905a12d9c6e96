"""Where models are pushed to, and by which Pusher."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tfx.types import channel_utils, standard_artifacts
from tfx.types.experimental.simple_artifacts import File

from components.evaluation.latest_blessed import LatestOtherBlessedModel
from components.pusher import BucketPusher, Pusher
from pipeline.graph import target

pytestmark = pytest.mark.tfx


def inputs() -> dict[str, Any]:
    return {
        "model": channel_utils.as_channel([standard_artifacts.Model()]),
        "model_blessing": channel_utils.as_channel([standard_artifacts.ModelBlessing()]),
        "infra_blessing": channel_utils.as_channel([standard_artifacts.InfraBlessing()]),
        "profile": channel_utils.as_channel([File()]),
    }


@pytest.mark.parametrize(
    ("serving", "kind"),
    [
        ("/data/serving/taxi", Pusher),
        ("serving/taxi", Pusher),
        ("gs://bucket/serving/taxi", BucketPusher),
        ("s3://bucket/taxi", BucketPusher),
    ],
)
def test_a_folder_gets_whole_versions_and_a_bucket_another_pusher(serving: str, kind: type) -> None:
    node: Any = target.push_to_folder(serving, **inputs())
    parameters = node.exec_properties
    assert type(node) is kind
    destination = json.loads(parameters["push_destination"])
    assert destination["filesystem"]["base_directory"] == serving


def test_the_baseline_is_another_model_than_the_candidate() -> None:
    trained = channel_utils.as_channel([standard_artifacts.Model()])
    node: Any = target.latest_other_blessed(trained, "serving")
    assert set(node.outputs) >= {"model", "model_blessing"}
    assert node.exec_properties["resolver_class"] is LatestOtherBlessedModel
