"""Documents: written whole, checked when they are read."""

from __future__ import annotations

import resource
import signal
from pathlib import Path

import pytest

from monitoring.core.errors import MonitoringError
from monitoring.core.record import Record, read, write


class Document(Record):
    number: int
    share: float | None = None


def test_a_document_comes_back_and_later_keys_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "d.json"
    write(path, Document(number=3))
    assert read(path, Document, "It", "Do.") == Document(number=3)
    path.write_text('{"number": 3, "later": 1}')
    assert read(path, Document, "It", "Do.") == Document(number=3)
    assert [each.name for each in path.parent.iterdir()] == ["d.json"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "the document"), ("[]", "the document"), ("{}", "number"),
        ('{"number": "x"}', "number"), ('{"number": 1, "share": NaN}', "share"),
        (None, "No such file"),
    ],
)  # fmt: skip
def test_what_is_none_is_told_with_file_and_key(
    tmp_path: Path, content: str | None, said: str
) -> None:
    path = tmp_path / "d.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(MonitoringError) as raised:
        read(path, Document, "The document", "Write it again.")
    assert raised.value.headline == f"The document {path} cannot be read"
    assert said in raised.value.detail and raised.value.remedy == "Write it again."


def test_where_there_is_no_room_the_old_content_stays_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "d.json"
    write(path, Document(number=3))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, limits[1]))
        with pytest.raises(MonitoringError, match="cannot be written"):
            write(path, Document(number=10**30))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert read(path, Document, "", "") == Document(number=3)
    assert list(tmp_path.iterdir()) == [path]
