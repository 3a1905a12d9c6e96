"""What no compiled specification may be without, each left out in turn."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from models.common.errors import RunError
from pipeline import nodes
from pipeline.cloud import spec_check
from pipeline.config import loading, project
from tests.pipeline.cloud.specifications import (
    compiled,
    containers,
    tasks,
)

pytestmark = [pytest.mark.tfx, pytest.mark.slow]


def no_thresholds(specification: Any) -> None:
    parameter = tasks(specification)["Evaluator"]["inputs"]["parameters"]["eval_config"]
    text = parameter["runtimeValue"]["constant"]
    evaluation = json.loads(text)
    for metric in evaluation["metrics_specs"][0]["metrics"]:
        metric.pop("per_slice_thresholds", None)
    parameter["runtimeValue"]["constant"] = json.dumps(evaluation)


def latest(specification: Any) -> None:
    containers(specification)["Trainer"]["image"] = "ghcr.io/me/pipeline:latest"


def local_path(specification: Any) -> None:
    parameter = tasks(specification)["ExampleGen"]["inputs"]["parameters"]["source"]
    parameter["runtimeValue"]["constant"] = f"{project.ROOT}/data.csv"


def other_baseline(specification: Any) -> None:
    output = tasks(specification)["Evaluator"]["inputs"]["artifacts"]["baseline_model"]
    output["taskOutputArtifact"]["producerTask"] = "Trainer"


MISTAKES: list[tuple[Callable[[Any], Any], str]] = [
    (
        lambda s: tasks(s)["Pusher"]["inputs"]["artifacts"].pop("model_blessing"),
        "Pusher takes 'model_blessing' from nowhere, not from Evaluator.",
    ),
    (
        lambda s: tasks(s)["Pusher"]["inputs"]["artifacts"].pop("infra_blessing"),
        "Pusher takes 'infra_blessing' from nowhere, not from ServingCheck.",
    ),
    (
        lambda s: tasks(s)["Evaluator"]["inputs"]["artifacts"].pop("baseline_model"),
        "Evaluator takes 'baseline_model' from nowhere, not from Resolver.",
    ),
    (other_baseline, "Evaluator takes 'baseline_model' from Trainer, not from Resolver."),
    (lambda s: tasks(s).pop("Evaluator"), "The node Evaluator is missing."),
    (lambda s: tasks(s).pop("DataGate"), "The node DataGate is missing."),
    (no_thresholds, "The Evaluator has no threshold"),
    (latest, "Trainer_executor has the image ghcr.io/me/pipeline:latest"),
    (local_path, "ExampleGen.inputs.parameters.source"),
]


@pytest.mark.parametrize(("spoil", "expected"), MISTAKES)
def test_an_unsafe_specification_is_refused(
    specification: dict[str, Any], spoil: Callable[[Any], Any], expected: str
) -> None:
    spoiled = copy.deepcopy(specification)
    known = nodes.of_model("taxi", loading.load("taxi"))
    spec_check.check(spoiled, known)
    spoil(spoiled)
    with pytest.raises(RunError, match=re.escape(expected)):
        spec_check.check(spoiled, known)


def test_a_model_that_compares_with_nothing_needs_no_baseline(tmp_path: Path) -> None:
    alone = ("evaluation.metrics={AUC: {at_least: 0.5}}",)
    known = nodes.of_model("taxi", loading.load("taxi", alone))
    assert "Resolver" not in known
    specification = compiled(tmp_path, overrides=alone)
    assert "baseline_model" not in tasks(specification)["Evaluator"]["inputs"]["artifacts"]
    spec_check.check(specification, known)


@pytest.mark.parametrize(
    ("name", "key"),
    [(spec.name, key) for spec in nodes.NODES for key in spec.required_inputs],
)
def test_every_required_input_is_missed(tmp_path: Path, name: str, key: str) -> None:
    batch = ("batch_prediction.path=gs://b/rows/*.csv",)
    spoiled = compiled(tmp_path, overrides=batch)
    known = nodes.of_model("taxi", loading.load("taxi", batch))
    spec_check.check(spoiled, known)
    del tasks(spoiled)[name]["inputs"]["artifacts"][key]
    wanted = nodes.SPECS[name].required_inputs[key]
    message = f"{name} takes '{key}' from nowhere, not from {wanted}."
    with pytest.raises(RunError) as caught:
        spec_check.check(spoiled, known)
    assert message in caught.value.detail
