"""The commands of other rooms, which are asked as programs: rooms do not import each other."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from monitoring.core.errors import MonitoringError

SECONDS = 600.0
"""A command that loads a model before it gives it traffic takes as long as that loads."""


class Done(NamedTuple):
    """A command that has ended."""

    status: int
    stdout: str
    stderr: str

    @property
    def words(self) -> str:
        """What it said last, for people."""
        said = [line.strip() for line in (self.stderr or self.stdout).splitlines() if line.strip()]
        return " ".join(said)[-500:] or f"It ended with status {self.status}."


class Route(NamedTuple):
    """Which versions get traffic, and the bounds of a canary."""

    stable: int | None
    canary: int | None
    error_rate: float
    latency_ratio: float


class Programs:
    """Asks the commands of the pipeline and of the model server.

    Args:
        models: The serving folder.
        runs: The folder of the pipeline's runs.
        python: What runs `-m serving`, `-m pipeline` and `-m monitoring`.
    """

    def __init__(self, models: Path, runs: Path, python: Sequence[str] = (sys.executable,)) -> None:
        self._models = models
        self._runs = runs
        self._python = tuple(python)

    def route(self, model: str) -> Route:
        """Which versions of a model are stable and canary.

        Raises:
            MonitoringError: The server's command cannot say.
        """
        done = self._serving("route", model, "--json")
        found = _json(done) if done.status == 0 else None
        try:
            rules = found["rollback"] if found else {}
            return Route(
                found["stable"], found["canary"], rules["error_rate"], rules["latency_ratio"]
            ) if found else _fail(done)  # fmt: skip
        except (KeyError, TypeError):
            return _fail(done)

    def canary(self, model: str, version: int, share: float, why: str) -> Done:
        """Gives a version a share of the traffic."""
        return self._serving(
            "canary", model, str(version), "--share", str(share), "--why", why, runs=True
        )

    def compare(self, model: str) -> tuple[Done, list[dict[str, Any]]]:
        """Compares the canary with the stable version; no figures where it cannot."""
        done = self._serving("compare", model, "--json")
        found = _json(done)
        return done, found if isinstance(found, list) else []

    def promote(self, model: str, version: int, why: str, load: bool = True) -> Done:
        """Gives a version all of the traffic.

        Args:
            model: The model.
            version: The version.
            why: The reason, for the record.
            load: Whether it has to load first, and to answer; needless of one that is served.
        """
        more = () if load else ("--no-check",)
        return self._serving("promote", model, str(version), "--why", why, *more, runs=True)

    def rollback(self, model: str, version: int, why: str) -> Done:
        """Takes a canary out of the traffic; does nothing where it is none any more."""
        return self._serving("rollback", model, "--only", str(version), "--why", why, runs=True)

    def rolled_back(self, model: str, version: int) -> str:
        """Who took a version out of the traffic, and why, by `routing.json`; empty: unknown."""
        try:
            events = json.loads((self._models / "routing.json").read_bytes())["events"]
            last = [
                each for each in events
                if (each["model"], each["action"], each.get("previous"))
                == (model, "rollback", version)
            ][-1]  # fmt: skip
            return f"Rolled back by {last['by']}: {last.get('why') or 'no reason'}."
        except (OSError, ValueError, KeyError, TypeError, IndexError):
            return ""

    def retraining(self, model: str, source: Path, export: bool) -> list[list[str]]:
        """The command lines of a retraining, one after the other.

        Args:
            model: The model.
            source: The folder of the models' folders.
            export: Whether rows whose labels came are written as training data before.
        """
        lines = [[*self._python, "-m", "pipeline", "run", model]]
        if export:
            options = ["--models", str(self._models), "--source", str(source)]
            lines.insert(0, [*self._python, "-m", "monitoring", "export-labelled", model, *options])
        return lines

    def _serving(self, *arguments: str, runs: bool = False) -> Done:
        folders = ["--models", str(self._models)]
        if runs:
            folders += ["--runs", str(self._runs)]
        command = [*self._python, "-m", "serving", *arguments, *folders]
        try:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                errors="replace", timeout=SECONDS, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return Done(-1, "", f"`serving {arguments[0]}` did not end within {SECONDS:g} s.")
        except OSError as error:
            return Done(-1, "", f"{command[0]} cannot be run: {error.strerror}.")
        return Done(done.returncode, done.stdout, done.stderr)


def _fail(done: Done) -> Route:
    raise MonitoringError(
        "`python -m serving route` does not say which version is served",
        f"Received: {done.words}",
        "Run it in the project's folder, and correct what it says.",
    )


def _json(done: Done) -> Any:
    try:
        return json.loads(done.stdout)
    except ValueError:
        return None
