"""Where output goes: a terminal with colour, marks and a live view, or a file with plain lines."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import IO, NamedTuple

from rich.console import Console, RenderableType

# Wider than anything we print: a file is not wrapped, whoever reads it does that.
_UNWRAPPED = 4000


class Marks(NamedTuple):
    """The few signs beside plain text."""

    done: str
    failed: str
    queued: str
    worst: str
    worse: str
    least: str
    most: str
    between: str
    spinner: str


_UNICODE = Marks("✓", "✗", "·", "▾", "↓", "≥", "≤", " · ", "dots")
_ASCII = Marks("+", "x", ".", "v", "-", ">=", "<=", ", ", "line")


def console(*, stderr: bool = False) -> Console:
    """A console on standard output (or error), plain where that is not a terminal."""
    stream = sys.stderr if stderr else sys.stdout
    if is_interactive(stream):
        return Console(file=stream, force_terminal=True, markup=False, emoji=False, highlight=False)
    return Console(
        file=stream,
        force_terminal=False,
        color_system=None,
        width=_UNWRAPPED,
        markup=False,
        emoji=False,
        highlight=False,
    )


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keeps from the screen what libraries print, whichever way they do."""
    sys.stdout.flush()
    sys.stderr.flush()
    before = {number: os.dup(number) for number in (1, 2)}
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for number in before:
        os.dup2(nowhere, number)
    os.close(nowhere)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for number, saved in before.items():
            os.dup2(saved, number)
            os.close(saved)


def is_interactive(stream: IO[str]) -> bool:
    """Whether somebody looks at this stream on a terminal that can move its cursor."""
    return stream.isatty() and os.environ.get("TERM", "") not in ("", "dumb", "unknown")


def marks(on: Console) -> Marks:
    """The signs that this console's encoding has."""
    return _UNICODE if on.encoding.lower().startswith("utf") else _ASCII


def show(on: Console, *parts: RenderableType) -> None:
    """Prints the parts; in plain output no line ends in blanks and nothing is wrapped."""
    if on.is_terminal:
        on.print(*parts, sep="\n")
        return
    with on.capture() as captured:
        on.print(*parts, sep="\n")
    lines = (line.rstrip() for line in captured.get().splitlines())
    print("\n".join(lines), file=on.file, flush=True)


def discard_output() -> None:
    """Sends standard output nowhere, after its reader has gone away."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
