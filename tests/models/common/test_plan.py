"""A plan comes back from the JSON in a node's parameters as it went in."""

from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.common.plan import Plan

counts = st.integers(1, 1000)
plans = st.builds(
    Plan,
    model=st.text(),
    label=st.text(),
    label_columns=st.lists(st.text()).map(tuple),
    inputs=st.lists(st.text()).map(tuple),
    epochs=counts,
    batch_size=counts,
    steps_per_epoch=st.none() | counts,
    early_stopping_patience=st.none() | counts,
    early_stopping_monitor=st.text(),
    early_stopping_direction=st.sampled_from(["min", "max"]),
    learning_rate_decay=st.sampled_from([None, "cosine"]),
    precision=st.sampled_from(["float32", "mixed_float16"]),
    seed=counts,
    known_answers=counts,
)


@given(plans)
def test_a_plan_survives_json(plan: Plan) -> None:
    assert Plan.from_dict(json.loads(json.dumps(plan.to_dict()))) == plan


def test_every_field_is_a_part_of_the_cache_key() -> None:
    plan = Plan("m", "y", ("t",), ("a", "b"), epochs=1, batch_size=2)
    assert set(plan.to_dict()) == {field.name for field in dataclasses.fields(Plan)}


def test_a_plan_does_not_change() -> None:
    plan = Plan("m", "y", ("t",), ("a", "b"), epochs=1, batch_size=2)
    with pytest.raises(dataclasses.FrozenInstanceError):
        plan.epochs = 2  # type: ignore[misc]
