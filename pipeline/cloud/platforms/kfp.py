"""A Kubeflow Pipelines cluster: runs and recurring runs."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from models.common.errors import RunError
from pipeline.cloud.job import Job
from pipeline.cloud.platforms.base import Platform
from pipeline.config.base import Text

if TYPE_CHECKING:
    from typing_extensions import Self

ENDPOINT = "KF_PIPELINES_ENDPOINT"
"""The environment variable with the address of Kubeflow Pipelines, as its own client has it."""
TOKEN = "KF_PIPELINES_TOKEN"
"""The environment variable with a bearer token for it, where it wants one."""


class KubeflowPipelines(Platform):
    """A Kubeflow Pipelines cluster.

    It runs no resolver tasks, so the baseline is looked up in the serving folder.
    """

    title: ClassVar[str] = "Kubeflow Pipelines"

    service_account: Text | None = None
    """The Kubernetes service account of the run; null: the cluster's default."""

    @classmethod
    def placeholder(cls) -> Self:
        """What a rehearsal takes where `targets.yaml` has no such section."""
        return cls(bucket="gs://rehearsal")

    def submit(self, job: Job) -> str:
        """Submits a run, or a recurring one; returns its id.

        Raises:
            RunError: The cluster is not named, refused it, or could not be reached.
        """
        host, token = os.environ.get(ENDPOINT), os.environ.get(TOKEN)
        if not host:
            raise RunError(
                "The Kubeflow cluster is not named",
                f"Expected: the address of Kubeflow Pipelines in {ENDPOINT}.",
                "kubectl port-forward -n kubeflow svc/ml-pipeline-ui 8080:80 makes it "
                "http://localhost:8080.",
            )
        # The client prints links as it goes along.
        with _translated_errors(job.name, host), contextlib.redirect_stdout(None):
            _check_health(host, token)
            return self._submit(job, host, token)

    def _submit(self, job: Job, host: str, token: str | None) -> str:
        from kfp.client import Client

        client = Client(host=host, existing_token=token)
        common = {
            "experiment_id": client.create_experiment(job.model).experiment_id,
            "job_name": job.name,
            "pipeline_package_path": str(job.specification),
            # None leaves it to each task: some look at what may change unseen.
            "enable_caching": None if job.cached else False,
            "service_account": self.service_account,
        }
        if job.cron is None:
            return client.run_pipeline(**common).run_id
        labels = ", ".join(f"{key}: {value}" for key, value in job.labels.items())
        return client.create_recurring_run(
            **common, cron_expression=_with_seconds(job.cron), description=labels
        ).recurring_run_id


def _check_health(host: str, token: str | None) -> None:
    """Fails at once where the cluster does not answer; its own client tries for half a minute."""
    import requests

    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = requests.get(f"{host.rstrip('/')}/apis/v2beta1/healthz", headers=headers, timeout=30)
    if not answer.ok:
        raise ValueError(f"{answer.status_code} {answer.reason}: {answer.text:.200}")


def _with_seconds(cron: str) -> str:
    """Kubeflow's cron expressions have seconds before the five usual fields."""
    return f"0 {cron}" if len(cron.split()) == 5 else cron


@contextlib.contextmanager
def _translated_errors(name: str, host: str) -> Iterator[None]:
    """Raises what the clients raise as errors of the project."""
    import kfp_server_api
    import requests
    import urllib3

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
