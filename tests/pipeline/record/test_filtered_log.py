"""A log that a process of its own writes: without secrets, and with all that was printed."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.record import filtered_log
from pipeline.record.redaction import HIDDEN, Redactor
from tests.helpers.paths import ROOT

SECRET = "correct-horse-battery"


def printed(log: Path, code: str) -> str:
    with filtered_log.opened(log, Redactor([SECRET])) as output:
        process = subprocess.Popen([sys.executable, "-c", code], stdout=output, stderr=output)
    process.wait()
    filtered_log.complete(log)
    return log.read_text()


def test_what_python_subprocesses_and_c_print(tmp_path: Path) -> None:
    code = f"""
import ctypes, os, sys
print("python {SECRET}", flush=True)
os.system("echo subprocess {SECRET} >&2")
ctypes.CDLL(None).puts(b"c {SECRET}")
ctypes.CDLL(None).fflush(None)
"""
    found = printed(tmp_path / "log", code)
    assert found == f"python {HIDDEN}\nsubprocess {HIDDEN}\nc {HIDDEN}\n"
    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o600


def test_a_secret_in_several_writes_and_a_crash_in_the_middle_of_a_line(tmp_path: Path) -> None:
    code = f"""
import os, signal
for letter in "a line {SECRET} with it\\n":
    os.write(1, letter.encode())
os.write(2, b"the last words {SECRET[:8]}")
os.write(2, b"{SECRET[8:]} before")
os.kill(os.getpid(), signal.SIGKILL)
"""
    found = printed(tmp_path / "log", code)
    assert found == f"a line {HIDDEN} with it\nthe last words {HIDDEN} before"


def test_it_outlives_signals_to_whoever_started_it(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with filtered_log.opened(log, Redactor([])) as output:
        writer = subprocess.Popen(
            [sys.executable, "-c", "input(); print('after')"],
            stdin=subprocess.PIPE,
            stdout=output,
        )
    filter_process = filtered_log._WRITING[log]
    assert os.getsid(filter_process.pid) == filter_process.pid
    while "filtered_log" not in Path(f"/proc/{filter_process.pid}/cmdline").read_text():
        pass
    writer.communicate(b"\n")
    filtered_log.complete(log)
    assert log.read_text() == "after\n"


def test_a_full_disk_holds_up_nobody_and_is_told(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.touch()
    limit = len("0 kept\n") * 3
    program = f"""
import resource, runpy, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, resource.RLIM_INFINITY))
sys.argv = ["filtered_log", sys.argv[1], {str(log)!r}]
runpy.run_module("pipeline.record.filtered_log", run_name="__main__")
"""
    with filtered_log.pipe() as (secrets, told):
        told.write(b"[]\n")
        done = subprocess.run(
            [sys.executable, "-c", program, str(secrets.fileno())],
            input=b"0 kept\n" * 100_000,
            cwd=ROOT,
            timeout=60,
            pass_fds=[secrets.fileno()],
        )
    assert done.returncode == 0
    assert log.read_text() == "0 kept\n" * 3
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY


def test_what_a_full_disk_did_not_take_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, write = os.pipe()
    log = os.open(tmp_path / "log", os.O_WRONLY | os.O_CREAT)
    full = iter([True, False])
    really_written = filtered_log._write

    def sometimes(target: int, content: bytes) -> None:
        if content and next(full):
            raise OSError("No space left on device")
        really_written(target, content)

    monkeypatch.setattr(filtered_log, "_write", sometimes)
    monkeypatch.setattr(filtered_log, "_PIECE", 5)
    os.write(write, b"lost\nhere\n")
    os.close(write)
    with os.fdopen(read, "rb", buffering=0) as source:
        filtered_log._copy(source, log, Redactor([]))
    os.close(log)
    assert (tmp_path / "log").read_text() == "[5 bytes could not be written here]\nhere\n"


def test_a_process_may_hide_what_it_prints_itself(tmp_path: Path) -> None:
    code = f"""
import os
from pipeline.record import filtered_log
from pipeline.record.redaction import Redactor
filtered_log.hide_in_descriptors(Redactor([{SECRET!r}]))
print("out {SECRET}", flush=True)
os.system("echo err {SECRET} >&2")
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == (f"out {HIDDEN}\n", f"err {HIDDEN}\n")
