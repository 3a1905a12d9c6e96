"""What is kept of earlier windows."""

from __future__ import annotations

import numpy as np

from monitoring.core.settings import Settings
from monitoring.look.history import History, remember, together
from monitoring.statistics.multiplicity import windows_together
from monitoring.summary.window_summary import WindowSummary
from tests.monitoring.sampled import profile, window

GENERATOR = np.random.default_rng(0)
PROFILE = profile({"fare": GENERATOR.normal(size=500), "day": GENERATOR.normal(size=500)})


def seen(rows: int) -> WindowSummary:
    values = GENERATOR.normal(size=rows)
    return window(PROFILE, {"fare": values, "day": values}, sample=rows)


def test_windows_are_put_together_by_twos_and_none_is_lost() -> None:
    history, settings = History(), Settings()
    for number in range(1, 70):
        new = seen(number)
        blocks = list(together(history, new))
        assert [block.windows for block in blocks] == windows_together(number)
        for block in blocks:
            first = number - block.windows + 1
            assert block.summary.rows == sum(range(first, number + 1))
        history = remember(history, PROFILE, new, settings)
        assert history.looks == number
        sizes = [block.windows for block in history.blocks]
        assert sum(sizes) == number
        assert sizes == sorted(set(sizes), reverse=True)
        assert history.requests == sum(range(1, number + 1))


def test_only_counts_are_kept_and_of_ignored_features_nothing() -> None:
    history = remember(History(), PROFILE, seen(50), Settings(ignore=("day",)))
    [block] = history.blocks
    assert block.summary.sample == {}
    assert set(block.summary.features) == {"fare"}
    assert History.model_validate_json(history.model_dump_json()) == history
