"""One look in the few fields of a timeline, whatever the file holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard.records.monitoring import looks
from monitoring.core import record
from monitoring.look.look import Finding
from tests.monitoring import sample_looks

PROPERTY = settings(
    max_examples=60, deadline=None, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip


@pytest.mark.parametrize("verdict", looks.VERDICTS)
def test_a_look_as_monitoring_writes_it(verdict: str, tmp_path: Path) -> None:
    seen = sample_looks.look(7, verdict)
    record.write(tmp_path / "a.json", seen)
    found = looks.read(tmp_path / "a.json")
    assert (found.file, found.verdict, found.problem) == ("a.json", verdict, "")
    assert (found.number, found.rows, found.headline) == (7, seen.rows, seen.headline)
    assert found.time == seen.time.timestamp()
    assert {name for _, name in found.cells} >= {*sample_looks.FEATURES, "probabilities", "AUC"}
    assert [(one.name, one.slice, one.estimate) for one in found.metrics].count(
        ("AUC", "", True)
    ) == 1  # fmt: skip
    assert found.alarms == (("probabilities", "fare", "payment_type") if verdict == "alarm" else ())


def test_of_a_features_comparisons_the_one_that_deserves_attention_is_kept(tmp_path: Path) -> None:
    seen = sample_looks.look(7, "alarm")
    record.write(tmp_path / "a.json", seen)
    found = looks.read(tmp_path / "a.json").cells
    of_fare = [one for one in seen.findings if one.name == "fare"]
    assert found["feature", "fare"] == looks.Cell(
        "alarm", "distribution", (of_fare[0].effect or 0) / 0.1
    )
    assert found["feature", "trip_miles"].state == "same"


def test_the_states_are_those_that_monitoring_has() -> None:
    verdicts = Finding.model_fields["verdict"].annotation
    assert {*looks.STATES} == {*verdicts.__args__, "alarm"}  # type: ignore[union-attr]


def test_a_difference_that_does_not_count_is_no_alarm(tmp_path: Path) -> None:
    seen = sample_looks.look(7, "alarm")
    quiet = tuple(one.model_copy(update={"counts": False}) for one in seen.findings)
    record.write(tmp_path / "a.json", seen.model_copy(update={"findings": quiet}))
    found = looks.read(tmp_path / "a.json")
    assert found.alarms == () and found.cells["feature", "fare"].state == "differs"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "not readable JSON"), ('{"verdict": "ala', "not readable JSON"), ("[]", "not a JSON"),
        ("{}", "verdict: received ''"), ('{"verdict": 3}', "verdict: expected a text"),
    ],
)  # fmt: skip
def test_a_damaged_look_says_what_is_wrong(content: str, problem: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(content)
    found = looks.read(tmp_path / "a.json")
    assert found.verdict == looks.UNREADABLE and problem in found.problem
    json.dumps(found.as_json(), allow_nan=False)


def test_a_look_that_was_deleted_meanwhile_is_told(tmp_path: Path) -> None:
    assert looks.read(tmp_path / "a.json").problem == "a.json is gone"


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@PROPERTY
@given(key=st.sampled_from([*sample_looks.look(1).model_dump()]), value=JSON, inner=JSON)
def test_values_of_any_other_type_do_no_harm(
    key: str, value: Any, inner: Any, tmp_path: Path
) -> None:
    content = json.loads(sample_looks.look(3, "alarm").model_dump_json())
    content["findings"][0] |= dict.fromkeys(list(content["findings"][0])[::2], inner)
    content[key] = value
    (tmp_path / "a.json").write_text(json.dumps(content))
    json.dumps(looks.read(tmp_path / "a.json").as_json(), allow_nan=False)
