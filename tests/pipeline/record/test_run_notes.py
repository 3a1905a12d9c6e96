"""Whether a run is archived, whatever its notes hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.record.run_notes import FILE, is_archived


@pytest.mark.parametrize(
    ("content", "archived"),
    [
        ('{"archived": true}', True),
        ('{"archived": false}', False),
        ('{"archived": 1}', False),
        ("{}", False),
        ("[true]", False),
        ("{", False),
        ("[" * 100_000, False),
        (None, False),
    ],
)
def test_a_run_is_archived_where_its_notes_say_so(
    content: str | None, archived: bool, tmp_path: Path
) -> None:
    (tmp_path / "a").mkdir()
    if content is not None:
        (tmp_path / "a" / FILE).write_text(content)
    assert is_archived("a", tmp_path) is archived
