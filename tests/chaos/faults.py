"""What may happen to files and processes, by a choice that a seed repeats."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

CLOCK = Path(__file__).with_name("clock")
"""The folder of a `sitecustomize.py` that shifts the clock."""


def flip(path: Path, chance: random.Random) -> None:
    """Changes one bit, and leaves size and time as they were."""
    content = bytearray(path.read_bytes())
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    before = path.stat()
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def cut(path: Path, chance: random.Random) -> None:
    """Leaves the beginning."""
    os.truncate(path, chance.randrange(path.stat().st_size))


def scramble(path: Path, chance: random.Random) -> None:
    """Overwrites the beginning."""
    with path.open("r+b") as file:
        file.write(chance.randbytes(100))


def delete(path: Path, _: random.Random) -> None:
    """Removes a file, or a folder with all that is in it."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def wait_for(condition: Callable[[], Any], seconds: float = 300) -> Any:
    """Waits until something is so; returns what the condition does."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.02)
    return found


def family(process: int) -> list[int]:
    """A process and all that it has started, and these in turn."""
    found = [process]
    for parent in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{parent}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
    return found


def send(processes: list[int], number: signal.Signals) -> None:
    """Sends a signal to those that are still there."""
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, number)


def shifted(seconds: float) -> dict[str, str]:
    """Environment variables under which a Python process sees another time."""
    return {"PYTHONPATH": str(CLOCK), "CLOCK_SHIFT": str(seconds)}


@contextlib.contextmanager
def small_disk(folder: Path, megabytes: float) -> Iterator[bool]:
    """Gives a folder, with what is in it, a disk with so much room; False where that cannot be.

    A tmpfs, which root alone may mount.
    """
    used = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    blocks = sum(4096 * 2 for path in folder.rglob("*"))
    size = int(used + blocks + megabytes * 2**20)
    kept = folder.with_name(f"{folder.name}.kept")
    folder.rename(kept)
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    try:
        if mounted:
            shutil.copytree(kept, folder, symlinks=True, dirs_exist_ok=True)
        yield mounted
        if mounted:
            shutil.rmtree(kept)
            shutil.copytree(folder, kept, symlinks=True)
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=False)
        folder.rmdir()
        kept.rename(folder)
