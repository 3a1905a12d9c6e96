"""Policies, read from files."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitoring.core.errors import MonitoringError
from monitoring.core.settings import Settings
from monitoring.replay.policies import read


def test_policies_are_named_by_their_files(tmp_path: Path) -> None:
    for name, text in (
        ("eager", "window_rows: 100\non_alarm: retrain\n"),
        ("whole", "label: {name: x}\nmonitoring: {window_rows: 7}\n"),
        ("empty", ""),
    ):
        (tmp_path / f"{name}.yaml").write_text(text)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "eager.yaml").write_text("window_rows: 3")
    paths = [tmp_path / f"{name}.yaml" for name in ("eager", "whole", "empty", "other/eager")]
    assert read(paths) == {
        "eager": Settings(window_rows=100, on_alarm="retrain"),
        "whole": Settings(window_rows=7),
        "empty": Settings(),
        str(paths[-1]): Settings(window_rows=3),
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("windows: 3", "`windows`"),
        ("window_rows: 0", "`window_rows`"),
        ("monitoring: {window_rows: x}", "`window_rows`"),
        ("- 3", "`the file`"),
        ("[", "cannot be read"),
    ],
)
def test_a_policy_that_is_no_use_is_told_with_its_key(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "p.yaml").write_text(text)
    with pytest.raises(MonitoringError) as raised:
        read([tmp_path / "p.yaml"])
    assert said in raised.value.headline and "p.yaml" in raised.value.headline


def test_a_policy_that_is_missing_or_named_twice_is_told(tmp_path: Path) -> None:
    with pytest.raises(MonitoringError, match="cannot be read"):
        read([tmp_path / "none.yaml"])
    path = tmp_path / "p.yaml"
    path.write_text("")
    with pytest.raises(MonitoringError, match="named twice"):
        read([path, path, path])
