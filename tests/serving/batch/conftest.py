"""A signature with an input of each type."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

INPUTS = {
    # Name: type, its numpy type, dimensions besides the batch.
    "x": ("float", np.float32, 0),
    "n": ("int64", np.int64, 0),
    "b": ("bool", np.bool_, 0),
    "s": ("string", object, 0),
    "l": ("int64", np.int64, 1),
}


@pytest.fixture(scope="session")
def signature() -> Any:
    """`x` is needed, the others have defaults."""
    from serving.model.signatures import PREDICT, Signature, TensorInfo

    inputs = {
        name: TensorInfo(
            name, f"{name}:0", kind, np.dtype(dtype), (None,) * (1 + dimensions),
            None if name == "x" else np.zeros((1,) * (1 + dimensions), dtype),
        )
        for name, (kind, dtype, dimensions) in INPUTS.items()
    }  # fmt: skip
    return Signature("serving_default", PREDICT, inputs, {}, None)
