"""Recurring runs: one for each model, so that no two train it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from models.common.errors import RunError
from pipeline.cloud.job import Schedule
from pipeline.cloud.kubeflow.api import SERVICE, Answer, KubeflowApi

_KEY = "recurring_run_id"


def of_model(api: KubeflowApi, experiment_id: str, model: str) -> list[Schedule]:
    """The schedules of a model that this program has made, the newest first.

    Raises:
        AnswerError: The server cannot be believed.
    """
    found = [_schedule(item) for item in _listed(api, experiment_id) if _is_of(item, model)]
    return sorted(found, key=lambda schedule: schedule.created, reverse=True)


def replace(
    api: KubeflowApi, experiment_id: str, model: str, name: str, what: Mapping[str, Any]
) -> tuple[str, list[Schedule]]:
    """Makes a schedule, and when it is known to be there disables the model's others.

    They are disabled and not deleted: with a deleted one Kubernetes takes away the runs that it
    has started, also one that is going on.

    Args:
        api: The server.
        experiment_id: Where it belongs.
        model: The model's name, as the description's label has it.
        name: The schedule's name.
        what: The version, the root, the service account, the description and the trigger.

    Returns:
        The id, and the schedules that were disabled.

    Raises:
        AnswerError: The server refused it, or cannot be believed; nothing was disabled then.
        RunError: It is there, but one of the others could not be disabled.
    """
    before = of_model(api, experiment_id, model)
    ids = {schedule.id for schedule in before}

    def known() -> Answer | None:
        listed = _listed(api, experiment_id)
        return next(
            (i for i in listed if i.get("display_name") == name and i[_KEY] not in ids), None
        )

    body = {
        "display_name": name,
        "experiment_id": experiment_id,
        "mode": "ENABLE",
        # A run that takes longer than the time between two is not joined by a second, and after
        # a time out of order there is one run, and not all that were missed.
        "max_concurrency": "1",
        "no_catchup": True,
        **what,
    }
    made = str(api.create("/recurringruns", _KEY, body, known)[_KEY])
    old = [schedule for schedule in before if schedule.enabled]
    for schedule in old:
        _disable(api, schedule, made)
    return made, old


def _disable(api: KubeflowApi, schedule: Schedule, made: str) -> None:
    path = f"/recurringruns/{schedule.id}"
    try:
        api.post(f"{path}:disable")
        now = api.get(path)
        if _is_enabled(now):
            raise SERVICE.unknown_error(f"POST {api.address}{path}:disable", "it is enabled still")
    except RunError as error:
        raise RunError(
            f"Two schedules train the model: {made}, which is new, and {schedule.id}",
            f"The older one could not be disabled. {error.detail}",
            "Disable it on Kubeflow's page, under Recurring Runs.",
        ) from error


def _listed(api: KubeflowApi, experiment_id: str) -> list[Answer]:
    found = api.listed("/recurringruns", "recurringRuns", experiment_id=experiment_id)
    return [item for item in found if item.get(_KEY)]


def _is_of(item: Answer, model: str) -> bool:
    """Whether a recurring run's description says that this program made it for a model.

    What somebody has made by hand on Kubeflow's page is left alone.
    """
    label = rf"(?m)(?:^|, )model: {re.escape(model)}(?:,|$)"
    return bool(re.search(label, str(item.get("description", ""))))


def _is_enabled(item: Answer) -> bool:
    """Whether it starts runs; the status of a new one may not be known yet."""
    return item.get("mode") != "DISABLE" and item.get("status") != "DISABLED"


def _schedule(item: Answer) -> Schedule:
    trigger = item.get("trigger") or {}
    return Schedule(
        id=str(item[_KEY]),
        name=str(item.get("display_name", "")),
        cron=str((trigger.get("cron_schedule") or {}).get("cron", "")),
        enabled=_is_enabled(item),
        created=str(item.get("created_at", "")),
    )
