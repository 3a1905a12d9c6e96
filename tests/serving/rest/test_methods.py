"""From a query, as the page's form sends it, to a request."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from serving.core.errors import Code, ServingError

pytestmark = pytest.mark.tfx


@pytest.fixture(scope="module")
def version() -> Any:
    """One with an input of each kind."""
    from serving.model.signatures import TensorInfo

    kinds = {
        "f": ("float", np.float32), "i": ("int64", np.int64), "b": ("bool", np.bool_),
        "s": ("string", object),
    }  # fmt: skip
    inputs = {
        name: TensorInfo(name, f"{name}:0", kind, np.dtype(dtype), (None,))
        for name, (kind, dtype) in kinds.items()
    }
    inputs["l"] = TensorInfo("l", "l:0", "int64", np.dtype(np.int64), (None, None))
    signature = SimpleNamespace(inputs=inputs)
    return SimpleNamespace(loaded=SimpleNamespace(signature=lambda name: signature))


@pytest.mark.parametrize(
    ("query", "row"),
    [
        ("f=1.5&i=2&b=true&s=a%20b", {"f": 1.5, "i": 2, "b": True, "s": "a b"}),
        ("b=0&l=3&s=", {"b": False, "l": [3], "s": ""}),
        ("unknown=1", {"unknown": "1"}),
        ("", {}),
    ],
)
def test_a_query_is_a_row(version: Any, query: str, row: dict[str, Any]) -> None:
    from serving.rest.methods import form_request

    assert json.loads(form_request(query.encode(), version)) == {"instances": [row]}


@pytest.mark.parametrize("query", ["f=x", "i=1.5", "b=yes", "l=[1]"])
def test_a_value_of_another_type_is_refused_by_its_name(version: Any, query: str) -> None:
    from serving.rest.methods import form_request

    with pytest.raises(ServingError, match="not of expected type") as refused:
        form_request(query.encode(), version)
    assert refused.value.code == Code.INVALID_ARGUMENT
    assert refused.value.message.startswith(query.split("=")[0])


@pytest.mark.parametrize("query", [b"\xff=1", b"&".join([b"a=1"] * 1001)])
def test_a_query_that_cannot_be_read_is_refused(version: Any, query: bytes) -> None:
    from serving.rest.methods import form_request

    with pytest.raises(ServingError, match="The query cannot be read"):
        form_request(query, version)
