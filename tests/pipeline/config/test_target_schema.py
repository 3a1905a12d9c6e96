"""What a model may say of a target."""

from __future__ import annotations

from typing import Any

import pydantic
import pytest

from pipeline.config import platform_names
from pipeline.config.target_schema import Accelerator, Machine, ModelTarget, PlatformName

TARGETS = pydantic.TypeAdapter(dict[PlatformName, ModelTarget])


@pytest.mark.parametrize("name", platform_names.names())
def test_each_platform_is_known(name: str) -> None:
    found = TARGETS.validate_python({name: {"training": {"accelerator": {"type": "T4"}}}})
    machine = Machine(accelerator=Accelerator(type="T4", count=1))
    assert found == {name: ModelTarget(training=machine)}


@pytest.mark.parametrize(
    ("targets", "kind"),
    [
        ({"vertx": {}}, "literal_error"),
        ({"base": {}}, "literal_error"),
        ({"": {}}, "literal_error"),
        ({"vertex": {"bucket": "gs://b"}}, "extra_forbidden"),
        ({"vertex": {"training": {"cpus": 0}}}, "greater_than"),
        ({"vertex": {"training": {"memory_gb": float("inf")}}}, "finite_number"),
        ({"kfp": {"training": {"accelerator": {"type": "T4", "count": True}}}}, "mistake"),
        ({"kfp": {"beam": {"args": [""]}}}, "string_too_short"),
    ],
)
def test_what_is_refused(targets: dict[str, Any], kind: str) -> None:
    with pytest.raises(pydantic.ValidationError) as error:
        TARGETS.validate_python(targets)
    assert [found["type"] for found in error.value.errors()] == [kind]
