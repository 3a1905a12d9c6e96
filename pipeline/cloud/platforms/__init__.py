"""The places in the cloud where pipelines run: a module for each, with one class.

The module's name is the target's: the section of `targets.yaml`, and what `--target` takes. So a
new place is a new module here with a class made from `base.Platform`, and nothing else.
"""

from __future__ import annotations

import importlib

from models.common.errors import ConfigError, did_you_mean
from pipeline.cloud.platforms.base import Platform
from pipeline.config import platform_names


def find(name: str) -> type[Platform]:
    """The platform that a name names.

    Raises:
        ConfigError: There is none.
    """
    names = platform_names.names()
    if name not in names:
        raise ConfigError(
            f"There is no target '{name}'{did_you_mean(name, names)}",
            f"Expected: {' or '.join(names)}.",
        )
    module = importlib.import_module(f"{__name__}.{name}")
    [platform] = (
        found
        for found in vars(module).values()
        if isinstance(found, type)
        and issubclass(found, Platform)
        and found.__module__ == module.__name__
    )
    return platform
