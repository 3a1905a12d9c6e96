"""A copy of the project in which the demonstration runs, so that it touches nothing of yours."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from monitoring.core.errors import MonitoringError

ROOT = Path(__file__).resolve().parents[2]
COPIED = (
    "components", "models", "monitoring", "pipeline", "serving", "pyproject.toml",
    ".python-version",
)  # fmt: skip
SETTINGS = """
monitoring:
  window_rows: {window}
  on_alarm: retrain
  canary_share: 0.5
  label: tips > 0.2 * fare
  export_labelled: data/taxi
"""
RELEASE = "canary: {requests: 100}\n"
_MOST_SECONDS = 300.0


class Desk:
    """The copy, and the programs that run in it.

    Args:
        folder: Where; what an earlier demonstration has left there is removed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._programs: list[subprocess.Popen[bytes]] = []
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
        ignored = shutil.ignore_patterns("__pycache__")
        for name in COPIED:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, folder / name, ignore=ignored)
            else:
                shutil.copy(ROOT / name, folder / name)
        (folder / "data" / "taxi").mkdir(parents=True)
        (folder / "release.yaml").write_text(RELEASE)

    @property
    def models(self) -> Path:
        """The serving folder."""
        return self.folder / "serving_models"

    def configure(self, window: int) -> None:
        """Has the taxi model watched, in windows of so many rows."""
        path = self.folder / "models" / "taxi" / "config.yaml"
        text = without_key(path.read_text(encoding="utf-8"), "monitoring")
        path.write_text(text + SETTINGS.format(window=window), encoding="utf-8")

    def allow(self, feature: str, value: str) -> None:
        """Adds a value to those that the taxi model's schema has for a feature."""
        path = self.folder / "models" / "taxi" / "schema.pbtxt"
        text = path.read_text(encoding="utf-8")
        domain = f'string_domain {{\n  name: "{feature}"\n'
        if domain not in text:
            raise MonitoringError(f"{path} has no string_domain '{feature}'")
        path.write_text(text.replace(domain, f'{domain}  value: "{value}"\n'), encoding="utf-8")

    def run(self, room: str, *arguments: str, expected: Sequence[int] = (0,)) -> str:
        """Runs a command of the project to its end, and gives what it prints.

        Raises:
            MonitoringError: It ends with another status than one that is expected.
        """
        log = self.folder / f"{room}.log"
        with log.open("ab") as file:
            done = subprocess.run(
                [sys.executable, "-m", room, *arguments], cwd=self.folder, stdout=subprocess.PIPE,
                stderr=file, stdin=subprocess.DEVNULL, env=_environment(), check=False,
            )  # fmt: skip
            file.write(done.stdout)
        if done.returncode not in expected:
            raise MonitoringError(
                f"`python -m {' '.join((room, *arguments))}` ended with status {done.returncode}",
                done.stdout.decode(errors="replace")[-500:],
                f"Its output is in {log}.",
            )
        return done.stdout.decode()

    def start(self, name: str, room: str, *arguments: str) -> subprocess.Popen[bytes]:
        """Starts a command that goes on; its output is in `<name>.log`."""
        with (self.folder / f"{name}.log").open("wb") as file:
            program = subprocess.Popen(
                [sys.executable, "-m", room, *arguments], cwd=self.folder, stdout=file,
                stderr=file, stdin=subprocess.DEVNULL, env=_environment(),
            )  # fmt: skip
        self._programs.append(program)
        return program

    def serve(self) -> int:
        """Starts the model server, and gives its port once it answers.

        Raises:
            MonitoringError: It does not.
        """
        program = self.start("server", "serving", "up", "--rest-port", "0", "--grpc-port", "0")
        end = time.monotonic() + _MOST_SECONDS
        while time.monotonic() < end and program.poll() is None:
            events = lines(self.folder / "server.log")
            port = next((each["rest_port"] for each in events if "rest_port" in each), None)
            if port and any(each.get("event") == "version available" for each in events):
                return int(port)
            time.sleep(0.1)
        raise MonitoringError("The server does not start", remedy="Its log is server.log.")

    def stop(self, program: subprocess.Popen[bytes]) -> None:
        """Ends a program, which then does its last."""
        program.terminate()
        try:
            program.wait(30)
        except subprocess.TimeoutExpired:
            program.kill()
            program.wait()

    def close(self) -> None:
        """Ends what was started."""
        for program in reversed(self._programs):
            if program.poll() is None:
                self.stop(program)


def lines(path: Path) -> list[dict[str, Any]]:
    """The lines of a file that are JSON objects."""
    found = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            content = json.loads(line)
        except ValueError:
            continue
        if isinstance(content, dict):
            found.append(content)
    return found


def without_key(text: str, key: str) -> str:
    """A YAML text without a key of its first level and what is below it."""
    kept, within = [], False
    for line in text.splitlines(keepends=True):
        if line[:1].strip():  # Neither empty nor indented.
            within = line.startswith(f"{key}:")
        if not within:
            kept.append(line)
    return "".join(kept)


def _environment() -> dict[str, str]:
    # No process of a tracker beside each run, and nobody's webhook.
    left_out = {"NOTIFICATION_URL", "PYTHONPATH"}
    kept = {name: value for name, value in os.environ.items() if name not in left_out}
    return {**kept, "NEPTUNE_MODE": "disabled"}
