"""Which process a number means."""

from __future__ import annotations

import os
import subprocess
import sys

from pipeline.record import process


def test_the_start_of_a_process_is_always_the_same_and_its_own() -> None:
    own = process.start_of(os.getpid())
    assert own is not None and own == process.start_of(os.getpid())
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        assert process.start_of(other.pid) not in (None, own)


def test_a_process_that_ended_has_none_even_if_nobody_waited_for_it() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
        assert process.start_of(ended.pid) is None
    assert process.start_of(ended.pid) is None


def test_no_process_has_none() -> None:
    assert process.start_of(2**22 + 1) is None and process.stat(2**22 + 1) is None


def test_where_there_is_no_proc_the_number_answers() -> None:
    assert process.answers(os.getpid())
    assert not process.answers(2**22 + 1) and not process.answers(2**70)
