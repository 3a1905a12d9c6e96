"""Moves what is in the way to where nothing looks, and where a person finds it again."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path

from models.common.errors import RunError
from pipeline.config import project
from pipeline.record import clock


class SetAside:
    """The folder that one repair moves things to, made when the first one comes.

    Args:
        model: The model's name.
        runs: The folder of all runs.
    """

    def __init__(self, model: str, runs: Path = project.RUNS) -> None:
        parent = runs / f"{model}.set-aside"
        time = f"{clock.now():%Y%m%d-%H%M%S}"
        names = itertools.chain([time], (f"{time}-{number}" for number in itertools.count(2)))
        self.folder = next(parent / name for name in names if not (parent / name).exists())

    def move(self, path: Path, base: Path) -> Path:
        """Moves a file or folder, and says where it is now.

        Args:
            path: What is in the way.
            base: The folder whose layout is kept below `folder`; `path` is in it.

        Raises:
            RunError: It cannot be moved.
        """
        target = self.folder / base.name / path.relative_to(base)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(path, target)
        except (OSError, shutil.Error) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise RunError(
                f"{path} cannot be set aside",
                f"Moving it to {target}: {reason}.",
                "Make both folders writable, and free some space.",
            ) from error
        return target
