"""What Prometheus is told."""

from __future__ import annotations

import socket
import urllib.request
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from monitoring.core.errors import MonitoringError
from monitoring.watch.gauges import MOST_FINDINGS, Gauges
from tests.monitoring.looks import finding, look


def values(text: str, name: str) -> dict[tuple[str, ...], float]:
    """The values of a metric, by those of its labels."""
    return {
        tuple(sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name
    }


def test_the_file_has_the_last_look(tmp_path: Path) -> None:
    gauges = Gauges("taxi", file=tmp_path / "new" / "taxi.prom")
    gauges.look(look(finding(), finding("miles", "same"), number=4, refused=25))
    gauges.step("retraining")
    gauges.step("idle")
    gauges.round(1000.0, failed=False)
    gauges.round(2000.0, failed=True)
    text = (tmp_path / "new" / "taxi.prom").read_text()
    assert values(text, "monitoring_alarm") == {("taxi", "1"): 1}
    assert values(text, "monitoring_look") == {("taxi", "1"): 4}
    assert values(text, "monitoring_refused_share") == {("taxi", "1"): 0.25}
    assert values(text, "monitoring_last_round_timestamp_seconds") == {("taxi",): 1000}
    assert values(text, "monitoring_errors_total") == {("taxi",): 1}
    assert values(text, "monitoring_loop") == {("taxi", "retraining"): 0, ("taxi", "idle"): 1}
    assert len(values(text, "monitoring_effect")) == 2


def test_series_do_not_grow_with_looks_or_features(tmp_path: Path) -> None:
    gauges = Gauges("taxi", file=tmp_path / "taxi.prom")
    for number in range(3):
        gauges.look(look(*(finding(f"f{number}_{feature}") for feature in range(500))))
    gauges.round(0.0, failed=False)
    assert len(values((tmp_path / "taxi.prom").read_text(), "monitoring_effect")) == MOST_FINDINGS


def test_a_port_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(MonitoringError, match=f"Port {port} cannot be opened"):
            Gauges("taxi", port=port)
    Gauges("taxi", port=port).look(look())
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        assert values(answer.read().decode(), "monitoring_alarm") == {("taxi", "1"): 0}


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    with pytest.raises(MonitoringError, match="--metrics-file"):
        Gauges("taxi", file=tmp_path / "taken" / "taxi.prom").round(0.0, failed=False)
