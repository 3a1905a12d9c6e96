"""When a canary is rolled back, and what is said about it."""

from __future__ import annotations

import pytest

from serving.routing import compare
from serving.routing.observations import Observed, Sample
from serving.routing.state import Rollback

RULES = Rollback(min_requests=100, error_rate=0.05, latency_ratio=2.0)


def seen(requests: int = 1000, errors: int = 0, seconds: list[float] | None = None) -> Observed:
    values = [0.01 + place * 1e-6 for place in range(1000)] if seconds is None else seconds
    return Observed(requests, errors, Sample(values, len(values)))


SLOW = [0.05 + place * 1e-6 for place in range(1000)]
# Medians of 0.01 and 0.03 that chance explains: 11 of 20, and 9 of 20.
FEW, FEW_OTHERS = [0.01] * 11 + [0.03] * 9, [0.01] * 9 + [0.03] * 11


@pytest.mark.parametrize(
    ("stable", "canary", "rules", "why"),
    [
        (seen(), seen(errors=200), RULES, "20.0% of its requests failed"),
        (seen(), seen(errors=200), Rollback(enabled=False), None),
        (seen(requests=99), seen(errors=200), RULES, None),
        (seen(), seen(requests=99, errors=99), RULES, None),
        (seen(), seen(requests=100, errors=99), RULES, "99.0%"),
        (seen(errors=500), seen(errors=520), RULES, None),
        # Beyond the bound, but not beyond doubt.
        (seen(), seen(errors=60), RULES, None),
        (seen(errors=600), seen(errors=200), RULES, None),
        (seen(), seen(seconds=SLOW), RULES, "its median latency is 50.5 ms"),
        (seen(), seen(seconds=SLOW), Rollback(latency_ratio=6), None),
        (seen(seconds=FEW), seen(seconds=FEW_OTHERS), RULES, None),
        (seen(seconds=SLOW), seen(), RULES, None),
        (seen(seconds=[]), seen(seconds=[]), RULES, None),
    ],
)
def test_a_canary_is_rolled_back_beyond_its_bounds_and_beyond_doubt(
    stable: Observed, canary: Observed, rules: Rollback, why: str | None
) -> None:
    told = compare.reason_to_roll_back(stable, canary, rules)
    assert told is None if why is None else why in (told or "")


@pytest.mark.parametrize(
    ("stable", "canary", "words"),
    [
        (seen(29), seen(), "Too early to say: stable has 29 requests"),
        (seen(), seen(29), "the canary (version 3) has 29; 30 of each are needed"),
        (seen(30), seen(30), "No difference between stable (version 2)"),
        (seen(), seen(errors=100), "the canary (version 3) fails more often: 10.00%"),
        (seen(errors=100), seen(), "the canary (version 3) fails less often: 0.00%"),
        (seen(), seen(seconds=SLOW), "the canary (version 3) is slower: median 50.50 ms"),
        (seen(seconds=SLOW), seen(), "the canary (version 3) is faster: median 10.50 ms"),
    ],
)
def test_the_verdict_in_words(stable: Observed, canary: Observed, words: str) -> None:
    both = {(2, "stable"): stable, (3, "canary"): canary}
    found = compare.between("taxi", 2, 3, "canary", None, both)
    assert words in " ".join(found.words())


def test_many_outputs_do_not_make_an_alarm_of_chance() -> None:
    # One of 40 outputs has a p-value of about 0.02, which is nothing among 42 tests.
    outputs = {f"y{n}": Sample([float(v) for v in range(50)], 50) for n in range(40)}
    shifted = {**outputs, "y7": Sample([v + 16.0 for v in range(50)], 50)}
    both = {
        (2, "stable"): Observed(50, 0, Sample(), outputs),
        (3, "canary"): Observed(50, 0, Sample(), shifted),
    }
    found = compare.between("taxi", 2, 3, "canary", None, both)
    assert not [d.name for d in found.differences if d.significant]
    only = {key: Observed(50, 0, Sample(), {"y7": s.outputs["y7"]}) for key, s in both.items()}
    (difference,) = (
        d for d in compare.between("taxi", 2, 3, "canary", None, only).differences if d.name == "y7"
    )
    assert difference.significant
