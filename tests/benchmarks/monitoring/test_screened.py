"""What is counted of many looks is what `watch` says of each."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.monitoring.coded import Coded
from benchmarks.monitoring.screened import alarms
from monitoring.core.settings import Settings
from monitoring.look.history import History, remember
from monitoring.look.judging import judge
from monitoring.look.looking import candidates


def table(rows: int) -> pd.DataFrame:
    chance = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "number": chance.lognormal(size=rows),
            "code": chance.integers(0, 5, rows).astype(float),
            "text": chance.choice(["a", "b", None], rows, p=[0.6, 0.3, 0.1]),
            "many": chance.geometric(0.03, rows).astype(str),
            "score": chance.random(rows),
        }
    )


@pytest.mark.parametrize("rows", [50, 300, 1_000])
@pytest.mark.parametrize("changed", [0.0, 0.03, 0.3])
def test_alarms_are_those_of_the_findings(rows: int, changed: float) -> None:
    of = table(2_500)
    # The last rows are others, which more and more windows have more of.
    of.loc[2_400:, ["number", "score"]] = 40.0, 2.0
    of.loc[2_400:, "text"] = None
    of.loc[2_450:, "many"] = "new"
    coded = Coded(of, np.arange(2_000))
    chance = np.random.default_rng(rows)
    windows, expected, history = [], [], History()
    for look in range(16):
        usual = chance.integers(0, 2_400, rows)
        others = chance.integers(2_400, 2_500, rows)
        part = changed * (look > 5)
        window = coded.window(np.where(chance.random(rows) < part, others, usual))
        found = judge(candidates(coded.profile, window, None, history, None), Settings())
        expected.append(any(each.counts and each.verdict == "differs" for each in found))
        history = remember(history, coded.profile, window, Settings())
        windows.append(window)
    assert alarms(coded.profile, windows) == expected
    assert any(expected) or changed < 0.3


def test_more_rows_than_the_table_has_are_counted_as_few_are() -> None:
    of = table(300)
    coded = Coded(of, np.arange(200))
    rows = np.random.default_rng(0).integers(0, 300, 1_000)
    whole = coded.window(rows)
    parts = [coded.window(part) for part in np.split(rows, 10)]
    for name, feature in whole.features.items():
        assert feature.rows == 1_000
        assert feature.missing == sum(part.features[name].missing for part in parts)
        if feature.bins:
            bins = [part.features[name].bins for part in parts]
            assert feature.bins == tuple(map(sum, zip(*bins, strict=True)))
        for value, count in feature.values.items():
            assert count == sum(part.features[name].values.get(value, 0) for part in parts)
