"""How requests are answered."""

from __future__ import annotations

import asyncio

import pytest
from starlette.requests import Request
from starlette.responses import Response

from dashboard.web import answers


def request(*headers: tuple[bytes, bytes]) -> Request:
    return Request({"type": "http", "method": "GET", "path": "/", "headers": list(headers)})


def test_json_comes_with_a_tag_and_once() -> None:
    first = answers.as_json(request(), {"name": "\ud800é"})
    assert first.body == b'{"name":"\\ud800\\u00e9"}'
    tag = first.headers["etag"].encode()
    again = answers.as_json(request((b"if-none-match", tag)), {"name": "\ud800é"})
    assert (again.status_code, again.body) == (304, b"")
    other = answers.as_json(request((b"if-none-match", tag)), {"name": "x"})
    assert other.status_code == 200


def test_no_number_is_sent_that_json_has_not() -> None:
    with pytest.raises(ValueError):
        answers.encoded(float("nan"))


def test_a_file_that_cannot_be_read_is_an_error_in_words() -> None:
    async def answered(answer: answers.Answer) -> Response:
        return await answers.threaded(answer)(request())

    def fail(_: Request) -> Response:
        raise PermissionError(13, "Permission denied")

    answer = asyncio.run(answered(fail))
    assert answer.status_code == 500 and b"The file cannot be read" in answer.body


@pytest.mark.parametrize(
    ("text", "count"),
    [(None, None), ("", None), ("0", 0), ("12", 12), ("-1", None), ("٣", None), ("9" * 16, None)],
)
def test_counts(text: str | None, count: int | None) -> None:
    assert answers.optional_count(text) == count
    assert answers.count(text, 7) == (7 if count is None else count)
