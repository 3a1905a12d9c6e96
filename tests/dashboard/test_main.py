"""`python -m dashboard`: its command line, and what it says where it cannot serve."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from dashboard import __main__ as command
from dashboard.errors import DashboardError
from dashboard.records.sources.folder import Source

HERE = [str(command.RUNS)]


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the server was asked for, instead of a server."""
    calls: list[Any] = []

    def serve(
        places: Sequence[Source], *given: Any, open_browser: bool | None, public: str
    ) -> None:
        calls.append(
            [[one.address for one in places], *given, open_browser, *filter(None, [public])]
        )

    monkeypatch.setattr(command, "serve", serve)
    return calls


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], [HERE, command.SERVING, "127.0.0.1", 8050, None]),
        (["--runs", "/a", "--port", "0"], [["/a"], command.SERVING, "127.0.0.1", 0, None]),
        (
            ["--runs", "/a", "gs://b/runs", "--runs", "s3://c/runs/"],
            [["/a", "gs://b/runs", "s3://c/runs"], command.SERVING, "127.0.0.1", 8050, None],
        ),
        (["--serving", "/b"], [HERE, Path("/b"), "127.0.0.1", 8050, None]),
        (["--host", "0.0.0.0", "--open"], [HERE, command.SERVING, "0.0.0.0", 8050, True]),
        (
            ["--url", "https://runs.example.com"],
            [HERE, command.SERVING, "127.0.0.1", 8050, None, "https://runs.example.com"],
        ),
        (["--no-open"], [HERE, command.SERVING, "127.0.0.1", 8050, False]),
    ],
)
def test_the_options_reach_the_server(
    arguments: list[str], expected: list[Any], served: list[Any]
) -> None:
    assert command.main(arguments) == 0
    assert served == [expected]


@pytest.mark.parametrize("port", ["-1", "65536", "x", "1.5", ""])
def test_a_port_that_is_none_is_a_mistake(
    port: str, served: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        command.main([f"--port={port}"])
    assert caught.value.code == 2 and not served
    assert f"expected a number from 0 to 65535, received {port!r}" in capsys.readouterr().err


def test_where_it_cannot_serve_it_says_why(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise DashboardError("The port is taken", remedy="Choose another.")

    monkeypatch.setattr(command, "serve", fail)
    assert command.main([]) == 2
    assert capsys.readouterr().err == "error: The port is taken\nChoose another.\n"


@pytest.mark.parametrize("url", ["runs.example.com", "https://", "ftp://x"])
def test_an_address_that_is_none_is_a_mistake(
    url: str, served: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        command.main(["--url", url])
    assert "expected https://host" in capsys.readouterr().err and not served


@pytest.mark.parametrize("place", ["ftp://b/runs", "gs://", "gs:///"])
def test_a_place_that_cannot_be_read_is_told(
    place: str, served: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["--runs", place]) == 2 and not served
    assert place in capsys.readouterr().err
