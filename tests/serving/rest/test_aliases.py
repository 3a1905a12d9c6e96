"""Paths of one's own: which request they stand for, and which files of them are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.core.errors import Code, ServingError
from serving.http.messages import Request
from serving.rest import aliases, pages, paths


def read(folder: Path, text: str) -> aliases.Aliases:
    (folder / aliases.FILE).write_text(text, encoding="utf-8")
    return aliases.read(folder)


def asked(path: str, query: bytes = b"") -> Request:
    return Request("GET", path, query, {}, b"")


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        ("/sal/25", b"", ("/v1/models/salary/predict", b"x=25")),
        ("/sal/2.5e1", b"", ("/v1/models/salary/predict", b"x=2.5e1")),
        ("/sal/a%20b%26c%2Fd", b"", ("/v1/models/salary/predict", b"x=a+b%26c%2Fd")),
        ("/stars/7/of/9", b"timestamp=1", ("/v1/models/films/predict", b"timestamp=1&u=7&f=9")),
        ("/stars", b"u=7", ("/v1/models/films/predict", b"u=7")),
        ("/sal", b"", None),
        ("/sal/", b"", None),
        ("/sal/1/2", b"", None),
        ("/Sal/1", b"", None),
        ("/stars/7/by/9", b"", None),
        ("/", b"", None),
    ],
)
def test_a_path_stands_for_a_request(
    tmp_path: Path, path: str, query: bytes, expected: tuple[str, bytes] | None
) -> None:
    known = read(
        tmp_path, "aliases: {'/sal/{x}': salary, '/stars/{u}/of/{f}': films, /stars: films}"
    )
    meant = known.meant(asked(path, query))
    assert (meant and (meant.path, meant.query)) == expected
    if meant:
        assert paths.parse("GET", meant.path).resource == "form"


def test_a_value_in_path_and_query_is_refused(tmp_path: Path) -> None:
    known = read(tmp_path, "aliases: {'/sal/{x}': salary}")
    with pytest.raises(ServingError, match="/sal/25 has a value for x, and so has its query"):
        known.meant(asked("/sal/25", b"x=26"))


def test_without_the_file_there_are_none(tmp_path: Path) -> None:
    assert aliases.read(tmp_path).known == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("aliases: {sal: salary}", "'sal': it does not begin with a slash"),
        ("aliases: {'/{x}': salary}", "its first part is an input"),
        ("aliases: {/: salary}", "its part '' is neither"),
        ("aliases: {/a//b: salary}", "its part '' is neither"),
        ("aliases: {'/a/x{x}': salary}", "its part 'x{x}' is neither"),
        ("aliases: {'/a b': salary}", "its part 'a b' is neither"),
        ("aliases: {'/a/{x}/{x}': salary}", "the same input twice"),
        ("aliases: {/v1/models/salary: salary}", "'/v1' is the server's own"),
        ("aliases: {/V2/x: salary}", "'/V2' is the server's own"),
        ("aliases: {/models/x: salary}", "'/models' is the server's own"),
        ("aliases: {/healthz: salary}", "'/healthz' is the server's own"),
        ("aliases: {/page.js: salary}", "'/page.js' is the server's own"),
        ("aliases: {/a: ' '}", "it names no model"),
        ("aliases: {'/a/{x}': one, '/a/b': two}", "it and '/a/{x}' stand for the same paths"),
        ("aliases: {'/a/{x}': one, '/a/{y}': two}", "stand for the same paths"),
        ("alias: {/a: b}", "alias: there is no such key; did you mean 'aliases'?"),
        ("aliases: [a]", "aliases: "),
        ("aliases: {/a: 3}", "Received: 3"),
        ("version: 2", "version: "),
        ("aliases: {", "cannot be read"),
    ],
)
def test_a_file_that_is_not_usable_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ServingError) as refused:
        read(tmp_path, text)
    told = f"{refused.value.message}\n{refused.value.detail}"
    assert said in told and str(tmp_path / aliases.FILE) in told
    assert refused.value.code == Code.INVALID_ARGUMENT


words = st.from_regex(r"\A[A-Za-z0-9._~-]{1,5}\Z")


@given(parts=st.lists(words, min_size=1, max_size=3))
def test_no_alias_takes_a_path_of_the_server(parts: list[str]) -> None:
    path = "/" + "/".join(parts)
    own = path in pages.FILES or parts[0].lower() in aliases._RESERVED
    assert (aliases._mistake(path, path.split("/"), "m") is not None) == own
