"""CSV bodies: read into tensors, written from them."""

from __future__ import annotations

import csv
import io
import string
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.core.errors import ServingError

pytestmark = pytest.mark.tfx

NAMES = ("age", "city", "tags")


def signature(**changes: Any) -> Any:
    """Takes a number, a text with a default, and a list of integers with a default."""
    from serving.model.signatures import Signature, TensorInfo

    default = np.array([b"none"], object)
    infos = {
        "age": TensorInfo("age", "", "float", np.dtype("f4"), (None,)),
        "city": TensorInfo("city", "", "string", np.dtype(object), (None,), default),
        "tags": TensorInfo(
            "tags", "", "int64", np.dtype("i8"), (None, None), np.zeros((1, 1), int)
        ),
    }
    return Signature("s", "predict", {**infos, **changes}, infos, None)


def vector(width: int | None) -> Any:
    from serving.model.signatures import Signature, TensorInfo

    info = TensorInfo("x", "", "float", np.dtype("f4"), (None, width))
    return Signature("s", "predict", {"x": info}, {"x": info}, None)


def read(text: str | bytes, to: Any = None, **options: Any) -> Any:
    from serving.codec import csv_text

    body = text.encode() if isinstance(text, str) else text
    return csv_text.read(body, to or signature(), options.pop("rows", 100), **options)


@pytest.mark.parametrize(
    ("text", "ages", "cities"),
    [
        ("age,city\n1,Rome\n2,Oslo\n", [1, 2], [b"Rome", b"Oslo"]),
        ("city,age\r\nRome,1\r\nOslo,2", [1, 2], [b"Rome", b"Oslo"]),
        ("\ufeffage,city\n1,Rome\n\n2,\n", [1, 2], [b"Rome", b"none"]),
        ("1,Rome,\n2,Oslo,3\n", [1, 2], [b"Rome", b"Oslo"]),
        ('age,city\n1,"a ""b"", c\nd"\n nan ,é', [1, np.nan], [b'a "b", c\nd', "é".encode()]),
        ("age\n1\n2", [1, 2], [b"none"] * 2),
    ],
)
def test_lines_are_rows(text: str, ages: list[float], cities: list[bytes]) -> None:
    arrays, count = read(text)
    assert count == len(ages)
    np.testing.assert_array_equal(arrays["age"], np.array(ages, "f4"))
    assert arrays["city"].tolist() == cities


def test_whether_there_is_a_header_may_be_said() -> None:
    names = signature().inputs["city"]
    from serving.model.signatures import Signature

    only = Signature("s", "predict", {"city": names}, {"city": names}, None)
    assert read("city\nRome", only)[0]["city"].tolist() == [b"Rome"]
    assert read("city\nRome", only, header=False)[0]["city"].tolist() == [b"city", b"Rome"]
    with pytest.raises(ServingError, match="no input 'Rome'; it has city"):
        read("Rome", only, header=True)


