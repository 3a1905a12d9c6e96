"""The dashboard as a process of its own, and the system's Chromium to look at it."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.helpers.paths import ROOT

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@dataclass
class Dashboard:
    """A server over a folder of runs, and the serving folder beside it."""

    runs: Path
    port: int = 0
    process: subprocess.Popen[str] | None = field(default=None, repr=False)
    cache: Path | None = None
    """Where copies are kept; None: where the user's are."""

    @property
    def serving(self) -> Path:
        return self.runs.parent / "serving_models"

    @property
    def address(self) -> str:
        return f"http://localhost:{self.port}"

    def start(self) -> None:
        """Starts the server, on the port that it had before."""
        command = [sys.executable, "-m", "dashboard", "--no-open", "--port", str(self.port)]
        command += ["--cache", str(self.cache)] if self.cache else []
        self.process = subprocess.Popen(
            [*command, "--runs", str(self.runs), "--serving", str(self.serving)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        found = re.search(r"127\.0\.0\.1:(\d+)", self.process.stdout.readline())
        assert found
        self.port = int(found[1])

    def stop(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


@dataclass
class Watched:
    """What the browser did that it should not: requests elsewhere, errors, refused loads."""

    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def browser_path() -> str | None:
    """The system's browser, if it has one."""
    return shutil.which("chromium") or shutil.which("google-chrome")


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """The system's browser, headless; skips the test where there is none."""
    path = browser_path()
    if path is None:
        pytest.skip("neither chromium nor google-chrome is on the PATH")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()
