"""What became of the request log's entries, as metrics."""

from __future__ import annotations

from pathlib import Path

from serving.core.metrics import Metrics
from serving.request_log.gauges import gauges
from serving.request_log.log import Counts, RequestLog
from serving.request_log.settings import LogSettings


def test_each_outcome_is_a_sample(tmp_path: Path) -> None:
    log = RequestLog(tmp_path, LogSettings())
    metrics = Metrics()
    for gauge in gauges(log):
        metrics.add(gauge)
    log._counts = Counts(stored=4, left_out=3, queue_full=2, failed=1, restored=5, lost=6)
    text = metrics.text()
    log.close()
    assert [line for line in text.splitlines() if "entries{" in line] == [
        f'serving_request_log_entries{{outcome="{outcome}"}} {count}'
        for outcome, count in (
            ("stored", 4),
            ("left_out", 3),
            ("queue_full", 2),
            ("failed", 1),
            ("restored", 5),
            ("lost", 6),
        )
    ]
