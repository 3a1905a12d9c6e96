"""What routing has counted, as metrics."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from serving.core.hooks import Outcome
from serving.core.metrics import Metrics
from serving.routing.gauges import gauges
from serving.routing.router import Router


def test_each_variant_has_its_counts_and_quantiles(tmp_path: Path) -> None:
    router, metrics = Router(tmp_path), Metrics()
    for gauge in gauges(router):
        metrics.add(gauge)
    assert "variant=" not in metrics.text()
    try:
        for seconds in (0.1, 0.2, 0.3):
            outputs = {"y": np.array([seconds * 10])}
            router.observe(Outcome("taxi", 1, "stable", seconds, 200, outputs))
        router.observe(Outcome("taxi", 2, "mirror", 0.5, 503))
        lines = metrics.text().splitlines()
    finally:
        router.close()
    stable = 'model_name="taxi",version="1",variant="stable"'
    mirror = 'model_name="taxi",version="2",variant="mirror"'
    for line in (
        f"serving_variant_requests{{{stable}}} 3",
        f"serving_variant_errors{{{stable}}} 0",
        f'serving_variant_quantile{{{stable},of="seconds",quantile="0.5"}} 0.2',
        f'serving_variant_quantile{{{stable},of="y",quantile="0.5"}} 2',
        f"serving_variant_requests{{{mirror}}} 1",
        f"serving_variant_errors{{{mirror}}} 1",
    ):
        assert line in lines
