"""Which servable a request is for."""

import dataclasses

import pytest

from serving.core.model_spec import ModelSpec


def test_a_name_alone_leaves_the_version_open_and_nothing_can_be_changed_later() -> None:
    spec = ModelSpec("taxi")
    assert (spec.version, spec.label, spec.routing_key) == (None, None, None)
    with pytest.raises(dataclasses.FrozenInstanceError):
        spec.version = 1  # type: ignore[misc]
    assert len({spec, ModelSpec("taxi"), ModelSpec("taxi", 1)}) == 2
