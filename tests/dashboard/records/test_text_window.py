from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.records.text_window import WINDOW, plain, window


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "tfx.log"
    path.write_text("".join(f"line {number}\n" for number in range(60_000)))
    return path


def test_the_end_of_a_long_file_and_back_to_its_start(log: Path) -> None:
    last = window(log)
    assert last["end"] == last["size"] == log.stat().st_size
    assert len(last["text"]) <= WINDOW
    assert last["text"].startswith("line ")
    text, start = last["text"], last["start"]
    while start > 0:
        earlier = window(log, before=start)
        text, start = earlier["text"] + text, earlier["start"]
    assert text == log.read_text()


def test_a_growing_file_is_followed(log: Path) -> None:
    log.write_text("one\ntw")
    first = window(log)
    assert (first["text"], first["partial"]) == ("one\n", "tw")
    with log.open("a") as file:
        file.write("o\nthree\n")
    second = window(log, start=first["end"])
    assert (second["text"], second["partial"]) == ("two\nthree\n", "")
    assert window(log, start=second["end"])["text"] == ""


def test_following_from_the_start_gives_the_whole_file(log: Path) -> None:
    text, end = "", 0
    while end < log.stat().st_size:
        part = window(log, start=end)
        text, end = text + part["text"], part["end"]
    assert text == log.read_text()


def test_a_file_that_was_begun_anew_is_read_from_its_end(log: Path) -> None:
    size = log.stat().st_size
    log.write_text("new\n")
    assert window(log, start=size)["text"] == "new\n"


def test_one_long_line_does_not_stop_the_reading(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("x" * (3 * WINDOW))
    end, length = 0, 0
    while end < 3 * WINDOW:
        part = window(path, start=end)
        assert part["end"] > end
        end, length = part["end"], length + len(part["text"])
    assert length == 3 * WINDOW
    last = window(path)
    assert (last["start"], last["end"]) == (2 * WINDOW, 3 * WINDOW)
    assert (last["text"], last["partial"]) == ("x" * WINDOW, "")


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("\x1b[1;32mgreen\x1b[0m", "green"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("1/3\r2/3\r3/3\n", "3/3\n"),
        ("done\r\nnext\r\n", "done\nnext\n"),
        ("3/3\r", "3/3"),
        ("a\x00b\x07\tc", "ab\tc"),
        ("\x1b[2K\x1b[1Gnow", "now"),
        ("<script>", "<script>"),
        ("\x1b", ""),
    ],
)
def test_terminal_codes_are_left_out(written: str, shown: str) -> None:
    assert plain(written) == shown


@given(st.binary(max_size=200))
def test_any_bytes_are_text(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any bytes"
    path.write_bytes(content)
    answer = window(path)
    assert "\x1b" not in answer["text"] + answer["partial"]
    assert answer["size"] == len(content)