@pytest.mark.parametrize(
    ("text", "width", "rows"),
    [
        ("1,2\n3,4", 2, [[1, 2], [3, 4]]),
        ('"[1,2]"\n"[3,4]"', 2, [[1, 2], [3, 4]]),
        ("1\n2", 1, [[1], [2]]),
        ("1,2,3", None, [[1, 2, 3]]),
        ('x\n"[1,2]"', 2, [[1, 2]]),
    ],
)
def test_a_line_is_the_list_that_a_single_input_takes(
    text: str, width: int | None, rows: list[list[float]]
) -> None:
    assert read(text, vector(width))[0]["x"].tolist() == rows


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "The body has no rows"),
        ("age,city", "The body has no rows"),
        ("age,town\n1,Rome", "Line 1, column 2: the model has no input 'town'; it has age, city"),
        ("age,age\n1,2", "Line 1, column 2: 'age' is there twice"),
        ("city\nRome", "Line 1: the header lacks age"),
        ("age,city\n1", "Line 2: 1 cells, where there are 2 columns: age, city"),
        ("age,city\n1,a\n2,b,c", "Line 3: 3 cells"),
        ("age,city\n,Rome", "Line 2, column 1 (age) is empty, and the model has no default for it"),
        ('city,age\n"a\nb",1\nc,x', 'Line 4, column 2 (age): "x" is not of expected type: float'),
        ("age\n1_000", '"1_000" is not of expected type'),
        ("age\n1e999", '"1e999" is not of expected type'),
        ("age,tags\n1,2.5", 'Line 2, column 2 (tags): "2.5" is not of expected type: int64'),
        ("age,tags\n1,9223372036854775808", "is not of expected type: int64"),
        ("age,tags\n1,[1", 'column 2 (tags): "[1" is not of expected type: int64'),
        ("age,tags\n1," + '"' + "[" * 5000 + '"', "is not of expected type: int64"),
        ('age,city\n1,"a"b', "Line 2 is not CSV: "),
        ('age,city\n1,a\n2,"b', "Line 3 is not CSV: unexpected end of data"),
        ("age\n1\n2\n3\n4\n5\n6", "Task size 6 is larger than maximum input batch size 5"),
        (b"age,city\n1,\xff", "Line 2 is not UTF-8"),
        ('age,tags\n1,[1]\n2,"[1,2]"', "From row 1 on: "),
    ],
)
def test_what_is_no_request_names_line_and_column(text: str | bytes, told: str) -> None:
    with pytest.raises(ServingError) as raised:
        read(text, rows=5)
    assert told in raised.value.message


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)


@given(st.lists(st.tuples(st.floats(width=32, allow_nan=False), cells), min_size=1, max_size=9))
def test_what_a_writer_of_csv_writes_is_read(rows: list[tuple[float, str]]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([("age", "city"), *rows])
    arrays, count = read(text.getvalue())
    assert count == len(rows)
    assert arrays["age"].tolist() == [np.float32(age) for age, _ in rows]
    cities = np.broadcast_to(arrays["city"], len(rows)).tolist()
    assert cities == [(city or "none").encode() for _, city in rows]


@given(st.text(string.printable, max_size=60))
def test_any_text_is_rows_or_a_refusal(text: str) -> None:
    try:
        _, count = read(text)
    except ServingError as error:
        assert error.http_status == 400
    else:
        assert 0 < count <= 61


def test_many_rows_are_read_as_few_are() -> None:
    lines = [f"{number},{'' if number < 5000 else 'Oslo'}" for number in range(9000)]
    noted: list[Any] = []
    arrays, count = read("age,city\n" + "\n".join(lines), rows=9000, note=noted.extend)
    assert (count, len(noted)) == (9000, 9000)
    assert arrays["age"].tolist() == list(range(9000))
    assert arrays["city"].tolist() == [b"none"] * 5000 + [b"Oslo"] * 4000
    with pytest.raises(ServingError, match="differ in shape"):
        read("age,tags\n" + '1,"[1]"\n' * 4096 + '1,"[1,2]"\n' * 5000, rows=10_000)


def test_an_answer_has_a_column_for_each_output() -> None:
    from serving.codec import csv_text
    from serving.model.signatures import TensorInfo

    classes = np.array([b'a "b"', b"c,d"], object)
    outputs = {
        "p": np.array([[0.1], [np.nan]], "f4"), "class": classes, "ok": np.array([True, False]),
        "both": np.array([[1, 2], [3, 4]]), "raw_bytes": np.array([b"\xff", b""], object),
    }  # fmt: skip
    infos = {name: TensorInfo(name, "", "t", array.dtype, None) for name, array in outputs.items()}
    text = csv_text.write(outputs, infos, True).decode()
    assert list(csv.reader(io.StringIO(text))) == [
        ["p", "class", "ok", "both", "raw_bytes"],
        ["0.1", 'a "b"', "true", "[1,2]", "/w=="],
        ["nan", "c,d", "false", "[3,4]", ""],
    ]
    assert csv_text.write(outputs, infos, False).decode() == text.partition("\r\n")[2]
    with pytest.raises(ServingError, match="inconsistent batch size"):
        csv_text.write({**outputs, "p": np.zeros(3)}, infos, True)
