"""Cloud Run: a service for each model, whose new revision gets no traffic before it was tested."""

from __future__ import annotations

import hashlib
import json

import commands

from pipeline.delivery import names

TENSORFLOW_SERVING = "tensorflow/serving:2.19.1"
PLACEHOLDER = "us-docker.pkg.dev/cloudrun/container/hello"
"""What a new service has before its first model: its first revision has to take the traffic."""
CANDIDATE = "candidate"
"""The tag whose address reaches the new revision before any traffic does."""
AUDIENCE = "prediction-service"
"""Whom the smoke test's login is for; the same for each address of a service."""
_UPSTREAM = 8601
_COMMON = (
    "--execution-environment=gen2",
    f"--add-custom-audiences={AUDIENCE}",
    "--no-allow-unauthenticated",
)
# The log is uploaded between requests too, so a server has its processor then, and one is there
# always; Cloud Run gives ten seconds from its signal to its end.
_ALWAYS_ON = ("--no-cpu-throttling", "--min-instances=1")
_UP = ("up", "--host", "0.0.0.0", "--grace", "3", "--bucket")


def deploy(server: str, labels: dict[str, str], folder: str, source: str) -> tuple[str, str]:
    """Makes a revision without traffic, unless the one that has it is the same.

    Args:
        server: `embedded`, `router` or `tensorflow-serving`.
        labels: The model, its version and its commit.
        folder: The serving folder that the server follows.
        source: The pushed version, which TensorFlow Serving alone has mounted.

    Returns:
        Where the server is asked, and the revision that has the traffic; that is empty where it is
        the one that is asked.
    """
    before = _describe(required=False)
    if server == "tensorflow-serving":
        settings = _tensorflow_serving(labels, source)
    else:
        settings = _ours(server, folder)
        digest = hashlib.sha256("\0".join(settings).encode()).hexdigest()[:32]
        if before and served_labels(before).get("server") == digest:
            return before["status"]["url"], ""
        labels = {"model": labels["model"], "server": digest}
    if not before:
        account = f"--service-account={commands.setting('SERVING_SERVICE_ACCOUNT')}"
        place = _gcloud("deploy", _service())
        commands.run(*place, f"--image={PLACEHOLDER}", account, "--no-allow-unauthenticated")
        before = _describe()
    written = ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
    commands.run(
        *_gcloud("deploy", _service()), *_COMMON,
        f"--service-account={commands.setting('SERVING_SERVICE_ACCOUNT')}",
        f"--labels={written}", f"--tag={CANDIDATE}", "--no-traffic", *settings,
    )  # fmt: skip
    return _address(_describe()), _with_traffic(before)


def give_traffic() -> str:
    """Gives all traffic to the new revision; the service's address."""
    commands.run(*_gcloud("services", "update-traffic", _service()), f"--to-tags={CANDIDATE}=100")
    return _describe()["status"]["url"]


def take_traffic(previous: str) -> None:
    """Gives the traffic back to the revision that had it before."""
    update = _gcloud("services", "update-traffic", _service())
    commands.run(*update, f"--to-revisions={previous}=100", f"--remove-tags={CANDIDATE}")


def served_labels(service: dict | None = None) -> dict[str, str]:
    """The labels of what has a service's traffic; empty where there is no such service."""
    revision = _with_traffic(_describe(required=False) if service is None else service)
    if not revision:
        return {}
    describe = _gcloud("revisions", "describe", revision)
    return json.loads(commands.run(*describe, "--format=json"))["metadata"].get("labels", {})


def _ours(server: str, folder: str) -> list[str]:
    image = f"--image={commands.setting('SERVING_IMAGE')}"
    if server == "embedded":
        up = ",".join((*_UP, folder, "--models", "/tmp/models"))
        return [image, "--port=8501", "--cpu=2", "--memory=4Gi", f"--args={up}", *_ALWAYS_ON]
    upstream = f"http://127.0.0.1:{_UPSTREAM}"
    up = ",".join((*_UP, folder, "--models", "/models", "--upstream", upstream))
    serving = ",".join(
        (
            "--port=8500", f"--rest_api_port={_UPSTREAM}",
            "--model_config_file=/models/models.config",
            "--model_config_file_poll_wait_seconds=5",
            "--allow_version_labels_for_unavailable_models=true",
        )
    )  # fmt: skip
    return [
        "--add-volume=name=models,type=in-memory,size-limit=2Gi", *_ALWAYS_ON,
        "--container=router", image, "--port=8501", "--cpu=1", "--memory=3Gi", f"--args={up}",
        # Its readiness is TensorFlow Serving's; that the router is up is enough to start it, as it
        # has written the file then that the other one starts from.
        "--startup-probe=httpGet.path=/healthz,httpGet.port=8501,periodSeconds=2,failureThreshold=60",
        "--add-volume-mount=volume=models,mount-path=/models",
        "--container=tensorflow-serving", f"--image={TENSORFLOW_SERVING}", "--cpu=1",
        "--memory=3Gi", "--command=/usr/bin/tensorflow_model_server", f"--args={serving}",
        "--depends-on=router",
        "--add-volume-mount=volume=models,mount-path=/models",
    ]  # fmt: skip


def _tensorflow_serving(labels: dict[str, str], source: str) -> list[str]:
    """Exactly one version of the model, mounted from the bucket."""
    bucket, _, folder = source.removeprefix("gs://").partition("/")
    model, version = commands.setting("MODEL"), labels["version"]
    volume = f"name=model,type=cloud-storage,bucket={bucket},readonly=true"
    return [
        f"--image={TENSORFLOW_SERVING}", "--port=8501", "--cpu=2", "--memory=2Gi",
        f"--set-env-vars=MODEL_NAME={model}", "--clear-volumes", "--clear-volume-mounts",
        f"--add-volume={volume},mount-options=only-dir={folder}",
        f"--add-volume-mount=volume=model,mount-path=/models/{model}/{version}",
    ]  # fmt: skip


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
