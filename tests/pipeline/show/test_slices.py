"""Every slice stands once, in the group of its features, whatever its values hold."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipeline.record.run_record import SliceMetric
from pipeline.show import slices
from pipeline.show.slices import SliceGroup, groups
from tests.helpers.paths import ROOT

FEATURES = ["a", "ab", "a b", "b", "B", "day", "kind", "kind=card", "x, a", "a.*", "é"]
feature = st.sampled_from(FEATURES)
crossed = st.lists(feature, min_size=1, max_size=3, unique=True)
value = st.one_of(
    st.sampled_from(["", "1", "2", "10", "-3.5", "nan", "inf", "card", ", ", "=", "a=1, b=2"]),
    st.text("ab=, 1\n", max_size=8),
)


@st.composite
def sliced(draw: st.DrawFn) -> tuple[list[list[str]], list[tuple[dict[str, str], str]]]:
    """A config's slices, and of each some slices that TFMA found: values by feature, and a name."""
    configured = draw(st.lists(crossed, min_size=1, max_size=4))
    found = []
    for names in configured:
        for values in draw(st.lists(st.tuples(*(value for _ in names)), max_size=4, unique=True)):
            pairs = dict(sorted(zip(names, values, strict=True)))
            found.append((pairs, ", ".join(f"{key}={value}" for key, value in pairs.items())))
    found = [one for index, one in enumerate(found) if one not in found[:index]]
    names = [name for _, name in found]
    assume(len(set(names)) == len(names))
    return configured, found


def measured(name: str, features: list[str] | None = None) -> SliceMetric:
    return SliceMetric(metric="AUC", slice=name, features=features or [], value=0.5)


def readings(name: str, configured: list[list[str]]) -> int:
    """How many of the config's slices a name could be of."""
    known = {tuple(sorted(names)) for names in configured}
    return sum(slices._values(name, features) is not None for features in known)


@given(sliced())
def test_each_slice_is_once_in_the_group_of_its_features(
    case: tuple[list[list[str]], list[tuple[dict[str, str], str]]],
) -> None:
    configured, found = case
    shown = groups([measured(name, [*pairs]) for pairs, name in found], configured)
    group_of = {name: group for group in shown for name in group.slices}
    assert sum(len(group.slices) for group in shown) == len(found) == len(group_of)
    for pairs, name in found:
        assert group_of[name].features == tuple(pairs)
        assert group_of[name].name == ", ".join(pairs)
    order = [tuple(sorted(names)) for names in configured]
    assert [group.features for group in shown] == sorted(
        (group.features for group in shown), key=order.index
    )


@given(sliced())
def test_an_older_record_is_grouped_by_the_names_alone(
    case: tuple[list[list[str]], list[tuple[dict[str, str], str]]],
) -> None:
    configured, found = case
    shown = groups([measured(name) for _, name in found], configured)
    group_of = {name: group for group in shown for name in group.slices}
    assert sum(len(group.slices) for group in shown) == len(found)
    for pairs, name in found:
        assert len(group_of[name].features) >= len(pairs)
        if readings(name, configured) == 1:
            assert group_of[name].features == tuple(pairs)


@pytest.mark.parametrize("configured", [["kind", "day"], ["day", "kind"]])
@pytest.mark.parametrize("recorded", [True, False])
def test_crossed_features_are_a_group_of_their_own(configured: list[str], recorded: bool) -> None:
    names = {"kind=cash": ["kind"], "day=1": ["day"], "day=2, kind=": ["day", "kind"]}
    names |= {"day=10, kind=cash": ["day", "kind"], "day=1, kind=cash": ["day", "kind"]}
    metrics = [
        measured("overall"),
        *(measured(name, features if recorded else None) for name, features in names.items()),
    ]
    assert groups(metrics, [["kind"], ["day"], configured, ["absent"]]) == [
        SliceGroup("kind", ("kind",), {"kind=cash": "cash"}),
        SliceGroup("day", ("day",), {"day=1": "1"}),
        SliceGroup(
            "day, kind",
            ("day", "kind"),
            {
                "day=1, kind=cash": "1, cash",
                "day=2, kind=": "2, (empty)",
                "day=10, kind=cash": "10, cash",
            },
        ),
    ]


def test_what_the_config_does_not_slice_by_comes_last() -> None:
    shown = groups([measured("gone=1"), measured("kind=cash")], [["kind"]])
    assert [(group.name, group.slices) for group in shown] == [
        ("kind", {"kind=cash": "cash"}),
        ("other", {"gone=1": "gone=1"}),
    ]


def test_numbers_stand_in_their_order_before_words() -> None:
    values = ["b", "10", "nan", "-1.5", "2", "", "1e3", "B"]
    [group] = groups([measured(f"x={value}", ["x"]) for value in values], [["x"]])
    assert list(group.slices.values()) == ["-1.5", "2", "10", "1e3", "(empty)", "B", "b", "nan"]


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
@settings(max_examples=5, deadline=None)
@given(st.lists(st.tuples(sliced(), st.booleans()), min_size=1, max_size=30))
def test_the_dashboard_groups_alike(cases: list[Any]) -> None:
    asked, expected = [], []
    for (configured, found), recorded in cases:
        metrics = [measured(name, [*pairs] if recorded else None) for pairs, name in found]
        asked.append([[metric.model_dump() for metric in metrics], configured])
        shown = groups(metrics, configured)
        expected.append([{"name": g.name, "slices": [*map(list, g.slices.items())]} for g in shown])
    code = (
        'import { groups } from "./dashboard/static/js/slices.js";'
        'import { readFileSync } from "fs";'
        'const asked = JSON.parse(readFileSync(0, "utf8"));'
        "console.log(JSON.stringify(asked.map(([metrics, slices]) => groups(metrics, slices))))"
    )
    command = ["node", "--input-type=module", "--eval", code]
    done = subprocess.run(
        command, cwd=ROOT, check=True, capture_output=True, text=True, input=json.dumps(asked)
    )
    assert json.loads(done.stdout) == expected
