"""The script for Vertex AI asks gcloud for the right split, and refuses what makes no sense."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
import typer.main

from serving.commands.main import command_line
from tests.helpers.paths import ROOT

SCRIPT = ROOT / "deploy" / "vertex" / "traffic.sh"
GCLOUD = """#!/usr/bin/env bash
echo "$*" >> "$CALLS"
case "$*" in
  *"endpoints describe"*) cat "$DEPLOYED" ;;
  *"models upload"*) echo projects/p/locations/r/models/m ;;
esac
"""


SERVER = "europe-docker.pkg.dev/p/serving/serving:2.19.1"
PREBUILT = "europe-docker.pkg.dev/vertex-ai/prediction/tf2-cpu.2-15:latest"


def run(
    folder: Path, deployed: str, *words: str, image: str = SERVER
) -> tuple[int, list[str], str]:
    gcloud = folder / "gcloud"
    gcloud.write_text(GCLOUD)
    gcloud.chmod(0o755)
    (folder / "deployed").write_text(deployed)
    (folder / "calls").touch()
    environment = {
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
        "CALLS": str(folder / "calls"),
        "DEPLOYED": str(folder / "deployed"),
        "IMAGE": image,
    }
    done = subprocess.run([str(SCRIPT), *words], env=environment, capture_output=True, text=True)
    calls = [call for call in (folder / "calls").read_text().splitlines() if "describe" not in call]
    return done.returncode, calls, done.stderr


TWO = "2026-11-02T00:00:00Z,222\n2026-11-01T00:00:00Z,111\n"
ONE = "2026-11-01T00:00:00Z,111\n"


@pytest.mark.parametrize(
    ("deployed", "words", "last"),
    [
        (ONE, ["canary", "E", "gs://b/taxi/3", "10"], "--traffic-split=0=10,111=90"),
        ("", ["canary", "E", "gs://b/taxi/3", "100"], "--traffic-split=0=100"),
        (TWO, ["promote", "E"], "--traffic-split=222=100"),
        (TWO, ["rollback", "E"], "--deployed-model-id=222 --traffic-split=111=100"),
    ],
)
def test_the_split_is_asked_for(tmp_path: Path, deployed: str, words: list[str], last: str) -> None:
    status, calls, _ = run(tmp_path, deployed, *words)
    assert status == 0
    assert calls[-1].endswith(last)


def test_tensorflow_serving_gets_a_folder_with_the_version_in_it(tmp_path: Path) -> None:
    status, calls, _ = run(tmp_path, ONE, "canary", "E", "gs://b/models/taxi/3/", "10")
    assert status == 0
    copy, upload, deploy = calls
    assert copy == "storage rsync --recursive gs://b/models/taxi/3 gs://b/vertex/taxi-3/3"
    assert {
        "--display-name=taxi-3",
        f"--container-image-uri={SERVER}",
        "--artifact-uri=gs://b/vertex/taxi-3",
        "--container-command=/usr/bin/tensorflow_model_server",
        "--container-args=--port=8500,--rest_api_port=8080,--model_name=taxi,"
        "--model_base_path=$(AIP_STORAGE_URI),--file_system_poll_wait_seconds=0",
        "--container-ports=8080",
        "--container-predict-route=/v1/models/taxi:predict",
        "--container-health-route=/v1/models/taxi",
    } <= set(upload.split())
    assert "--model=projects/p/locations/r/models/m" in deploy.split()


def test_a_prebuilt_container_gets_the_version(tmp_path: Path) -> None:
    _, calls, _ = run(tmp_path, ONE, "canary", "E", "gs://b/taxi/3", "10", image=PREBUILT)
    upload, _ = calls
    assert upload.split()[-3:-1] == [
        "--artifact-uri=gs://b/taxi/3",
        f"--container-image-uri={PREBUILT}",
    ]


def test_an_uploaded_model_needs_no_image(tmp_path: Path) -> None:
    status, calls, _ = run(tmp_path, ONE, "canary", "E", "1234", "10", image="")
    (deploy,) = calls
    assert status == 0
    assert {"--model=1234", "--display-name=1234"} <= set(deploy.split())


@pytest.mark.parametrize(
    ("deployed", "words", "said"),
    [
        (ONE, ["rollback", "E"], "has no second version"),
        (ONE, ["promote", "E"], "has no second version"),
        ("", ["canary", "E", "gs://b/taxi/3", "10"], "use 100"),
        (ONE, ["canary", "E", "gs://b/taxi/3", "101"], "traffic.sh canary"),
        (ONE, ["canary", "E", "gs://b/taxi/3", "08"], "traffic.sh canary"),
        (ONE, ["canary", "E"], "traffic.sh canary"),
        (ONE, [], "traffic.sh promote"),
    ],
)
def test_a_mistake_changes_nothing(
    tmp_path: Path, deployed: str, words: list[str], said: str
) -> None:
    status, calls, error = run(tmp_path, deployed, *words)
    assert status != 0 and not calls
    assert said in error


def test_a_canary_without_an_image_changes_nothing(tmp_path: Path) -> None:
    status, calls, error = run(tmp_path, ONE, "canary", "E", "gs://b/taxi/3", "10", image="")
    assert status == 1 and not calls
    assert "set IMAGE" in error


def test_our_server_listens_where_vertex_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIP_HTTP_PORT", "8080")
    command = typer.main.get_command(command_line()).commands["up"]  # type: ignore[attr-defined]
    assert command.make_context("up", []).params["rest_port"] == 8080
