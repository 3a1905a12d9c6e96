"""Recurring runs: one for each model."""

from __future__ import annotations

from typing import Any

import pytest

from models.common.errors import RunError
from pipeline.cloud.kubeflow import schedules
from pipeline.cloud.kubeflow.api import KubeflowApi
from pipeline.cloud.kubeflow.endpoint import Endpoint
from tests.helpers.cloud_server import Request
from tests.pipeline.cloud.kubeflow.kubeflow_server import KubeflowServer


@pytest.fixture
def api(kubeflow: KubeflowServer) -> KubeflowApi:
    return KubeflowApi(Endpoint(kubeflow.url))


def replace(api: KubeflowApi, model: str = "m", described: str = "model: m") -> Any:
    trigger = {"cron_schedule": {"cron": "0 0 4 * * 1"}}
    what = {"description": described, "trigger": trigger}
    return schedules.replace(api, "e1", model, model, what)


@pytest.mark.parametrize(
    ("described", "ours"),
    [
        ("model: m\ncommit: c0ffee", True),
        ("commit: c0ffee\nmodel: m", True),
        ("commit: c0ffee, model: m, data: abc", True),
        ("model: m2\ncommit: c0ffee", False),
        ("not of the model: m", False),
        ("", False),
    ],
)
def test_only_what_this_program_has_made_is_replaced(
    kubeflow: KubeflowServer, api: KubeflowApi, described: str, ours: bool
) -> None:
    replace(api, described=described)
    made, old = replace(api)
    before, after = kubeflow.items["recurringruns"]
    assert after["recurring_run_id"] == made
    assert (before["status"] == "DISABLED") == ours == bool(old)
    assert after["status"] == "ENABLED"


def test_the_old_one_stays_where_the_new_one_is_refused(
    kubeflow: KubeflowServer, api: KubeflowApi
) -> None:
    replace(api)
    for answer in [(400, {"message": "bad"}), (200, {"recurring_run_id": "unknown"}), (200, {})]:
        kubeflow.answers = {("POST", "/recurringruns"): [answer]}
        with pytest.raises(RunError):
            replace(api)
    [there] = kubeflow.items["recurringruns"]
    assert there["status"] == "ENABLED"


@pytest.mark.parametrize("answer", [(403, {"message": "no"}), (200, {}), (200, "<html>Hi")])
def test_an_old_one_that_goes_on_is_told(
    kubeflow: KubeflowServer, api: KubeflowApi, answer: Any
) -> None:
    first, _ = replace(api)
    kubeflow.answers = {("POST", ":disable"): [answer]}
    with pytest.raises(RunError, match="Two schedules train the model") as told:
        replace(api)
    assert first in told.value.headline and "Disable it" in told.value.remedy


def test_an_answer_that_is_lost_on_the_way_makes_no_second(
    kubeflow: KubeflowServer, api: KubeflowApi
) -> None:
    first, _ = replace(api)
    create = kubeflow.otherwise

    def lose(request: Request) -> tuple[int, Any]:
        done = create(request)
        return (504, "") if request.path.endswith("/recurringruns") and request.body else done

    kubeflow.otherwise = lose  # type: ignore[method-assign]
    made, old = replace(api)
    assert made != first and [each.id for each in old] == [first]
    assert len(kubeflow.items["recurringruns"]) == 2


def test_schedules_are_listed_the_newest_first(kubeflow: KubeflowServer, api: KubeflowApi) -> None:
    first, _ = replace(api)
    second, _ = replace(api)
    found = schedules.of_model(api, "e1", "m")
    assert [(each.id, each.enabled) for each in found] == [(second, True), (first, False)]
    assert {(each.name, each.cron) for each in found} == {("m", "0 0 4 * * 1")}
    assert schedules.of_model(api, "e1", "n") == schedules.of_model(api, "e2", "m") == []
