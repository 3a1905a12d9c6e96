"""Two of everything at once: one goes on and the other is told, or both do their part."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import requests

from tests.chaos.faults import wait_for
from tests.chaos.lab import Lab, ended
from tests.e2e.project_copy import REPOSITORY
from tests.helpers import model_server
from tests.models.tiny_rows import request_rows


def test_two_runs_of_one_model(lab: Lab, chance: random.Random) -> None:
    lab.restore("new")
    first = lab.start()
    time.sleep(chance.uniform(0, 5))
    second = ended(lab.start())
    done = ended(first)
    statuses = sorted([second.returncode, done.returncode])
    assert statuses == [0, 2], (second.stderr, done.stderr)
    assert "Another run of 'tiny' is going" in second.stderr + done.stderr
    assert len(lab.project.records()) == 1
    lab.check()


def test_two_batches_to_one_folder(lab: Lab, tmp_path: Path) -> None:
    both = [ended(process) for process in [lab.batch(tmp_path / "out") for _ in range(2)]]
    for done in both:
        assert done.returncode == 0 or "Another process is writing to" in done.stderr, done.stderr
    assert any(done.returncode == 0 for done in both)
    assert len(lab.predictions(tmp_path / "out")) == len(lab.expected.predictions)


def test_two_servers_on_one_folder_lose_no_entry(lab: Lab, chance: random.Random) -> None:
    asked = request_rows(200, seed=3)
    logged: set[str] = set()
    folder = lab.serving.parent
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(model_server.running(folder)) for _ in range(2)]
        for row in asked:
            url = f"{chance.choice(servers).url}/v1/models/tiny:predict"
            answer = requests.post(url, json={"instances": [row]}, timeout=30)
            assert answer.status_code == 200, answer.text
            if answer.headers.get("X-Request-Logged") == "true":
                logged.add(answer.headers["X-Request-Id"])
    found: set[str] = set()
    for path in folder.glob(".request_log/*.sqlite"):
        with contextlib.closing(sqlite3.connect(path)) as database:
            found |= {number for (number,) in database.execute("SELECT id FROM requests")}
    assert logged and logged <= found


def test_two_dashboards_over_one_folder(lab: Lab) -> None:
    command = [sys.executable, "-m", "dashboard", "--no-open", "--port", "0"]
    both = [
        subprocess.Popen(
            [*command, "--runs", str(lab.runs)], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    try:
        for process in both:
            assert process.stdout
            told = re.search(r"127\.0\.0\.1:\d+", process.stdout.readline())
            assert told
            shown = requests.get(f"http://{told[0]}/api/runs", timeout=30)
            assert shown.status_code == 200 and shown.json()["total"] == 1, shown.text
    finally:
        for process in both:
            process.terminate()
            process.communicate()


def test_two_trackers_of_one_run(lab: Lab) -> None:
    [record] = lab.runs.glob("*/run.json")
    data = {**os.environ, "NEPTUNE_DATA_DIRECTORY": str(record.parent / ".neptune")}
    both = [
        subprocess.Popen(
            [sys.executable, "-m", "pipeline.tracking", str(record.parent)],
            cwd=lab.root, env=data, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        for _ in range(2)
    ]  # fmt: skip
    wait_for(lambda: all(process.poll() == 0 for process in both), 120)
    for path in record.parent.glob(".neptune/**/data-*.log"):
        assert all(isinstance(json.loads(line), dict) for line in path.read_text().splitlines())
    lab.check()
