"""What routing has counted, as metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from serving.core.metrics import Gauge
from serving.routing import significance
from serving.routing.observations import Observed
from serving.routing.router import Router

_VARIANT = ("model_name", "version", "variant")
_QUANTILES = (0.5, 0.95)


def gauges(router: Router) -> tuple[Gauge, ...]:
    """By model, version and variant, since each model's last change of route."""

    def each(value: Callable[[Observed], float]) -> Callable[[], Iterable[tuple[tuple, float]]]:
        return lambda: [
            ((model, str(version), variant), value(seen))
            for model, variants in sorted(router.observed().items())
            for (version, variant), seen in sorted(variants.items())
        ]

    def quantiles() -> Iterable[tuple[tuple, float]]:
        for model, variants in sorted(router.observed().items()):
            for (version, variant), seen in sorted(variants.items()):
                key = (model, str(version), variant)
                for q in _QUANTILES:
                    yield (*key, "seconds", f"{q:g}"), significance.quantile(seen.seconds.values, q)
                    for name, sample in sorted(seen.outputs.items()):
                        yield (*key, name, f"{q:g}"), significance.quantile(sample.values, q)

    return (
        Gauge("serving_variant_requests", "Requests that routing shared out, since the route was "
              "last changed.", _VARIANT, each(lambda seen: seen.requests)),
        Gauge("serving_variant_errors", "Those of them that failed.", _VARIANT,
              each(lambda seen: seen.errors)),
        Gauge("serving_variant_quantile", "Quantiles of a sample of their latencies ('seconds') "
              "and of each output.", (*_VARIANT, "of", "quantile"), quantiles),
    )  # fmt: skip
