"""Every model, with the runs that came as far as a verdict on it."""

from __future__ import annotations

from dashboard.records.index import Snapshot
from dashboard.records.runs import Run
from dashboard.records.versions import MAX_JUDGED, models


def run(number: int, model: str, *, blessed: bool | None, version: int | None = None) -> Run:
    return Run(f"{model}-{number}", "failed", model=model, blessed=blessed, pushed_version=version)


def test_each_model_has_its_judged_runs_and_latest_version() -> None:
    taxi = [
        run(4, "taxi", blessed=None),
        run(3, "taxi", blessed=False),
        run(2, "taxi", blessed=True, version=3),
        run(1, "taxi", blessed=True, version=17),
    ]
    found = models(Snapshot(runs=(*taxi, run(1, "rents", blessed=None), Run("x", "unreadable"))))
    assert [(one["name"], one["runs"], one["pushed"], one["latest"]) for one in found] == [
        ("rents", 1, 0, None),
        ("taxi", 4, 2, 17),
    ]
    assert [row["id"] for row in found[1]["judged"]] == ["taxi-3", "taxi-2", "taxi-1"]
    assert (found[0]["judged"], found[0]["left_out"]) == ([], 0)


def test_a_version_counts_once_though_later_runs_had_it_from_the_cache() -> None:
    same = tuple(run(number, "taxi", blessed=True, version=17) for number in (3, 2, 1))
    [found] = models(Snapshot(runs=(*same, run(0, "taxi", blessed=True, version=9))))
    assert (found["pushed"], found["runs"], len(found["judged"])) == (2, 4, 4)


def test_of_very_many_runs_the_latest_are_given() -> None:
    many = tuple(run(number, "taxi", blessed=False) for number in range(MAX_JUDGED + 3))
    [found] = models(Snapshot(runs=many))
    assert (len(found["judged"]), found["left_out"]) == (MAX_JUDGED, 3)
    assert found["judged"][0]["id"] == "taxi-0"
