"""What a line of JSON means to a model, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.serving.batch.reading import read

pytestmark = pytest.mark.tfx


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ({"x": 1, "s": None, "other": 2}, {"x": 1}),
        ({"b64": "QQ=="}, {"b64": "QQ=="}),
        ([1, 2], [1, 2]),
        (1.5, 1.5),
    ],
)
def test_json_lines(signature: Any, tmp_path: Path, line: Any, expected: Any) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"\n" + json.dumps(line).encode() + b"\n{\n\xff\n")
    rows = read(path, signature)
    assert [row.number for row in rows] == [2, 3, 4]
    assert rows[0].instance == expected
    assert rows[1].refused.startswith("is not JSON") and rows[2].refused == "is not UTF-8"
