"""What `up` plugs into a server, and that what it counts is among the metrics."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from serving.commands import hooks as folder_hooks
from serving.core.hooks import Outcome
from serving.core.metrics import Metrics
from serving.request_log.log import RequestLog
from serving.routing.router import Router
from tests.helpers.log_entries import entry


def test_variants_and_drops_are_counted(tmp_path: Path) -> None:
    (tmp_path / "request_log.yaml").write_text("queue_mb: 0.001")
    hooks = folder_hooks.of_folder(tmp_path)
    try:
        assert isinstance(hooks.router, Router) and isinstance(hooks.request_log, RequestLog)
        for status, y in ((200, 0.25), (200, 0.75), (500, None)):
            outputs = {"y": np.array([[y]])} if status == 200 else {}
            hooks.router.observe(Outcome("taxi", 2, "canary", 0.5, status, outputs))
        assert not hooks.request_log.add(entry(request=b"x" * 2000))
        metrics = Metrics()
        for gauge in hooks.gauges:
            metrics.add(gauge)
        text = metrics.text()
    finally:
        hooks.close()
    canary = 'model_name="taxi",version="2",variant="canary"'
    for line in (
        f"serving_variant_requests{{{canary}}} 3",
        f"serving_variant_errors{{{canary}}} 1",
        f'serving_variant_quantile{{{canary},of="seconds",quantile="0.95"}} 0.5',
        f'serving_variant_quantile{{{canary},of="y",quantile="0.5"}} 0.5',
        f'serving_variant_quantile{{{canary},of="y",quantile="0.95"}} 0.725',
        'serving_request_log_entries{outcome="queue_full"} 1',
        'serving_request_log_entries{outcome="stored"} 0',
    ):
        assert line in text.splitlines()


def test_a_log_that_is_off_counts_nothing(tmp_path: Path) -> None:
    (tmp_path / "request_log.yaml").write_text("enabled: false")
    hooks = folder_hooks.of_folder(tmp_path)
    hooks.close()
    assert hooks.request_log is None
    assert not (tmp_path / ".request_log").exists()
