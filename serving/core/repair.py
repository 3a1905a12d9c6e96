"""What a repair of the serving folder finds, and where it puts what is in the way."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

from serving.core.errors import Code, ServingError

FOLDER = ".set-aside"
"""In the serving folder; no server looks into it."""


@dataclass(frozen=True)
class Finding:
    """Something that is not in order."""

    problem: str
    """What is wrong, in a line that begins with the file, and what the file is for."""
    remedy: str
    """What a repair does about it, and what is lost, as a sentence."""
    apply: Callable[[Path], str] = field(compare=False)
    """Does it, with the folder for what is set aside; returns what came of it, or nothing."""


def set_aside(serving_folder: Path) -> Path:
    """The folder for what one repair sets aside, which the first move makes."""
    return serving_folder / FOLDER / f"{datetime.now(timezone.utc):%Y%m%d-%H%M%S-%f}"


def move(path: Path, aside: Path) -> Path:
    """Moves a file there; returns where it is now.

    Raises:
        ServingError: It cannot be moved.
    """
    try:
        aside.mkdir(parents=True, exist_ok=True)
        return Path(shutil.move(path, aside / path.name))
    except (OSError, shutil.Error) as error:
        raise ServingError(
            Code.FAILED_PRECONDITION,
            f"{path} cannot be set aside",
            f"Moving it to {aside}: {getattr(error, 'strerror', None) or error}.",
            "Make both folders writable, and free some space.",
        ) from error
