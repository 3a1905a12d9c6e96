"""Whether more requests are refused than before."""

from __future__ import annotations

from typing import NamedTuple

from scipy.stats import binom

from monitoring.look import words
from monitoring.look.comparison import LARGE_SHARE, Comparison, Key, Share, of_share
from monitoring.statistics.sample_size import rows_for_share
from monitoring.summary.window_summary import WindowSummary

_USUAL = 0.05
"""As long as there is no earlier window: up to so many refused requests are taken for usual."""


class Requests(NamedTuple):
    """How many came before, and how many of them were refused."""

    all: int = 0
    refused: int = 0


def of_requests(window: WindowSummary, before: Requests) -> Comparison:
    """Compares the share of refused requests with earlier windows'; the reference knows of none.

    Args:
        window: Served requests.
        before: Those of earlier windows.
    """
    share = window.refused / window.requests if window.requests else 0.0
    if before.all:
        earlier = before.refused / before.all
        fact = f"{words.percent(share)} of requests were refused, before {words.percent(earlier)}"
        key = Key("requests", "", "refused", "last window")
        counts = Share(before.refused, before.all, window.refused, window.requests)
        return of_share(key, counts, fact, more=True)
    return Comparison(
        Key("requests", "", "refused", "bound"),
        "share",
        lambda: (
            float(binom.sf(window.refused - 1, window.requests, _USUAL)) if window.refused else 1.0
        ),
        max(0.0, share - _USUAL) if window.requests else None,
        window.requests,
        f"{words.percent(share)} of requests were refused, and there is no earlier window",
        _USUAL,
        share if window.requests else None,
        rows_needed=lambda level: rows_for_share(_USUAL, LARGE_SHARE, 10**9, level),
    )
