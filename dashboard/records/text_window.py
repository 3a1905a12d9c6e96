"""A part of a text file of any size, such as a log that grows, in bounded memory."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

WINDOW = 128 * 2**10
"""Bytes in one answer, at the most."""

_ESCAPES = re.compile(
    r"\x1b(?:"
    r"\[[0-?]*[ -/]*[@-~]"  # colours and cursor
    r"|\][^\x07\x1b]*(?:\x07|\x1b\\)?"  # titles and links
    r"|[PX^_][^\x1b]*(?:\x1b\\)?"
    r"|[ -/]*[0-~]?)"
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def window(path: Path, *, start: int | None = None, before: int | None = None) -> dict[str, Any]:
    """The text from byte `start`, or up to byte `before`, or else the end of the file.

    It begins and ends between lines where lines are shorter than the window. Terminal codes are
    left out, and of a line that was drawn over by carriage returns the last state stays.

    Returns:
        `text`, `start` and `end` in bytes, the file's `size`, and `partial`: what stands after
        `end` where the file ends within a line. A `start` beyond the size, as after a file was
        begun anew, gives the end of the file.

    Raises:
        OSError: The file cannot be read.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        forward = start is not None and 0 <= start <= size
        if forward:
            begin = start or 0
            stop = min(begin + WINDOW, size)
        else:
            stop = size if before is None else max(min(before, size), 0)
            begin = max(stop - WINDOW, 0)
        file.seek(begin)
        content = file.read(stop - begin)
    if begin > 0 and not forward:
        cut = content.find(b"\n") + 1
        content, begin = content[cut:], begin + cut
    whole = content.rfind(b"\n") + 1
    if before is not None or (whole == 0 and len(content) == WINDOW):
        whole = len(content)
    rest = content[whole:] if begin + len(content) == size else b""
    return {
        "text": _decoded(content[:whole]),
        "partial": _decoded(rest),
        "start": begin,
        "end": begin + whole,
        "size": size,
        "binary": b"\0" in content[:1024],
    }


def _decoded(content: bytes) -> str:
    return plain(content.decode("utf-8", errors="replace"))


def plain(text: str) -> str:
    """The text as a terminal would have left it, without colours."""
    text = _ESCAPES.sub("", text).replace("\r\n", "\n")
    lines = (_last_state(line) for line in text.split("\n"))
    return _CONTROLS.sub("", "\n".join(lines))


def _last_state(line: str) -> str:
    """What a line shows after carriage returns and backspaces in it."""
    if "\r" in line:
        line = next((state for state in reversed(line.split("\r")) if state), "")
    if "\b" in line:
        line = line.replace("\b", "")
    return line
