"""How often automatic rollback errs, and how soon it finds a bad canary, by simulation.

    python -m benchmarks.rollback [CANARIES]

For each share of errors and of traffic: of identical versions, how many are rolled back within 30
days of 10 requests a second; of canaries with twice the errors, after how many times the requests
of the best test of a fixed sample (errors of 1 % and 10 %) half of them are found.
"""

from __future__ import annotations

import math
import sys

import numpy as np

from serving.routing.sequential import Bets, Counts

_SURE = math.log(2 / 0.01)
_LOOKS_A_DAY, _REQUESTS = 2 * 86_400, 5


def looks_until_found(
    random: np.random.Generator, rates: tuple[float, float], share: float, looks: int, each: int
) -> float:
    """After how many looks a canary is rolled back; infinity if it is not."""
    bets = Bets()
    canary = random.binomial(each, share, looks)
    errors = random.binomial(canary, rates[1]), random.binomial(each - canary, rates[0])
    for look in range(looks):
        stable = Counts(int(each - canary[look]), int(errors[1][look]))
        bets.add(share, stable, Counts(int(canary[look]), int(errors[0][look])))
        if bets.log_more > _SURE:
            return look + 1
    return math.inf


def fixed_sample(rate: float, share: float) -> float:
    """Requests that the two-proportion test needs to find twice the share of errors."""
    mean, twice = (1 + share) * rate, 2 * rate
    null = 2.326 * math.sqrt(mean * (1 - mean) / share / (1 - share))
    other = 1.282 * math.sqrt(twice * (1 - twice) / share + rate * (1 - rate) / (1 - share))
    return ((null + other) / rate) ** 2


def main() -> None:
    """Prints a line for each case."""
    canaries = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    random = np.random.default_rng(1)
    for rate in (0.001, 0.01, 0.1, 0.3):
        for share in (0.05, 0.1, 0.5, 0.9):
            # As many requests as 30 days bring, in fewer looks: the fewer, the larger the steps.
            looks, each = 3000, 30 * _LOOKS_A_DAY * _REQUESTS // 3000
            false = [
                looks_until_found(random, (rate, rate), share, looks, each) < math.inf
                for _ in range(canaries)
            ]
            fixed = fixed_sample(rate, share)
            step = max(1, int(fixed / 100))
            found = [
                looks_until_found(random, (rate, 2 * rate), share, 1000, step) * step / fixed
                for _ in range(canaries)
            ]
            print(
                f"errors {rate:.1%}, share {share:.0%}: {np.mean(false):.1%} rolled back wrongly; "
                f"twice the errors after {np.median(found):.2f} of a fixed sample"
            )


if __name__ == "__main__":
    main()
