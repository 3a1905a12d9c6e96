"""One watcher for a model, whatever the others do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from monitoring.core.errors import MonitoringError
from monitoring.watch.lock import held
from tests.monitoring.looks import killed_at


def test_a_second_watcher_is_told_who_the_first_is(tmp_path: Path) -> None:
    path = tmp_path / "new" / "watch.lock"
    with held(path, "taxi"):
        with pytest.raises(MonitoringError) as raised, held(path, "taxi"):
            pass
        assert raised.value.headline == "'taxi' is being watched already"
        assert f"process {os.getpid()} on " in raised.value.detail
    with held(path, "taxi"):
        pass


def test_a_killed_watcher_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "watch.lock"

    def hold() -> None:
        with held(path, "taxi"):
            (tmp_path / "other").touch()

    assert killed_at(1, tmp_path, hold)
    with held(path, "taxi"):
        pass


@pytest.mark.parametrize("content", ["", "{", "[]", '{"process": 1}'])
def test_a_lock_that_says_nothing_of_its_holder_holds_all_the_same(
    tmp_path: Path, content: str
) -> None:
    path = tmp_path / "watch.lock"
    with held(path, "taxi"):
        path.write_text(content)
        with pytest.raises(MonitoringError, match="by another process"), held(path, "taxi"):
            pass


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "watch.lock").mkdir()
    with (
        pytest.raises(MonitoringError, match="cannot be written"),
        held(tmp_path / "watch.lock", "taxi"),
    ):
        pass
