"""What is under deploy/ agrees with the server and among itself."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from serving.commands.main import command_line
from tests.helpers.paths import ROOT

DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
MANIFESTS = list(yaml.safe_load_all((DEPLOY / "kubernetes" / "serving.yaml").read_text()))
KSERVE = yaml.safe_load((DEPLOY / "kubernetes" / "kserve.yaml").read_text())


def lint(*command: str) -> None:
    # Tools of the same environment, whether or not it is activated.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_dockerfile_has_no_lint() -> None:
    lint("hadolint", "deploy/serving.Dockerfile")


def containers() -> dict[str, Any]:
    (stateful,) = [one for one in MANIFESTS if one["kind"] == "StatefulSet"]
    return {one["name"]: one for one in stateful["spec"]["template"]["spec"]["containers"]}


def test_every_pod_runs_confined() -> None:
    (stateful,) = [one for one in MANIFESTS if one["kind"] == "StatefulSet"]
    assert stateful["spec"]["template"]["spec"]["securityContext"]["runAsNonRoot"]
    for container in containers().values():
        context = container["securityContext"]
        assert context["readOnlyRootFilesystem"] and not context["allowPrivilegeEscalation"]
        assert container["resources"]["limits"]["memory"]


def test_mounts_and_ports_refer_to_what_there_is() -> None:
    (stateful,) = [one for one in MANIFESTS if one["kind"] == "StatefulSet"]
    pod = stateful["spec"]["template"]["spec"]
    volumes = {one["name"] for one in pod["volumes"]}
    volumes |= {one["metadata"]["name"] for one in stateful["spec"]["volumeClaimTemplates"]}
    ports = {port["name"] for one in pod["containers"] for port in one["ports"]}
    (service,) = [one for one in MANIFESTS if one["kind"] == "Service"]
    assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports
    for one in pod["containers"]:
        assert {mount["name"] for mount in one["volumeMounts"]} <= volumes
    assert (
        service["spec"]["selector"].items()
        <= stateful["spec"]["template"]["metadata"]["labels"].items()
    )


def test_the_same_tensorflow_serving_is_pinned_everywhere() -> None:
    images = {
        COMPOSE["services"]["tensorflow-serving"]["image"],
        containers()["tensorflow-serving"]["image"],
        f"tensorflow/serving:{KSERVE['spec']['predictor']['model']['runtimeVersion']}",
    }
    assert len(images) == 1
    assert re.fullmatch(r"tensorflow/serving:\d+\.\d+\.\d+", images.pop())


@pytest.mark.parametrize(
    "words",
    [COMPOSE["services"]["router"]["command"], containers()["router"]["args"]],
    ids=["compose", "kubernetes"],
)
def test_the_routers_options_exist(words: list[str]) -> None:
    name, *options = words
    command = typer.main.get_command(command_line()).commands[name]  # type: ignore[attr-defined]
    given = command.make_context(name, options).params
    assert str(given["models"]) == "/models" and given["upstream"].startswith("http://")


def test_both_ask_tensorflow_serving_for_the_same_file() -> None:
    flags = {
        "compose": COMPOSE["services"]["tensorflow-serving"]["command"],
        "kubernetes": containers()["tensorflow-serving"]["args"],
    }
    for one in flags.values():
        assert "--model_config_file=/models/models.config" in one
        assert "--allow_version_labels_for_unavailable_models=true" in one


def test_kserve_shares_traffic_out() -> None:
    predictor = KSERVE["spec"]["predictor"]
    assert KSERVE["apiVersion"] == "serving.kserve.io/v1beta1"
    assert 0 < predictor["canaryTrafficPercent"] < 100
    claims = {one["metadata"]["name"] for one in MANIFESTS if one["kind"].endswith("Claim")}
    storage = predictor["model"]["storageUri"]
    found = re.fullmatch(r"pvc://([^/]+)/\.releases/taxi-[0-9]+", storage)
    assert found is not None and found[1] in claims
