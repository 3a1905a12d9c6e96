"""How fast the dashboard answers about many runs, in seconds of its own server.

    python benchmarks/dashboard.py [--runs N] [--repeat N]

Makes run folders, starts the dashboard as a process of its own, and asks it over HTTP; the times
are those of whole requests on this machine, so a little more than the server's own.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LIMIT = 0.3
"""What a list or a filter may take, in seconds."""

QUESTIONS = {
    "the latest runs": {},
    "search by text": {"text": "taxi candidate"},
    "filter": {"where": "auc > 0.93 and blessed"},
    "filter by hyperparameters and time": {
        "where": 'units in [32, 64] and learning_rate < 0.001 and started > "2026-11-20"'
    },
    "filter that every run fails": {"where": "auc > 2"},
    "sort by a metric": {"sort": "-metrics.AUC"},
    "sort by duration, last page": {"sort": "duration", "offset": "4950"},
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
    parser.add_argument("--repeat", type=int, default=20)
    arguments = parser.parse_args()
    sys.path.insert(0, str(ROOT / "tests/dashboard"))
    from tests.dashboard import sample_runs

    with tempfile.TemporaryDirectory() as folder:
        print(f"making {arguments.runs} runs ...")
        sample_runs.make_runs(Path(folder), arguments.runs)
        command = [sys.executable, "-m", "dashboard", "--no-open", "--port=0", "--runs", folder]
        started = time.monotonic()
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            address = next(word for word in process.stdout.readline().split() if "://" in word)
            try:
                measure(address, started, arguments.repeat)
            finally:
                process.terminate()


def measure(address: str, started: float, repeat: int) -> None:
    """Asks everything; the server was started at the time `started`."""
    with urllib.request.urlopen(address) as answer:
        answer.read()
    print(f"{'the first page':38} {time.monotonic() - started:6.3f} s after the start")
    first = ask(address, {})
    print(f"{'the first list':38} {time.monotonic() - started:6.3f} s, {first['total']} runs of it")
    while not ask(address, {})["scan"]["complete"]:
        time.sleep(0.05)
    print(f"{'every run read':38} {time.monotonic() - started:6.3f} s")
    over = []
    for name, question in QUESTIONS.items():
        seconds = []
        for _ in range(repeat):
            begun = time.monotonic()
            found = ask(address, question)["matching"]
            seconds.append(time.monotonic() - begun)
        worst = max(seconds)
        print(
            f"{name:38} {statistics.median(seconds):6.3f} s, at most {worst:.3f} s ({found} runs)"
        )
        over += [name] if worst > LIMIT else []
    print(f"above {LIMIT} s: {', '.join(over) or 'none'}")


def ask(address: str, question: dict[str, str]) -> dict[str, Any]:
    """The list's answer to a question."""
    query = urllib.parse.urlencode(question)
    with urllib.request.urlopen(f"{address}api/runs?{query}") as answer:
        content: dict[str, Any] = json.load(answer)
    return content


if __name__ == "__main__":
    main()
