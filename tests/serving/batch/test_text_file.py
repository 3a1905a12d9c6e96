"""Lines of text in bounded memory, and files that are not whole."""

from __future__ import annotations

import gzip
import tracemalloc
from pathlib import Path

import pytest

from serving.batch import text_file
from serving.batch.text_file import TextFile
from serving.core.errors import Code, ServingError


@pytest.mark.parametrize("packed", [False, True])
def test_lines_keep_their_ends(packed: bool, tmp_path: Path) -> None:
    text = "\ufeffa\r\nb\n\nc\rd"
    path = tmp_path / "rows"
    path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    with TextFile(path) as file:
        assert list(file) == ["a\r\n", "b\n", "\n", "c\r", "d"]


def test_what_is_no_utf8_is_kept_and_told(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    path.write_bytes(b"gr\xfcn\n\xc3\xbc\n")
    with TextFile(path) as file:
        assert [text_file.is_utf8(line) for line in file] == [False, True]


@pytest.mark.parametrize("line", [b"a", b'"a\n'], ids=["one line", "a quote that stays open"])
def test_a_bomb_is_refused_in_little_memory(
    line: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_file, "LONGEST_ROW", 100_000)
    path = tmp_path / "rows.csv.gz"
    path.write_bytes(gzip.compress(b"x\n" + line * 5_000_000, 1))
    tracemalloc.start()
    with TextFile(path) as file, pytest.raises(ServingError, match="gz has a row") as error:
        for _ in file:
            pass
    assert error.value.code is Code.INVALID_ARGUMENT
    assert tracemalloc.get_traced_memory()[1] < 3_000_000
    tracemalloc.stop()


def test_rows_are_counted_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_file, "LONGEST_ROW", 10)
    path = tmp_path / "rows"
    path.write_text("123456\n" * 5)
    with TextFile(path) as file:
        for _ in range(5):
            file.begin_row()
            assert next(file) == "123456\n"


@pytest.mark.parametrize("left", [12, 40, 200, -1])
def test_damaged_gzip_names_the_file(left: int, tmp_path: Path) -> None:
    whole = gzip.compress(b"".join(b"%d,%d\n" % (n * n, n**3) for n in range(5_000)))
    path = tmp_path / "rows.csv.gz"
    path.write_bytes(whole[:left])
    with TextFile(path) as file, pytest.raises(ServingError, match="gz is damaged") as error:
        list(file)
    assert error.value.code is Code.DATA_LOSS


@pytest.mark.parametrize("place", [15, 100, 2_000])
def test_flipped_bytes_of_gzip_name_the_file(place: int, tmp_path: Path) -> None:
    whole = bytearray(gzip.compress(b"".join(b"%d,%d\n" % (n * n, n**3) for n in range(5_000))))
    whole[place] ^= 0xFF
    path = tmp_path / "rows.csv.gz"
    path.write_bytes(whole)
    with TextFile(path) as file, pytest.raises(ServingError, match="gz is damaged"):
        list(file)
