"""A folder of this machine as a source."""

from __future__ import annotations

from pathlib import Path

from dashboard.records.sources.folder import FolderSource


def test_all_is_there_already(tmp_path: Path) -> None:
    source = FolderSource(tmp_path)
    source.start()
    source.fetch("any")
    source.publish_notes("any")
    source.stop()
    assert source.folder == tmp_path and list(tmp_path.iterdir()) == []
    assert source.state() == {
        "address": str(tmp_path), "reached": True, "since": None, "problem": ""
    }  # fmt: skip
