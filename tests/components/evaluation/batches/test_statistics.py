"""A statistic reads of a combiner what it says, and gives its result."""

from __future__ import annotations

import pytest
from tensorflow_model_analysis.metrics import mean_regression_error, metric_types

from components.evaluation.batches.errors import AbsoluteError
from components.evaluation.batches.kinds import STATISTICS
from models.common.errors import RunError

pytestmark = pytest.mark.tfx


def combiner(**changed: object) -> mean_regression_error._MeanAbsoluteErrorCombiner:
    made = mean_regression_error._MeanAbsoluteErrorCombiner(
        None, "", "", metric_types.MetricKey("m"), None, None, False
    )
    vars(made).update(changed)
    return made


def test_a_combiner_that_lacks_what_is_read_is_refused() -> None:
    made = combiner()
    del made._metric_key
    with pytest.raises(RunError, match="_MeanAbsoluteErrorCombiner has the attributes"):
        AbsoluteError(made)


def test_one_that_looks_at_rows_in_another_way_is_told_apart() -> None:
    assert AbsoluteError(combiner()).is_plain()
    average = metric_types.AggregationType(micro_average=True)
    assert not AbsoluteError(combiner(_aggregation_type=average)).is_plain()
    assert not AbsoluteError(combiner(_class_weights={0: 2.0})).is_plain()


def test_every_statistic_says_what_it_reads() -> None:
    assert all(kind.NEEDS for kind in STATISTICS.values())
