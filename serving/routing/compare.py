"""Whether a canary differs from the stable version, by tests and in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from serving.core.errors import Code, ServingError
from serving.core.files.settings_file import did_you_mean
from serving.core.hooks import MIRROR
from serving.model import models_config
from serving.routing import observations, significance, state
from serving.routing.observations import ERRORS, SECONDS, Observed
from serving.routing.state import CANARY, STABLE, Rollback

ALPHA = 0.05
"""How often versions that do not differ are said to, over all of a comparison's tests together."""
ENOUGH = 30
"""Answers of each side below which nothing is said."""
_FALSE = 0.01
"""How often canaries that are no worse are rolled back, over all looks at them."""
_LOOKED_AT = 2
"""Errors and latency."""


@dataclass(frozen=True)
class Difference:
    """One thing in which two variants may differ."""

    name: str
    """`errors`, `latency`, or the name of an output."""
    stable: float
    """The share of errors, the median latency in seconds, or the median of the output."""
    other: float
    p_value: float
    """Adjusted for the number of tests."""

    @property
    def significant(self) -> bool:
        """Whether chance is an unlikely explanation."""
        return self.p_value < ALPHA


@dataclass(frozen=True)
class Comparison:
    """A variant beside the stable version."""

    model: str
    variant: str
    """`canary` or `mirror`."""
    stable_version: int
    version: int
    since: datetime | None
    stable: Observed
    other: Observed
    differences: tuple[Difference, ...]

    @property
    def enough(self) -> bool:
        """Whether both sides have answered often enough."""
        return min(self.stable.requests, self.other.requests) >= ENOUGH

    def words(self) -> list[str]:
        """The verdict, a line for each thing that differs."""
        who = f"the {self.variant} (version {self.version})"
        if not self.enough:
            return [
                f"Too early to say: stable has {self.stable.requests} requests and {who} has "
                f"{self.other.requests}; {ENOUGH} of each are needed."
            ]
        found = [
            _in_words(difference, who) for difference in self.differences if difference.significant
        ]
        return found or [
            f"No difference between stable (version {self.stable_version}) and {who} that chance "
            "does not explain."
        ]


def compare(folder: Path, model: str) -> list[Comparison]:
    """Compares the canary, and mirrored traffic, with the stable version.

    Args:
        folder: The serving folder.
        model: The model's name.

    Raises:
        ServingError: The model has no canary.
    """
    models = models_config.read(folder / models_config.FILE)
    if model not in models or CANARY not in models[model].labels:
        raise ServingError(
            Code.FAILED_PRECONDITION,
            f"'{model}' has no canary{did_you_mean(model, models)}",
            remedy=f"Name one: python -m serving canary {model} VERSION --share 0.1",
        )
    labels, since = models[model].labels, state.read(folder).of(model).since
    seen = observations.saved(folder, model, since)
    return [
        between(model, labels[STABLE], labels[CANARY], variant, since, seen)
        for variant in (CANARY, MIRROR)
        if variant == CANARY or (labels[CANARY], variant) in seen
    ]


def between(
    model: str,
    stable: int,
    version: int,
    variant: str,
    since: datetime | None,
    seen: Mapping[observations.Key, Observed],
) -> Comparison:
    """Compares what was observed of a variant with what was of the stable version."""
    a, b = seen.get((stable, STABLE), Observed()), seen.get((version, variant), Observed())
    values: dict[str, tuple[float, float]] = {
        "errors": (_rate(a), _rate(b)),
        "latency": (_median(a.seconds.values), _median(b.seconds.values)),
    }
    p = {"errors": b.bets[ERRORS].p_value if ERRORS in b.bets else 1.0}
    p["latency"] = _p_value(b, SECONDS)
    for name in sorted(a.outputs.keys() & b.outputs.keys()):
        values[name] = (_median(a.outputs[name].values), _median(b.outputs[name].values))
        p[name] = _p_value(b, name)
    adjusted = significance.holm(p)
    differences = tuple(Difference(name, *values[name], adjusted[name]) for name in values)
    return Comparison(model, variant, stable, version, since, a, b, differences)


def reason_to_roll_back(stable: Observed, canary: Observed, rules: Rollback) -> str | None:
    """Why a canary breaks its bounds beyond doubt; None if it does not, or too little is known.

    Both sides need `min_requests`. The canary has to have more errors, or to be slower, by a test
    that errs on one of a hundred canaries however long each is watched, and by more than the bound.
    """
    if not rules.enabled or min(stable.requests, canary.requests) < rules.min_requests:
        return None
    more = _rate(canary) - _rate(stable)
    if _surely_more(canary, ERRORS) and more > rules.error_rate:
        return (
            f"{_rate(canary):.1%} of its requests failed, of the stable version's "
            f"{_rate(stable):.1%} (bound: {rules.error_rate:.1%} more)"
        )
    times = _median(stable.seconds.values), _median(canary.seconds.values)
    if _surely_more(canary, f"{SECONDS} 0.5") and times[1] > rules.latency_ratio * times[0]:
        return (
            f"its median latency is {times[1] * 1e3:.1f} ms, the stable version's "
            f"{times[0] * 1e3:.1f} ms (bound: {rules.latency_ratio:g} times)"
        )
    return None


def _surely_more(canary: Observed, name: str) -> bool:
    """Whether it has more of something than the stable version, as seldom wrong as it may be."""
    return name in canary.bets and canary.bets[name].log_more > math.log(_LOOKED_AT / _FALSE)


def _p_value(other: Observed, name: str) -> float:
    """Of a quantity being distributed alike, by how often it is above each of its levels."""
    found = [bets.p_value for key, bets in other.bets.items() if key.rpartition(" ")[0] == name]
    return min(1.0, len(found) * min(found)) if found else 1.0


def _rate(seen: Observed) -> float:
    counts = seen.counts.get(ERRORS)
    return counts.events / counts.observed if counts else math.nan


def _median(values: list[float]) -> float:
    return significance.quantile(values, 0.5)


def _in_words(difference: Difference, who: str) -> str:
    p = f"p = {difference.p_value:.2g}" if difference.p_value >= 1e-4 else "p < 0.0001"
    a, b = difference.stable, difference.other
    if difference.name == "errors":
        more = "more" if b > a else "less"
        return f"{who} fails {more} often: {b:.2%} of its requests, stable's {a:.2%} ({p})."
    if difference.name == "latency":
        slower = "slower" if b > a else "faster"
        return f"{who} is {slower}: median {b * 1e3:.2f} ms, stable's {a * 1e3:.2f} ms ({p})."
    return (
        f"{who} answers differently: the distribution of '{difference.name}' is another, "
        f"median {b:.4g}, stable's {a:.4g} ({p})."
    )
