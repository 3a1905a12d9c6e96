"""Experiments, one for each model, and the runs in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models.common.errors import RunError
from pipeline.cloud.kubeflow.api import Answer, KubeflowApi

_ARCHIVED = "ARCHIVED"


def experiment(api: KubeflowApi, name: str) -> str | None:
    """The id of the experiment of this name; None where there is none.

    Raises:
        AnswerError: The server cannot be believed.
        RunError: It is archived, so that nothing would be seen of its runs.
    """
    found = _experiment(api, name)
    if found is None:
        return None
    if found.get("storage_state") == _ARCHIVED:
        raise RunError(
            f"The experiment {name} is archived",
            f"Received: {api.address}, experiment {found['experiment_id']}.",
            "Restore it on Kubeflow's page, under Experiments, Archived.",
        )
    return str(found["experiment_id"])


def make_experiment(api: KubeflowApi, name: str) -> str:
    """The id of the experiment of this name, made where there is none.

    Raises:
        AnswerError: The server refused it, or cannot be believed.
    """
    there = experiment(api, name)
    if there is not None:
        return there
    body = {"display_name": name, "description": f"The runs of the model {name}."}
    if api.namespace:
        body["namespace"] = api.namespace
    made = api.create("/experiments", "experiment_id", body, known=lambda: _experiment(api, name))
    return str(made["experiment_id"])


def check_new(api: KubeflowApi, experiment_id: str, name: str) -> None:
    """Refuses a name that a run of the experiment has.

    Raises:
        RunError: There is such a run.
    """
    found = _run(api, experiment_id, name)
    if found is not None:
        raise RunError(
            f"There is a run {name} already",
            f"Received: run {found['run_id']} of {found.get('created_at', 'an unknown time')}, "
            f"{str(found.get('state', 'of an unknown state')).lower()}.",
            "Choose another --run, or leave it out: the name then ends with the time.",
        )


def start(api: KubeflowApi, experiment_id: str, name: str, what: Mapping[str, Any]) -> str:
    """Starts a run; returns its id.

    Args:
        api: The server.
        experiment_id: Where it belongs.
        name: Its name, which no other run of the experiment has.
        what: The version, the root, the service account and the description.

    Raises:
        AnswerError: The server refused it, or cannot be believed.
    """
    body = {"display_name": name, "experiment_id": experiment_id, **what}
    made = api.create("/runs", "run_id", body, known=lambda: _run(api, experiment_id, name))
    return str(made["run_id"])


def _experiment(api: KubeflowApi, name: str) -> Answer | None:
    found = api.named("/experiments", "experiments", name, namespace=api.namespace)
    return found[0] if found else None


def _run(api: KubeflowApi, experiment_id: str, name: str) -> Answer | None:
    found = api.named("/runs", "runs", name, experiment_id=experiment_id)
    return found[0] if found else None
