"""Metrics are in Prometheus' text format."""

from serving.core.metrics import Gauge, Histogram, Metrics


def test_counters_and_histograms_are_written_with_their_labels() -> None:
    metrics = Metrics()
    metrics.requests.add('a"b\\c\nd', "OK")
    metrics.requests.add('a"b\\c\nd', "OK")
    metrics.latency.observe(5, "m", "Predict", "REST")
    metrics.latency.observe(1e12, "m", "Predict", "REST")
    metrics.add(Gauge("state", "A state.", ("model",), lambda: [(("m",), 30)]))
    lines = metrics.text().splitlines()
    assert r':tensorflow:serving:request_count{model_name="a\"b\\c\nd",status="OK"} 2' in lines
    labels = 'model_name="m",API="Predict",entrypoint="REST"'
    name = ":tensorflow:serving:request_latency"
    assert f'{name}_bucket{{{labels},le="10"}} 1' in lines
    assert f'{name}_bucket{{{labels},le="+Inf"}} 2' in lines
    assert f"{name}_count{{{labels}}} 2" in lines
    assert 'state{model="m"} 30' in lines
    assert len([line for line in lines if line.startswith(f"# TYPE {name} ")]) == 1


def test_a_histogram_counts_up_to_and_with_its_bounds() -> None:
    histogram = Histogram("rows", "Rows.", ("model",), (1.0, 2.0, 4.0))
    for value in (1.0, 2.0, 2.5, 9.0):
        histogram.observe(value, "m")
    assert dict(histogram.samples()) == {
        'rows_bucket{model="m",le="1"}': 1,
        'rows_bucket{model="m",le="2"}': 2,
        'rows_bucket{model="m",le="4"}': 3,
        'rows_bucket{model="m",le="+Inf"}': 4,
        'rows_sum{model="m"}': 14.5,
        'rows_count{model="m"}': 4,
    }
