"""How fast the dashboard answers about many runs, in seconds of its own server.

    python benchmarks/dashboard.py [--runs N] [--repeat N] [--bucket]

Makes run folders, starts the dashboard as a process of its own, and asks it over HTTP; the times
are those of whole requests on this machine, so a little more than the server's own. With --bucket
the runs are in a bucket of an emulator of Google Cloud Storage, and the dashboard is started twice:
without a copy of it, and with the one that the first has left.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
BUCKET = "gs://b/runs"
LIMIT = 0.3
"""What a list or a filter may take, in seconds."""

QUESTIONS: dict[str, dict[str, Any]] = {
    "the latest runs": {},
    "search by text": {"text": "taxi candidate"},
    "filter": {"where": "auc > 0.93 and blessed"},
    "filter by hyperparameters and time": {
        "where": 'units in [32, 64] and learning_rate < 0.001 and started > "2026-11-20"'
    },
    "filter that every run fails": {"where": "auc > 2"},
    "sort by a metric": {"sort": "-metrics.AUC"},
    "sort by duration, last page": {"sort": "duration", "offset": "4950"},
    "filter by slice, config and age": {
        "where": 'slices["payment_type=Cash"].auc > 0.9 and config.training.epochs > 5 '
        'and started < "1 day ago"'
    },
    "columns of slices and config": {
        "column": ["slices.payment_type=Cash.AUC", "config.training.epochs", "overrides"],
        "limit": "500",
    },
    "filter, search and sort": {
        "text": "taxi",
        "where": "not (auc < 0.9) and duration < '5 min'",
        "sort": "-metrics.BinaryAccuracy",
    },
}


def main() -> None:
    """Prints seconds from start to the first answers, and for each question median and worst."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5000)
    parser.add_argument("--looks", type=int, default=5000)
    parser.add_argument("--repeat", type=int, default=20)
    parser.add_argument("--bucket", action="store_true", help="the runs are in a bucket")
    arguments = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    from tests.dashboard import sample_runs

    with tempfile.TemporaryDirectory() as folder:
        print(f"making {arguments.runs} runs ...")
        runs, serving = Path(folder, "runs"), Path(folder, "serving_models")
        sample_runs.make_runs(runs, arguments.runs)
        print(f"making {arguments.looks} looks ...")
        make_looks(serving, arguments.looks)
        options = ["--serving", str(serving), "--cache", f"{folder}/cache"]
        if not arguments.bucket:
            start([*options, "--runs", str(runs)], arguments.runs, arguments.repeat)
            return
        with bucket_of(runs):
            for copy in ("without a copy of the bucket", "with a copy of the bucket"):
                print(copy)
                start([*options, "--runs", BUCKET], arguments.runs, arguments.repeat)


def start(options: list[str], runs: int, repeat: int) -> None:
    """Starts the dashboard, and asks it everything."""
    command = [sys.executable, "-m", "dashboard", "--no-open", "--port=0", *options]
    started = time.monotonic()
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = next(word for word in process.stdout.readline().split() if "://" in word)
        try:
            measure(address, started, runs, repeat)
        finally:
            process.terminate()


@contextlib.contextmanager
def bucket_of(runs: Path) -> Iterator[None]:
    """Puts all runs into a bucket of an emulator, which is a process of its own."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    emulator = (
        "from gcp_storage_emulator.server import create_server\n"
        "from gcp_storage_emulator.storage import Storage\n"
        # It would write down all files that it has at each that it is given, for its next start.
        "Storage._write_config_to_file = lambda storage: None\n"
        f"create_server('127.0.0.1', {port}, in_memory=True).run()"
    )
    with subprocess.Popen([sys.executable, "-c", emulator]) as process:
        os.environ["STORAGE_EMULATOR_HOST"] = f"http://127.0.0.1:{port}"
        try:
            put(runs, port)
            yield
        finally:
            process.terminate()


def put(runs: Path, port: int) -> None:
    """Writes every file of the runs into the bucket."""
    from google.cloud import storage

    print("putting them into a bucket ...")
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            break
        time.sleep(0.1)
    bucket = storage.Client(project="p").create_bucket(BUCKET.split("/")[2])
    for path in sorted(path for path in runs.rglob("*") if path.is_file()):
        name = f"runs/{path.relative_to(runs).as_posix()}"
        bucket.blob(name).upload_from_string(path.read_bytes())


def make_looks(serving: Path, count: int) -> None:
    """So many looks at one version."""
    from tests.monitoring import sample_looks

    folder = sample_looks.make_folder(serving, sample_looks.looks(20, alarm_from=15))
    names = sorted(path.name for path in folder.glob("*.json"))
    for number in range(count - len(names)):
        content = (folder / names[number % len(names)]).read_bytes()
        day, second = divmod(number, 86_400)
        name = f"2026-10-{day + 1:02}T{second // 3600:02}{second // 60 % 60:02}{second % 60:02}"
        (folder / f"{name}.000000Z.json").write_bytes(content)


def measure(address: str, started: float, runs: int, repeat: int) -> None:
    """Asks everything of so many runs; the server was started at the time `started`."""
    with urllib.request.urlopen(address) as answer:
        answer.read()
    print(f"{'the first page':38} {time.monotonic() - started:6.3f} s after the start")
    first = ask(address, {})
    print(f"{'the first list':38} {time.monotonic() - started:6.3f} s, {first['total']} runs of it")
    over = []
    meanwhile = []
    while True:
        begun = time.monotonic()
        found = ask(address, {})
        meanwhile.append(time.monotonic() - begun)
        if found["scan"]["complete"] and found["total"] + found["archived"] >= runs:
            break
        time.sleep(0.05)
    print(f"{'every run read':38} {time.monotonic() - started:6.3f} s")
    name = "the latest runs, while they are read"
    over += [name] if told(name, meanwhile, f"{len(meanwhile)} times") > LIMIT else []
    for name, question in QUESTIONS.items():
        seconds = []
        for _ in range(repeat):
            begun = time.monotonic()
            matching = ask(address, question)["matching"]
            seconds.append(time.monotonic() - begun)
        over += [name] if told(name, seconds, f"{matching} runs") > LIMIT else []
    from tests.monitoring import sample_looks

    version = f"api/monitoring/taxi/{sample_looks.VERSION}"
    for name, path in (
        ("Monitoring, all versions", "api/monitoring"),
        ("Monitoring, the latest 100 looks", version),
        ("Monitoring, the oldest 100 looks", f"{version}?offset=4900"),
    ):
        while not get(address + path)["complete"]:  # Each answer reads for 0.2 s at most.
            pass
        seconds = []
        for _ in range(repeat):
            begun = time.monotonic()
            get(address + path)
            seconds.append(time.monotonic() - begun)
        over += [name] if told(name, seconds, "looks kept") > LIMIT else []
    print(f"above {LIMIT} s: {', '.join(over) or 'none'}")


def told(name: str, seconds: list[float], what: str) -> float:
    """Prints a question's times, and returns the worst."""
    worst = max(seconds)
    print(f"{name:38} {statistics.median(seconds):6.3f} s, at most {worst:.3f} s ({what})")
    return worst


def ask(address: str, question: dict[str, Any]) -> dict[str, Any]:
    """The list's answer to a question."""
    return get(f"{address}api/runs?{urllib.parse.urlencode(question, doseq=True)}")


def get(url: str) -> dict[str, Any]:
    """What an address answers."""
    with urllib.request.urlopen(url) as answer:
        content: dict[str, Any] = json.load(answer)
    return content


if __name__ == "__main__":
    main()
