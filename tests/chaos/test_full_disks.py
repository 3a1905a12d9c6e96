"""A disk that is full ends a run in words; with room again, it comes to the same."""

from __future__ import annotations

import random
import resource
import sys

import pytest

from tests.chaos.faults import small_disk
from tests.chaos.lab import Lab, ended

FULL = ("No space left", "disk is full", "cannot be written", "File too large")


def test_a_run_on_a_full_disk(lab: Lab, chance: random.Random) -> None:
    lab.restore("new")
    lab.runs.mkdir()
    with small_disk(lab.runs, chance.uniform(0, 0.6)) as mounted:
        if not mounted:
            pytest.skip("only root may mount a small disk; see the test with a limit")
        done = lab.run()
        told = done.stdout + done.stderr
        assert done.returncode in (1, 2), told
        assert "Traceback" not in told and any(words in told for words in FULL), told
    lab.settle()


def test_a_run_that_may_write_no_large_file(lab: Lab, chance: random.Random) -> None:
    lab.restore("new")
    limit = chance.randrange(20_000, 200_000)
    code = (
        f"import resource, os, sys; resource.setrlimit({resource.RLIMIT_FSIZE}, ({limit},) * 2); "
        "os.execv(sys.executable, [sys.executable, '-m', 'pipeline', 'run', 'tiny'])"
    )
    done = ended(lab.project.start(sys.executable, "-c", code, NEPTUNE_MODE="disabled"))
    told = done.stdout + done.stderr
    assert done.returncode in (1, 2), told
    assert "Traceback" not in told, told
    lab.settle()
