"""Kubernetes, such as the cluster that has Kubeflow: a deployment for each model.

What is applied is deploy/kubernetes/released.yaml, or released-router.yaml.
"""

from __future__ import annotations

from pathlib import Path

import commands

from pipeline.delivery import names
from serving.release import settings

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "deploy" / "kubernetes"
MANIFESTS = {"embedded": "released.yaml", "router": "released-router.yaml"}
MODELS = "/models"
"""Where a pod has the versions."""


def deploy(server: str, labels: dict[str, str], folder: str, source: str) -> tuple[str, str]:
    """Has the server run; its new pods replace the old ones when they are ready.

    Returns:
        The service's address within the cluster; and nothing, as pods share its traffic.
    """
    _log_in()
    manifest = (FOLDER / MANIFESTS[server]).read_text(encoding="utf-8")
    values = {
        "SERVICE": _name(),
        "SERVING_FOLDER": folder,
        "SERVING_IMAGE": commands.setting("SERVING_IMAGE"),
    }
    for key, value in values.items():
        manifest = manifest.replace(f"${{{key}}}", value)
    written = Path(commands.setting("RUNNER_TEMP"), "released.yaml")
    written.write_text(manifest, encoding="utf-8")
    commands.run(*_kubectl(), "apply", "--filename", str(written))
    commands.run(*_kubectl(), "rollout", "status", f"deployment/{_name()}", "--timeout=10m")
    return f"http://{_name()}:8501", ""


def smoke(model: str, version: str) -> None:
    """Asks the version from within a pod, as its service need not be reached from elsewhere."""
    _log_in()
    answers = f"{MODELS}/{model}/{version}/assets.extra/known_answers.json"
    asked = ("--model", model, "--version", version, "--answers", answers, "--wait", "300")
    pod = (*_kubectl(), "exec", f"deployment/{_name()}", "--container=server", "--")
    commands.run(*pod, "python", "-m", "serving", "smoke", "http://127.0.0.1:8501", *asked)


def _log_in() -> None:
    cluster = settings.read(ROOT / "release.yaml").kubernetes.cluster
    if cluster:
        place = [f"--{name}={commands.setting(name.upper())}" for name in ("project", "region")]
        commands.run("gcloud", "container", "clusters", "get-credentials", cluster, *place)


def _kubectl() -> list[str]:
    namespace = settings.read(ROOT / "release.yaml").kubernetes.namespace
    return ["kubectl", f"--namespace={namespace}"]


def _name() -> str:
    return names.service(commands.setting("SERVICE"))
