"""Kubeflow Pipelines: submits runs and recurring runs to a cluster."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import kfp_server_api
import requests
import urllib3
from kfp.client import Client

from models.common.errors import RunError
from pipeline.cloud.submission.job import Job
from pipeline.config.target_schema import KfpTarget

ENDPOINT = "KF_PIPELINES_ENDPOINT"
"""The environment variable with the address of Kubeflow Pipelines, as its own client has it."""
TOKEN = "KF_PIPELINES_TOKEN"
"""The environment variable with a bearer token for it, where it wants one."""


def submit(job: Job, target: KfpTarget) -> str:
    """Submits a run, or a recurring one; returns its id.

    Raises:
        RunError: The cluster refused it, or could not be reached.
    """
    host = os.environ.get(ENDPOINT)
    if not host:
        raise RunError(
            "The Kubeflow cluster is not named",
            f"Expected: the address of Kubeflow Pipelines in {ENDPOINT}.",
            "kubectl port-forward -n kubeflow svc/ml-pipeline-ui 8080:80 makes it "
            "http://localhost:8080.",
        )
    with _telling(job.name, host), contextlib.redirect_stdout(None):
        token = os.environ.get(TOKEN)
        _ask(host, token)
        client = Client(host=host, existing_token=token)
        experiment = client.create_experiment(job.model).experiment_id
        common = {
            "experiment_id": experiment,
            "job_name": job.name,
            "pipeline_package_path": str(job.specification),
            # None leaves it to each task: some look at what may change unseen.
            "enable_caching": None if job.cached else False,
            "service_account": target.service_account,
        }
        if job.cron is None:
            return client.run_pipeline(**common).run_id
        described = ", ".join(f"{key}: {value}" for key, value in job.labels.items())
        return client.create_recurring_run(
            **common, cron_expression=_with_seconds(job.cron), description=described
        ).recurring_run_id


def _ask(host: str, token: str | None) -> None:
    """Fails at once where the cluster does not answer; its own client tries for half a minute."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = requests.get(f"{host.rstrip('/')}/apis/v2beta1/healthz", headers=headers, timeout=30)
    if not answer.ok:
        raise ValueError(f"{answer.status_code} {answer.reason}: {answer.text:.200}")


def _with_seconds(cron: str) -> str:
    """Kubeflow's cron expressions have seconds before the five usual fields."""
    return f"0 {cron}" if len(cron.split()) == 5 else cron


@contextlib.contextmanager
def _telling(name: str, host: str) -> Iterator[None]:
    try:
        yield
    except (
        kfp_server_api.ApiException,
        requests.RequestException,
        urllib3.exceptions.HTTPError,
        ValueError,
    ) as error:
        reason = getattr(error, "body", None) or error
        raise RunError(
            f"{name} could not be submitted to {host}",
            f"Received: {type(error).__name__}: {str(reason).strip():.500}",
            f"Check the address in {ENDPOINT}, and {TOKEN} where the cluster wants a login.",
        ) from error
