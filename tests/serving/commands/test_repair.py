"""`repair` says what it would do, and does it when it is told to."""

from __future__ import annotations

from pathlib import Path

import pytest

from serving.commands import main


def typed(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["serving", "repair", *arguments])
        with pytest.raises(SystemExit) as end:
            main.main()
    told = capsys.readouterr()
    return int(end.value.code or 0), told.out + told.err


def test_a_damaged_file_is_told_and_then_set_aside(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "routing.json").write_text("{")
    folder = ("--models", str(tmp_path))
    status, told = typed(capsys, *folder)
    assert status == 1 and "would do: Set it aside." in told
    assert f"serving repair --models {tmp_path} --apply" in told
    status, told = typed(capsys, *folder, "--apply")
    assert status == 0 and "is in order" not in told and "are in order" in told
    assert not (tmp_path / "routing.json").exists()
    status, told = typed(capsys, *folder)
    assert (status, told) == (0, f"The files of {tmp_path} are in order.\n")


def test_a_folder_that_is_not_there_is_a_mistake(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, told = typed(capsys, "--models", str(tmp_path / "gone"))
    assert status == 2 and "There is no serving folder" in told
