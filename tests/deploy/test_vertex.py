"""The script for Vertex AI asks gcloud for the right split, and refuses what makes no sense."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "deploy" / "vertex" / "traffic.sh"
GCLOUD = """#!/usr/bin/env bash
echo "$*" >> "$CALLS"
case "$*" in
  *"endpoints describe"*) cat "$DEPLOYED" ;;
  *"models upload"*) echo projects/p/locations/r/models/m ;;
esac
"""


def run(folder: Path, deployed: str, *words: str) -> tuple[int, list[str], str]:
    gcloud = folder / "gcloud"
    gcloud.write_text(GCLOUD)
    gcloud.chmod(0o755)
    (folder / "deployed").write_text(deployed)
    (folder / "calls").touch()
    environment = {
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
        "CALLS": str(folder / "calls"),
        "DEPLOYED": str(folder / "deployed"),
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
    if words[0] == "canary":
        assert "--artifact-uri=gs://b/taxi/3" in calls[0] and "--display-name=taxi-3" in calls[0]


@pytest.mark.parametrize(
    ("deployed", "words", "said"),
    [
        (ONE, ["rollback", "E"], "has no second version"),
        (ONE, ["promote", "E"], "has no second version"),
        ("", ["canary", "E", "gs://b/taxi/3", "10"], "use 100"),
        (ONE, ["canary", "E", "gs://b/taxi/3", "101"], "traffic.sh canary"),
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
