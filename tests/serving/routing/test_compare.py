"""When a canary is rolled back, and what is said about it."""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
import pytest

from serving.core.hooks import Outcome
from serving.routing import compare
from serving.routing.observations import Key, Observations, Observed
from serving.routing.state import Rollback

STABLE, CANARY = (2, "stable"), (3, "canary")
RULES = Rollback(min_requests=100, error_rate=0.05, latency_ratio=2.0)


@dataclass
class Version:
    """How a version answers."""

    errors: float = 0.0
    """The share of its requests."""
    seconds: float = 0.01
    """The median."""
    output: float = 0.5
    """The mean of what it answers."""
    not_finite: float = 0.0
    """The share of answers with NaN."""


def watched(
    stable: Version, canary: Version, requests: int = 3000, share: float = 0.3, sticky: int = 0
) -> dict[Key, Observed]:
    """What is observed of requests that are shared out, by a seeded experiment."""
    dice = random.Random(1)
    seen = Observations()
    for number in range(requests):
        key = str(number % sticky) if sticky else None
        drawn = random.Random(key).random() if key else dice.random()
        place, version = (CANARY, canary) if drawn < share else (STABLE, stable)
        value = np.nan if dice.random() < version.not_finite else dice.gauss(version.output, 1)
        status = 500 if dice.random() < version.errors else 200
        seconds = version.seconds * dice.uniform(0.5, 1.5)
        outputs = {} if status == 500 else {"y": np.array([value], np.float32)}
        seen.add(Outcome("taxi", *place, seconds, status, outputs, key))
        if number % 20 == 0:
            seen.bet("taxi", STABLE, CANARY, share)
    return seen.of("taxi")


GOOD = Version()


@pytest.mark.parametrize(
    ("stable", "canary", "rules", "why"),
    [
        (GOOD, Version(errors=0.2), RULES, "of its requests failed"),
        (GOOD, Version(not_finite=1), RULES, "100.0% of its requests failed"),
        (GOOD, Version(not_finite=1), Rollback(), "100.0% of its requests failed"),
        (Version(not_finite=1), Version(not_finite=1), RULES, None),
        (GOOD, Version(errors=0.2), Rollback(enabled=False), None),
        (GOOD, Version(errors=0.2), Rollback(min_requests=5000), None),
        (Version(errors=0.5), Version(errors=0.52), RULES, None),
        (Version(errors=0.1), Version(errors=0.2), RULES, "of its requests failed"),
        (GOOD, Version(errors=0.04), RULES, None),
        (GOOD, Version(errors=0.04), Rollback(), "of its requests failed"),
        (Version(errors=0.6), Version(errors=0.2), RULES, None),
        (GOOD, Version(seconds=0.05), RULES, "its median latency is"),
        (GOOD, Version(seconds=0.05), Rollback(latency_ratio=6), None),
        (Version(seconds=0.05), GOOD, RULES, None),
        (GOOD, GOOD, Rollback(), None),
    ],
)
def test_a_canary_is_rolled_back_beyond_its_bounds_and_beyond_doubt(
    stable: Version, canary: Version, rules: Rollback, why: str | None
) -> None:
    seen = watched(stable, canary)
    told = compare.reason_to_roll_back(seen[STABLE], seen[CANARY], rules)
    assert told is None if why is None else why in (told or "")


@pytest.mark.parametrize(
    ("stable", "canary", "words"),
    [
        (GOOD, GOOD, "No difference between stable (version 2)"),
        (GOOD, Version(errors=0.1), "the canary (version 3) fails more often"),
        (GOOD, Version(not_finite=1), "the canary (version 3) fails more often: 100.00%"),
        (Version(errors=0.1), GOOD, "the canary (version 3) fails less often: 0.00%"),
        (GOOD, Version(seconds=0.05), "the canary (version 3) is slower: median"),
        (Version(seconds=0.05), GOOD, "the canary (version 3) is faster: median"),
        (GOOD, Version(output=2), "the distribution of 'y' is another"),
    ],
)
def test_the_verdict_in_words(stable: Version, canary: Version, words: str) -> None:
    found = compare.between("taxi", 2, 3, "canary", None, watched(stable, canary))
    assert words in " ".join(found.words())


@pytest.mark.parametrize(
    ("stable", "canary", "words"),
    [
        (29, 1000, "Too early to say: stable has 29 requests"),
        (1000, 29, "the canary (version 3) has 29; 30 of each are needed"),
        (30, 30, "No difference between stable (version 2)"),
    ],
)
def test_few_requests_are_too_early(stable: int, canary: int, words: str) -> None:
    seen = {STABLE: Observed(stable), CANARY: Observed(canary)}
    found = compare.between("taxi", 2, 3, "canary", None, seen)
    assert words in " ".join(found.words())


def test_a_sticky_key_is_one_observation() -> None:
    """Three users whose requests always fail are no reason, however often they ask."""
    seen = watched(Version(errors=0), Version(errors=1), requests=3000, sticky=9)
    assert seen[CANARY].requests > 100
    assert sum(of.counts["errors"].observed for of in seen.values()) == 9
    assert compare.reason_to_roll_back(seen[STABLE], seen[CANARY], RULES) is None
