"""Looks and windows as tests of watching want them, a log that is a small file, and kills."""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from monitoring.core.settings import Settings
from monitoring.look.look import Finding, Look
from monitoring.summary.window_summary import WindowSummary
from monitoring.watch.watcher import Reader, Served

MONDAY = datetime(2026, 11, 23, tzinfo=timezone.utc)


def finding(name: str = "fare", verdict: str = "differs", **changes: Any) -> Finding:
    """A finding of a feature's distribution."""
    made = {
        "subject": "feature", "name": name, "test": "distribution", "against": "training",
        "statistic": "PSI", "effect": 0.4, "rows": 100, "verdict": verdict,
        "words": f"`{name}` differs.",
    }  # fmt: skip
    return Finding.model_validate({**made, **changes})


def look(*findings: Finding, version: int = 1, number: int = 1, **changes: Any) -> Look:
    """A look with these findings."""
    alarm = any(each.verdict == "differs" and each.counts for each in findings)
    made = {
        "model": "taxi", "version": version, "time": MONDAY, "first": MONDAY, "last": MONDAY,
        "number": number, "requests": 100, "rows": 100, "refused": 0, "failed": 0, "sampled": 1.0,
        "verdict": "alarm" if alarm else "nothing",
        "headline": findings[0].words if alarm else "Nothing differs.", "findings": findings,
    }  # fmt: skip
    return Look.model_validate({**made, **changes})


def window(rows: int = 100, version: int = 1, hours: float = 0.0, **changes: Any) -> WindowSummary:
    """A window that ended so many hours after Monday began."""
    time = MONDAY + timedelta(hours=hours)
    made = {
        "model": "taxi", "version": version, "first": time, "last": time, "requests": rows,
        "rows": rows,
    }  # fmt: skip
    return WindowSummary.model_validate({**made, **changes})


def write_log(path: Path, windows: Iterable[tuple[int, bool]]) -> None:
    """Adds windows to a log: the version that answered, and whether it is asked something else."""
    with path.open("a") as file:
        for version, differs in windows:
            file.write(json.dumps({"version": version, "differs": differs}) + "\n")


def reader(path: Path) -> Reader:
    """Reads such a log; a window's rows say whether it differs: 7 of them."""

    def read(position: dict[str, Any] | None) -> Iterator[Served]:
        begin = position["line"] if position else 0
        lines = path.read_text().splitlines() if path.exists() else []
        for number, line in enumerate(lines[begin:], start=begin):
            found = json.loads(line)
            made = window(7 if found["differs"] else 5, found["version"], hours=number)
            yield Served(made, {"line": number + 1}, True)

    return read


def looking(
    served: WindowSummary,
    last: WindowSummary | None,
    settings: Settings,
    number: int,
    history: dict[str, Any] | None,
    time: datetime,
) -> tuple[Look, dict[str, Any] | None]:
    """An alarm where a window differs; remembers how many windows it has seen."""
    found = [finding()] if served.rows == 7 else []
    seen = (history or {"seen": 0})["seen"] + 1
    assert seen == number and (last is None) == (number == 1)
    made = look(
        *found, version=served.version, number=number, time=time, first=served.first,
        last=served.last, rows=served.rows,
    )  # fmt: skip
    return made, {"seen": seen}


def killed_at(moment: int, folder: Path, act: Callable[[], object]) -> bool:
    """Does something in a process that is killed just before it touches the folder for the nth
    time: opens a file there to write it, renames or truncates one, or starts a program.

    Returns:
        Whether it was killed; false: it ended before.
    """
    child = os.fork()
    if not child:
        try:
            left = [moment]

            def hook(event: str, arguments: tuple[Any, ...]) -> None:
                if event == "open":
                    counts = bool(arguments[2] & (os.O_WRONLY | os.O_RDWR))
                else:
                    counts = event in ("os.rename", "os.truncate")
                touches = counts and str(arguments[0]).startswith(str(folder))
                if touches or event == "subprocess.Popen":
                    left[0] -= 1
                    if left[0] < 0:
                        os.kill(os.getpid(), signal.SIGKILL)

            sys.addaudithook(hook)
            act()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)
