"""What a row of CSV means to a model, and what is refused."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from tests.serving.batch.reading import instances, read

pytestmark = pytest.mark.tfx


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x,n,b,s,l\n1,2,true,a,3\n", [{"x": 1.0, "n": 2, "b": True, "s": "a", "l": [3]}]),
        ("x,b\n1,False\n2,0\n3, 1 \n", [{"x": float(n), "b": n == 3} for n in (1, 2, 3)]),
        ("x,b\n1,yes\n", ["b: 'yes' is not of the type bool"]),
        ("x,n\n1,3.0\n", [{"x": 1.0, "n": 3}]),
        ("x,n\n1,3.5\n", ["n: '3.5' is not of the type int64"]),
        ("x,n\n1,inf\n", ["n: 'inf' is not of the type int64"]),
        ('x,l\n1,"[3, 4]"\n2,[3\n', [{"x": 1.0, "l": [3, 4]}, "l: '[3' is not of the type int64"]),
        ("x,other,s\n1,a,\n", [{"x": 1.0}]),
        ("\ufeffx\n1\n", [{"x": 1.0}]),
        ('x,s\r\n1,"a,""b"""\r\n\r\n2,c\r\n', [{"x": 1.0, "s": 'a,"b"'}, {"x": 2.0, "s": "c"}]),
    ],
)
def test_csv(signature: Any, tmp_path: Path, text: str, expected: list[Any]) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(text.encode())
    assert instances(path, signature) == expected
    packed = tmp_path / "rows.csv.gz"
    packed.write_bytes(gzip.compress(text.encode()))
    assert instances(packed, signature) == expected


def test_two_columns_of_a_name_are_refused(signature: Any, tmp_path: Path) -> None:
    from serving.core.errors import ServingError

    (tmp_path / "rows.csv").write_text("x,s,s\n1,a,b\n")
    with pytest.raises(ServingError, match="two columns of the same name"):
        read(tmp_path / "rows.csv", signature)
