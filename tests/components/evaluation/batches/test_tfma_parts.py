"""Another version of TFMA is refused by what it lacks."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from components.evaluation.batches import tfma_parts
from models.common.errors import RunError

pytestmark = pytest.mark.tfx


def test_a_function_that_is_called_in_another_way() -> None:
    def theirs(thresholds: object, buckets: object) -> None: ...

    def ours(thresholds: object, histogram: object) -> None: ...

    tfma_parts.check_parameters(theirs, theirs)
    with pytest.raises(RunError) as caught:
        tfma_parts.check_parameters(theirs, ours)
    text = str(caught.value)
    assert "theirs has the parameters thresholds, buckets" in text
    assert "Expected: the parameters thresholds, histogram" in text and "uv sync" in text


def test_an_object_that_lacks_an_attribute() -> None:
    tfma_parts.check_attributes(SimpleNamespace(_key=1), ["_key"])
    with pytest.raises(RunError, match="SimpleNamespace has the attributes _key"):
        tfma_parts.check_attributes(SimpleNamespace(_key=1), ["_key", "_config"])
