"""Numbers, times and commands as a person reads them."""

from __future__ import annotations

import os
import shutil
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.record import bounds

if TYPE_CHECKING:
    from pipeline.record.run_record import RunRecord


def duration(seconds: float | None, *, exact: bool = True) -> str:
    """`14.2 s`, `1 min 05 s`, `2 h 03 min`; without `exact` whole seconds, for a running clock."""
    if seconds is None:
        return ""
    if seconds < 59.95 if exact else seconds < 60:
        return f"{seconds:.1f} s" if exact else f"{int(seconds)} s"
    whole = round(seconds) if exact else int(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def clock(seconds: float) -> str:
    """`0:14`, `1:05`, `2:03:00`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def ago(moment: datetime) -> str:
    """`just now`, `3 min ago`, `5 h ago`, `2 d ago`, then the date, as for what is to come."""
    seconds = (datetime.now(timezone.utc) - moment).total_seconds()
    if seconds < -60:  # Of a clock that was wrong then, or is now.
        return f"{moment.astimezone():%Y-%m-%d}"
    if seconds < 60:
        return "just now"
    if seconds < 3600:
        return f"{int(seconds // 60)} min ago"
    if seconds < 86_400:
        return f"{int(seconds // 3600)} h ago"
    if seconds < 14 * 86_400:
        return f"{int(seconds // 86_400)} d ago"
    return f"{moment.astimezone():%Y-%m-%d}"


def local(moment: datetime) -> str:
    """The local date and minute."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"


def metric(value: float | None, name: str, *limits: float | None) -> str:
    """A metric's value with four decimals, or whole if it counts; undefined says so.

    Args:
        value: The value.
        name: The metric's name.
        limits: Bounds beside which it is read: it has as many digits as show its side of them.
    """
    if value is None:
        return "undefined"
    if _counts(value, name):
        return f"{value:,.0f}"
    text = f"{value:.4f}" if abs(value) < 10_000 else f"{value:.4g}"
    return bounds.shown(value, text, *limits)


def _counts(value: float, name: str) -> bool:
    """Whether a metric is a number of rows, as `ExampleCount` is."""
    return name.endswith("Count") and value == int(value)


def change(value: float | None, baseline: float | None, name: str) -> str:
    """The signed difference to the baseline, or nothing where there is none."""
    if value is None or baseline is None:
        return ""
    difference = value - baseline
    if _counts(difference, name):
        return f"{difference:+,.0f}" if difference else "="
    return "=" if abs(difference) < 0.00005 else f"{difference:+.4f}"


def plain(value: Any) -> str:
    """A setting's value: a fraction with six digits, anything else as it is."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def on_one_line(text: str) -> str:
    """The text with line breaks, and whatever else cannot be seen, as Python writes them."""
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in text
    )


def no_cache(record: RunRecord) -> str:
    """The options with which a run was told not to use the cache."""
    if len(record.no_cache) == len(record.nodes):
        return "--no-cache"
    return " ".join(f"--no-cache {name}" for name in record.no_cache)


def path(where: Path | str) -> str:
    """A path as short as it can be from where the command was typed."""
    if isinstance(where, str) and "://" in where:
        return where
    where = Path(where).absolute()
    return str(where.relative_to(Path.cwd())) if where.is_relative_to(Path.cwd()) else str(where)


def command(arguments: str) -> str:
    """This program with other arguments, so that it can be copied into the same shell.

    `python` alone is this program's Python only in an activated environment; inside of `uv run`,
    which sets UV, it looks activated but is not so in the user's shell.
    """
    found = shutil.which("python")
    activated = found is not None and Path(found).absolute() == Path(sys.executable).absolute()
    python = "python" if activated and "UV" not in os.environ else path(sys.executable)
    return f"{python} -m pipeline {arguments}"
