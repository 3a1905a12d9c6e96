"""Runs that are killed at any moment go on to the result that they would have had."""

from __future__ import annotations

import random
import signal
import time

import pytest

from tests.chaos.faults import family, send, wait_for
from tests.chaos.lab import Lab, ended

WHOM = ("the command line", "all of their children")


@pytest.mark.parametrize("whom", WHOM)
def test_a_run_that_is_killed_goes_on(lab: Lab, chance: random.Random, whom: str) -> None:
    lab.restore("new")
    command = lab.start()
    records = wait_for(lab.project.records)
    wait_for(lambda: any(node["started"] for node in lab.project.records()[-1]["nodes"]))
    time.sleep(chance.uniform(0, 40))
    chosen = {
        "the command line": [command.pid],
        "all of their children": family(command.pid),
    }[whom]
    send(chosen, signal.SIGKILL)
    ended(command)
    # Whoever was left ends by itself, and with it the lock.
    wait_for(lambda: "is going" not in lab.repair().stderr)
    assert len(records) == 1
    lab.settle()


def test_a_run_that_is_stopped_for_a_while_goes_on(lab: Lab, chance: random.Random) -> None:
    lab.restore("new")
    command = lab.start()
    wait_for(lambda: [one for one in lab.project.records() if one["nodes"][0]["started"]])
    time.sleep(chance.uniform(0, 30))
    everybody = family(command.pid)
    send(everybody, signal.SIGSTOP)
    time.sleep(5)
    send(everybody, signal.SIGCONT)
    done = ended(command)
    assert done.returncode == 0, done.stdout + done.stderr
    lab.check()
