"""What a run leaves when it is killed in mid-training, with secrets around and a bad server."""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.project_copy import Project
from tests.helpers import dashboard_process, neptune_files
from tests.helpers.dashboard_process import Dashboard

pytestmark = pytest.mark.e2e

PASSWORD = "correct-horse-battery"
KEY = "wJalrXUtnFEMI-K7MDENG"
EPOCHS = 3
"""After so many epochs the run is killed."""


@dataclass(frozen=True)
class Killed:
    """A run whose process was killed in mid-training."""

    folder: Path
    token: str
    stdout: str
    epochs: int
    """Finished epochs when it was killed."""
    seen: list[str]
    """What the dashboard said of them meanwhile; empty where there is no browser."""

    def json(self, name: str) -> Any:
        return read(self.folder, name)


@pytest.fixture(scope="module")
def killed(project: Project) -> Iterator[Killed]:
    """A run with secrets in the environment and in the config, and a server that never answers."""
    config = project.root / "models/taxi/config.yaml"
    config.write_text(f"{config.read_text()}\nbeam:\n  args: {arguments(KEY)}\n")
    (config.parent / "hyperparameters.json").write_text("{}")  # Nothing to search.
    settings = ("training.epochs=100000", "training.early_stopping_patience=")
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        content = {"api_address": address, "api_url": address, "api_key": KEY}
        token = base64.b64encode(json.dumps(content).encode()).decode()
        command = project.start(
            *(sys.executable, "-m", "pipeline", "run", "taxi"),
            *(word for setting in settings for word in ("--set", setting)),
            NEPTUNE_API_TOKEN=token,
            DB_PASSWORD=PASSWORD,
        )
        try:
            folder = in_training(project.root / "runs", command)
            seen = watch(folder)
            os.kill(read(folder, "run.json")["process"], signal.SIGKILL)
            epochs = finished_epochs(folder)
            stdout, _ = command.communicate()
        finally:
            command.kill()  # The run's process ends with it.
    assert command.returncode == 1
    yield Killed(folder, token, stdout, epochs, seen)


def arguments(key: str) -> str:
    return json.dumps(["--runner=FnApiRunner", f"--s3_secret_access_key={key}"])


def read(folder: Path, name: str) -> Any:
    return json.loads((folder / name).read_text())


def in_training(runs: Path, command: subprocess.Popen[str]) -> Path:
    """The folder of the run, as soon as it has finished some epochs."""
    while True:
        for path in runs.glob("*/details.json"):
            if finished_epochs(path.parent) >= EPOCHS:
                return path.parent
        assert command.poll() is None, command.communicate()
        time.sleep(0.05)


def finished_epochs(folder: Path) -> int:
    curves = read(folder, "details.json")["curves"]
    return min((len(curve["values"]) for curve in curves), default=0)


def watch(folder: Path) -> list[str]:
    """Two different things that the dashboard's page of the run says of the epochs."""
    if dashboard_process.browser_path() is None:
        return []
    dashboard = Dashboard(folder.parent)
    dashboard.start()
    try:
        with dashboard_process.chromium() as browser:
            page = browser.new_page()
            page.goto(f"{dashboard.address}/runs/{folder.name}?tab=training")
            epochs = page.get_by_test_id("epochs")
            first = epochs.inner_text(timeout=60_000)
            expect(epochs).not_to_have_text(first, timeout=60_000)
            return [first, epochs.inner_text()]
    finally:
        dashboard.stop()


def test_the_record_says_what_happened(killed: Killed) -> None:
    record = killed.json("run.json")
    assert record["status"] == "failed"
    assert record["failure"]["node"] == "Trainer" and "SIGKILL" in record["failure"]["headline"]
    assert record["rows"] and record["data"]["hash"] and record["code"]["files"]


def test_finished_epochs_are_in_the_neptune_record(killed: Killed) -> None:
    written = neptune_files.read(killed.folder)
    curves = {
        f"training/{curve['split']}/{curve['metric']}": curve["values"]
        for curve in killed.json("details.json")["curves"]
    }
    assert neptune_files.of_model(written.series) == curves
    assert all(len(values) >= killed.epochs >= EPOCHS for values in curves.values())
    assert written.fields["run/status"] == "failed" and written.fields["run/complete"] is True
    assert written.fields["failure/node"] == "Trainer"


def test_the_dashboard_showed_epochs_as_they_came(killed: Killed) -> None:
    if not killed.seen:
        pytest.skip("there is no Chromium")
    first, second = (int(text.split()[0]) for text in killed.seen)
    assert EPOCHS <= first < second <= killed.epochs


def test_a_server_that_hangs_cost_one_warning(killed: Killed) -> None:
    assert killed.stdout.count("Neptune did not answer") == 1


def test_no_file_has_a_secret(killed: Killed) -> None:
    record = killed.json("run.json")
    assert "--s3_secret_access_key=[hidden]" in record["config"]["beam"]["args"]
    files = [path for path in killed.folder.rglob("*") if path.is_file()]
    assert {"run.json", "tfx.log", "config.yaml", "data-1.log"} <= {path.name for path in files}
    for path in files:
        content = path.read_bytes()
        for secret in (killed.token, PASSWORD, KEY):
            assert secret.encode() not in content, path
