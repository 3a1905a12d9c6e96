"""The copy in which the demonstration runs."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from monitoring.core.errors import MonitoringError
from monitoring.core.settings import read_settings
from monitoring.demo.desk import Desk, lines, without_key
from monitoring.loop import rule


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a: 1\nmonitoring:\n  b: 2\n\n  c: 3\nd: 4\n", "a: 1\nd: 4\n"),
        ("monitoring: {b: 2}\n", ""),
        ("a: {monitoring: 1}\n", "a: {monitoring: 1}\n"),
        ("monitoring_of: 1\n", "monitoring_of: 1\n"),
    ],
)
def test_a_key_is_taken_out_with_what_is_below_it(text: str, left: str) -> None:
    assert without_key(text, "monitoring") == left


@pytest.mark.slow
def test_the_copy_is_one_that_is_watched(tmp_path: Path) -> None:
    folder = tmp_path / "desk"
    folder.mkdir()
    (folder / "left").touch()
    desk = Desk(folder)
    assert not (folder / "left").exists()
    desk.configure(500)
    settings = read_settings(folder / "models", "taxi")
    assert settings.window_rows == 500 and settings.on_alarm == "retrain"
    content = yaml.safe_load((folder / "models" / "taxi" / "config.yaml").read_text())
    assert content["label"]["name"] == "big_tipper"
    assert rule.read(folder / "release.yaml").requests == 100
    desk.allow("payment_type", "Mobile")
    assert '  value: "Mobile"\n' in (folder / "models" / "taxi" / "schema.pbtxt").read_text()
    with pytest.raises(MonitoringError, match="no string_domain"):
        desk.allow("fare", "Mobile")
    assert "usage" in desk.run("monitoring", "watch", "--help").lower()
    with pytest.raises(MonitoringError, match="ended with status 2"):
        desk.run("monitoring", "watch", "none")
    desk.stop(desk.start("x", "http.server", "0"))
    desk.close()


def test_lines_that_are_no_json_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b'{"a": 1}\nx\n[]\n\xff\n{"b": 2}')
    assert lines(tmp_path / "log") == [{"a": 1}, {"b": 2}]
