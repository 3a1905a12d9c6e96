"""The program as it is started."""

from __future__ import annotations

import gc
import json
import re
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard.errors import DashboardError
from dashboard.query.listing import MAX_LIMIT, Listing, Query
from dashboard.records.index import Snapshot
from dashboard.records.runs import Run
from dashboard.web.serve import bind, collect_rarely, url
from tests.helpers.paths import ROOT

COMMAND = [sys.executable, "-m", "dashboard", "--no-open"]


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Where a dashboard over an empty folder answers."""
    command = [*COMMAND, "--port", "0", "--runs", str(tmp_path / "runs")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+/", line)
        assert found, line
        yield found[0]
        process.terminate()


def test_it_serves_pages_and_an_empty_list(address: str) -> None:
    with urllib.request.urlopen(address) as answer:
        assert b"<title>Runs</title>" in answer.read()
    with urllib.request.urlopen(f"{address}api/runs") as answer:
        assert json.load(answer)["runs"] == []


def test_it_loads_neither_tensorflow_nor_another_room() -> None:
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"dashboard"}
    others = {*rooms, "tensorflow", "tfx", "apache_beam", "keras", "neptune", "pydantic"}
    code = (
        "import sys, dashboard.__main__, dashboard.web.app, dashboard.records.index, pathlib\n"
        "index = dashboard.records.index.RunIndex(pathlib.Path('none')); index.scan()\n"
        "dashboard.web.app.create(index)\n"
        "print(*{name.split('.')[0] for name in sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "dashboard" in done.stdout.split()
    assert set(done.stdout.split()) & others == set()


def test_a_port_in_use_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [*COMMAND, "--port", str(port)], cwd=ROOT, capture_output=True, text=True, check=False
        )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(f"error: Port {port} is in use\n")
    assert f"--port {port + 1}" in done.stderr


@pytest.mark.parametrize("host", ["203.0.113.7", "no such host"])
def test_an_address_of_another_machine_is_told(host: str) -> None:
    with pytest.raises(DashboardError) as caught:
        bind(host, 0)
    assert caught.value.headline == f"Cannot listen on {host}, port 0"


@pytest.mark.parametrize("port", ["x", "-1", "65536", ""])
def test_a_port_that_is_none_is_told(port: str) -> None:
    command = [*COMMAND, f"--port={port}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "expected a number from 0 to 65535" in done.stderr


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:80/"),
        ("0.0.0.0", "http://localhost:80/"),
        ("::", "http://localhost:80/"),
        ("::1", "http://[::1]:80/"),
    ],
)
def test_the_address_that_is_printed(host: str, address: str) -> None:
    assert url(host, 80) == address


def test_answers_do_not_have_the_runs_looked_through_for_cycles() -> None:
    values = {str(number): [number] for number in range(20)}
    runs = tuple(
        Run(str(n), "pushed", metrics={"AUC": n / 3000}, config=dict(values)) for n in range(3000)
    )
    listing, snapshot = Listing(), Snapshot(1, runs, len(runs), complete=True)
    query = Query(sort="-metrics.AUC", where="auc >= 0", columns=("config.1",), limit=MAX_LIMIT)
    generations: list[int] = []

    def note(phase: str, info: dict[str, int]) -> None:
        generations.append(info["generation"])

    before = gc.get_threshold()
    gc.collect()
    gc.callbacks.append(note)
    try:
        collect_rarely()
        for _ in range(20):
            assert len(listing.answer(snapshot, query)["runs"]) == MAX_LIMIT
    finally:
        gc.callbacks.remove(note)
        gc.set_threshold(*before)
    assert generations == []
