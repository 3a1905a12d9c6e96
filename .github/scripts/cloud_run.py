"""Serves a pushed model on Cloud Run: a new revision without traffic, then all of it, or back.

    python3 cloud_run.py deploy|promote|roll-back

Each revision is TensorFlow Serving with exactly one version of the model, mounted from the bucket.
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import commands

from pipeline.delivery import names, releases
from pipeline.delivery.releases import Commit

ROOT = Path(__file__).resolve().parents[2]
SERVER = "tensorflow/serving:2.19.1"
PLACEHOLDER = "us-docker.pkg.dev/cloudrun/container/hello"
"""What a new service has before its first model: its first revision has to take the traffic."""
CANDIDATE = "candidate"
"""The tag whose address reaches the new revision before any traffic does."""
AUDIENCE = "prediction-service"
"""Whom the smoke test's login is for; the same for each address of a service."""
ANSWERS = "assets.extra/known_answers.json"
"""Where a pushed model has what training computed for some rows."""
_PUSHED = re.compile(r"gs://([^/]+)/(.+/([0-9]+))/?")


def main() -> None:
    """Does what the argument names, for the service SERVICE."""
    {"deploy": deploy, "promote": promote, "roll-back": roll_back}[sys.argv[1]]()


def deploy() -> None:
    """Makes a revision without traffic.

    Outputs: `answers`, a file with the rows that the model has to answer, and their answers; `url`,
    where the revision is asked; `previous`, the revision that has the traffic.
    """
    address = commands.setting("PUSHED")
    found = _PUSHED.fullmatch(address)
    if found is None:
        commands.fail(f"{address} is not a pushed version: gs://bucket/folder/version.")
    bucket, folder, version = found.groups()
    model = commands.setting("MODEL")
    before = _describe(required=False)
    _refuse_older(before, model, version)
    answers = str(Path(commands.setting("RUNNER_TEMP"), "known_answers.json"))
    commands.run("gcloud", "storage", "cp", f"gs://{bucket}/{folder}/{ANSWERS}", answers)
    if not before:
        account = f"--service-account={commands.setting('SERVING_SERVICE_ACCOUNT')}"
        place = _gcloud("deploy", _service())
        commands.run(*place, f"--image={PLACEHOLDER}", account, "--no-allow-unauthenticated")
        before = _describe()
    volume = f"name=model,type=cloud-storage,bucket={bucket},readonly=true"
    commands.run(
        *_gcloud("deploy", _service()),
        f"--image={SERVER}",
        f"--service-account={commands.setting('SERVING_SERVICE_ACCOUNT')}",
        "--execution-environment=gen2",
        "--port=8501",
        "--cpu=2",
        "--memory=2Gi",
        f"--set-env-vars=MODEL_NAME={model}",
        "--clear-volumes",
        "--clear-volume-mounts",
        f"--add-volume={volume},mount-options=only-dir={folder}",
        f"--add-volume-mount=volume=model,mount-path=/models/{model}/{version}",
        f"--labels=commit={commands.setting('COMMIT')},model={names.service(model)},version={version}",
        f"--add-custom-audiences={AUDIENCE}",
        "--no-allow-unauthenticated",
        f"--tag={CANDIDATE}",
        "--no-traffic",
    )
    after = _describe()
    commands.output("previous", _with_traffic(before))
    commands.output("url", _address(after))
    commands.output("answers", answers)


def promote() -> None:
    """Gives all traffic to the new revision; outputs the service's `url`."""
    commands.run(
        *_gcloud("services", "update-traffic", _service()),
        f"--to-tags={CANDIDATE}=100",
    )
    commands.output("url", _describe()["status"]["url"])


def roll_back() -> None:
    """Gives the traffic back to the revision that had it before."""
    previous = commands.setting("PREVIOUS")
    commands.run(
        *_gcloud("services", "update-traffic", _service()),
        f"--to-revisions={previous}=100",
        f"--remove-tags={CANDIDATE}",
    )
    print(f"::warning::Rolled back to {previous}.")


def _refuse_older(service: dict, model: str, version: str) -> None:
    """Ends the step where what has the traffic is newer: by its commit, then by its version."""
    labels = _labels_with_traffic(service)
    commit = commands.setting("COMMIT")
    newer = releases.newer([Commit(model, labels.get("commit", ""))], ROOT, commit)
    same = labels.get("commit") == commit
    if newer is not None or (same and int(version) < int(labels.get("version") or 0)):
        commands.fail(
            f"Version {version}, of {commit[:12]}, is older than what {_service()} serves: version "
            f"{labels.get('version')}, of {labels['commit'][:12]}. It is not deployed."
        )


def served_labels(service: str) -> dict[str, str]:
    """The labels of what has a service's traffic; empty where there is no such service."""
    os.environ["SERVICE"] = service
    return _labels_with_traffic(_describe(required=False))


def _labels_with_traffic(service: dict) -> dict[str, str]:
    revision = _with_traffic(service)
    if not revision:
        return {}
    describe = _gcloud("revisions", "describe", revision)
    return json.loads(commands.run(*describe, "--format=json"))["metadata"].get("labels", {})


def _service() -> str:
    return names.service(commands.setting("SERVICE"))


def _describe(required: bool = True) -> dict:
    """The service as Cloud Run has it; empty where there is none."""
    describe = _gcloud("services", "describe", _service())
    done = commands.attempt(*describe, "--format=json")
    if done.returncode:
        if required or "cannot find service" not in done.stderr.lower():
            commands.fail("Cloud Run does not say how the service is.")
        return {}
    return json.loads(done.stdout)


def _with_traffic(service: dict) -> str:
    traffic = service.get("status", {}).get("traffic", [])
    most = max(traffic, key=lambda part: part.get("percent", 0), default={})
    return most.get("revisionName", "")


def _address(service: dict) -> str:
    for part in service["status"]["traffic"]:
        if part.get("tag") == CANDIDATE:
            return part["url"]
    commands.fail(f"No revision has the tag '{CANDIDATE}'.")


def _gcloud(*arguments: str) -> list[str]:
    place = [f"--{name}={commands.setting(name.upper())}" for name in ("project", "region")]
    return ["gcloud", "run", *arguments, *place, "--quiet"]


if __name__ == "__main__":
    main()
