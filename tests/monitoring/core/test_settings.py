"""The settings in a model's `config.yaml`."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitoring.core.errors import MonitoringError
from monitoring.core.settings import Settings, read_settings


def config(tmp_path: Path, text: str) -> Path:
    (tmp_path / "taxi").mkdir(exist_ok=True)
    (tmp_path / "taxi" / "config.yaml").write_text(text)
    return tmp_path


@pytest.mark.parametrize("text", ["", "label: x\n", "monitoring:\n", "monitoring: {}\n", "- 1\n"])
def test_what_is_not_said_has_its_default(tmp_path: Path, text: str) -> None:
    assert read_settings(config(tmp_path, text), "taxi") == Settings()
    assert read_settings(tmp_path / "none", "taxi") == Settings()


def test_what_is_said_holds(tmp_path: Path) -> None:
    text = "monitoring: {window_rows: 7, alarm_on: [outputs], matters_from: {PSI: 0.2}}"
    found = read_settings(config(tmp_path, text), "taxi")
    assert (found.window_rows, found.alarm_on) == (7, ("outputs",))
    assert found.matters_from == {"PSI": 0.2}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{window_rows: 0}", "monitoring.window_rows"),
        ("{window_row: 3}", "monitoring.window_row"),
        ("{false_alarms: .nan}", "NaN"),
        ("{false_alarms: 1}", "monitoring.false_alarms"),
        ("{alarm_on: [output]}", "monitoring.alarm_on.0"),
        ("{on_alarm: retrains}", "'retrains'"),
        ("{matters_from: {psi: 0.2}}", "`monitoring.matters_from.psi` cannot be used"),
        ("{matters_from: {psi: 0.2}}", "Received: 'psi'. Input should be 'PSI', 'L-infinity'"),
        ("{canary_share: 1}", "monitoring.canary_share"),
        ("3", "`monitoring`"),
    ],
)
def test_a_mistake_is_told_with_its_key_and_what_was_received(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(MonitoringError) as raised:
        read_settings(config(tmp_path, f"monitoring: {text}"), "taxi")
    assert said in str(raised.value) and "config.yaml" in raised.value.headline


def test_a_file_that_is_no_yaml_is_told(tmp_path: Path) -> None:
    with pytest.raises(MonitoringError, match="cannot be read"):
        read_settings(config(tmp_path, "a: ["), "taxi")
