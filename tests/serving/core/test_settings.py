"""What a server is started with, if nothing is said."""

from __future__ import annotations

import inspect
from pathlib import Path

from serving.commands.up import up
from serving.core.settings import Limits, Settings


def test_the_defaults_are_those_of_the_command() -> None:
    settings = Settings(Path("serving_models"))
    offered = {
        name: parameter.default for name, parameter in inspect.signature(up).parameters.items()
    }
    same = ("models", "host", "rest_port", "grpc_port", "timeout", "grace", "interval")
    assert {name: getattr(settings, name) for name in same} == {
        name: offered[name] for name in same
    }
    assert settings.limits == Limits(offered["max_queue"], offered["max_rows"], offered["parallel"])
    assert settings.body_bytes == offered["max_body"] * 2**20
