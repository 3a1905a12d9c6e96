"""Shifts the clock of a Python process by CLOCK_SHIFT seconds, where there is no faketime.

`time.time` is shifted for all, `datetime` for the project's own modules: libraries in C take the
class that Python has for a base of their own. Files keep the system's times, as on a machine whose
disk is another's.
"""

from __future__ import annotations

import datetime
import os
import sys
import time
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType
from typing import Any

SHIFT = float(os.environ.get("CLOCK_SHIFT", "0"))
ROOMS = ("components", "dashboard", "models", "pipeline", "serving")
_time, _time_ns = time.time, time.time_ns


class _Shifted(datetime.datetime):
    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> Any:
        return datetime.datetime.now(tz) + datetime.timedelta(seconds=SHIFT)


class _Loader(SourceFileLoader):
    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        if getattr(module, "datetime", None) is datetime.datetime:
            module.datetime = _Shifted  # type: ignore[attr-defined]


class _Finder(PathFinder):
    @classmethod
    def find_spec(cls, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        spec = super().find_spec(fullname, path, target)
        if spec and isinstance(spec.loader, SourceFileLoader) and fullname.split(".")[0] in ROOMS:
            spec.loader = _Loader(spec.loader.name, spec.loader.path)
        return spec


if SHIFT:
    time.time = lambda: _time() + SHIFT
    time.time_ns = lambda: _time_ns() + int(SHIFT * 1e9)
    sys.meta_path.insert(0, _Finder)
