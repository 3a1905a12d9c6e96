"""The dashboard for several people: nobody reaches it but through what asks for a login."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from dashboard.__main__ import parser
from tests.helpers.paths import ROOT

MANIFESTS = list(yaml.safe_load_all((ROOT / "deploy/kubernetes/dashboard.yaml").read_text()))
SCRIPT = ROOT / "deploy" / "dashboard" / "cloud-run.sh"


def containers() -> dict[str, Any]:
    [deployment] = [one for one in MANIFESTS if one["kind"] == "Deployment"]
    return {one["name"]: one for one in deployment["spec"]["template"]["spec"]["containers"]}


def options(arguments: list[str]) -> Any:
    """The dashboard's options, with its placeholders filled."""
    filled = [one.replace("${DASHBOARD_URL}", "https://runs.example.com") for one in arguments]
    return parser().parse_args([one.replace("${RUNS}", "gs://b/runs") for one in filled])


def test_in_kubernetes_the_proxy_alone_reaches_it() -> None:
    found = containers()
    given = options(found["dashboard"]["args"])
    assert given.host == "127.0.0.1" and given.url == "https://runs.example.com"
    assert f"--upstream=http://127.0.0.1:{given.port}" in found["login"]["args"]
    assert "ports" not in found["dashboard"]
    [service] = [one for one in MANIFESTS if one["kind"] == "Service"]
    assert [port["targetPort"] for port in service["spec"]["ports"]] == ["login"]


def test_every_container_runs_confined() -> None:
    for container in containers().values():
        context = container["securityContext"]
        assert context["readOnlyRootFilesystem"] and not context["allowPrivilegeEscalation"]
        assert container["resources"]["limits"]["memory"]


@pytest.fixture
def called(tmp_path: Path) -> list[list[str]]:
    """What the script for Cloud Run asks gcloud for."""
    log = tmp_path / "calls"
    program = tmp_path / "gcloud"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >> {log}\necho 42\n')
    program.chmod(0o755)
    environment = {
        "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
        **{"PROJECT": "p", "REGION": "r", "IMAGE": "i@sha256:0", "RUNS": "gs://b/runs"},
        "MEMBERS": "group:a@example.com,user:b@example.com",
    }
    done = subprocess.run(["bash", SCRIPT], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "https://dashboard-42.r.run.app" in done.stdout
    return [shlex.split(line) for line in log.read_text().splitlines()]


def test_on_cloud_run_nobody_gets_past_the_login(called: list[list[str]]) -> None:
    [deploy] = [call for call in called if call[:2] == ["run", "deploy"]]
    assert {"--no-allow-unauthenticated", "--iap"} <= set(deploy)
    [arguments] = [one.partition("=")[2] for one in deploy if one.startswith("--args=")]
    given = options(arguments.split(","))
    assert (given.host, given.url) == ("0.0.0.0", "https://dashboard-42.r.run.app")
    assert given.runs == ["gs://b/runs"] and deploy[deploy.index("--port") + 1] == str(given.port)
    granted = [call[call.index("--member") + 1] for call in called if call[:2] == ["iap", "web"]]
    assert granted == ["group:a@example.com", "user:b@example.com"]
    assert not any("allUsers" in word for call in called for word in call)


def test_a_setting_that_is_missing_is_named(tmp_path: Path) -> None:
    done = subprocess.run(
        ["bash", SCRIPT], env={"PATH": os.environ["PATH"]}, capture_output=True, text=True
    )
    assert done.returncode != 0 and "PROJECT" in done.stderr


def test_the_dockerfile_has_no_lint() -> None:
    lint = Path(sys.executable).parent / "hadolint"
    done = subprocess.run(
        [lint, ROOT / "deploy/dashboard.Dockerfile"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout
    text = (ROOT / "deploy/dashboard.Dockerfile").read_text()
    images = re.findall(r"FROM (\S+)", (ROOT / "deploy/serving.Dockerfile").read_text())
    assert all(image in text for image in images if "@" in image)
