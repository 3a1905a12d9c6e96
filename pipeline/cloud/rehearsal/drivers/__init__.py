"""What hands a task its inputs on each platform, as it was seen to do."""

from __future__ import annotations

import importlib
import inspect

from pipeline.cloud.rehearsal.drivers.base import Driver


def find(name: str) -> type[Driver]:
    """The driver that a module of this folder defines, by the module's name."""
    module = importlib.import_module(f"{__name__}.{name}")
    [found] = [
        value
        for _, value in inspect.getmembers(module, inspect.isclass)
        if value.__module__ == module.__name__ and issubclass(value, Driver)
    ]
    return found
