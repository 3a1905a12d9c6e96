"""Half versions are found, whole ones are left alone."""

from __future__ import annotations

import pytest

from components import pusher
from components.evaluation import pushed_baseline
from pipeline.local.repair import pushes
from pipeline.local.repair.finding import Place
from pipeline.local.repair.set_aside import SetAside

pytestmark = pytest.mark.tfx


def test_the_names_are_those_of_the_pusher() -> None:
    assert (pushes.PARTIAL, pushes.SAVED_MODEL) == (pusher._PARTIAL, pushed_baseline.SAVED_MODEL)


def test_whole_versions_and_other_files_are_in_order(place: Place) -> None:
    (place.serving / "18.json").write_text("{}")
    assert list(pushes.find(place)) == []


def test_half_versions_are_set_aside(place: Place) -> None:
    (place.serving / ".partial-19" / "variables").mkdir(parents=True)
    (place.serving / "18" / "saved_model.pb").unlink()
    found = list(pushes.find(place))
    assert [one.problem.rpartition("taxi/")[2].split()[0] for one in found] == [".partial-19", "18"]
    aside = SetAside("taxi", place.runs)
    for one in found:
        one.apply(aside)
    assert [path.name for path in place.serving.iterdir()] == ["17"]
    assert (aside.folder / "serving_models/taxi/.partial-19/variables").is_dir()
    assert list(pushes.find(place)) == []
