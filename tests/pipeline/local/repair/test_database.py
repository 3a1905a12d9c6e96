"""A metadata.db that cannot be used is made usable, with all that can be kept of it."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest
from ml_metadata.metadata_store import metadata_store

from pipeline.local import baseline, metadata_db, recovery
from pipeline.local.metadata_db import Problem
from pipeline.local.repair import database
from pipeline.local.repair.finding import Place
from pipeline.local.repair.set_aside import SetAside
from tests.pipeline.local import test_metadata_db as faults


def rebuilt(place: Place) -> tuple[str, Path]:
    found = metadata_db.problem(place.artifacts / metadata_db.FILE, 0.1)
    assert isinstance(found, Problem)
    one = database.find(place, found)
    assert one is not None and metadata_db.PURPOSE in one.problem
    aside = SetAside("taxi", place.runs)
    outcome = one.apply(aside)
    assert isinstance(outcome, str)
    return outcome, aside.folder


def check(place: Place, version: str) -> None:
    """Runs go on: the store can be used, and knows the baseline."""
    store = metadata_db.opened(place.artifacts / metadata_db.FILE)
    recovery.recover(store, place.artifacts)
    found = baseline.find("taxi", place.runs)
    assert found and Path(found.uri).is_dir()
    export = Path(found.uri) / "Format-Serving" / "saved_model.pb"
    assert export.read_text() in (f"pushed {version}", f"model {int(version) - 16}")


@pytest.mark.parametrize(
    "fault", [name for name, (kind, _) in faults.FAULTS.items() if kind != "older"]
)
def test_a_new_one_goes_on_from_the_model_that_was_pushed_last(place: Place, fault: str) -> None:
    path = place.artifacts / metadata_db.FILE
    faults.FAULTS[fault][1](path)
    outcome, aside = rebuilt(place)
    assert "the cache was lost" in outcome and "compared with 18" in outcome
    assert (aside / "taxi" / metadata_db.FILE).exists() or fault == "it is a broken link"
    assert (aside / "taxi/Trainer/model/2").is_dir()
    check(place, "18")
    # No number of a folder that was there is given again.
    store = metadata_db.opened(path)
    assert min(one.id for one in store.get_executions()) == 3


def test_without_a_pushed_model_there_is_no_baseline(place: Place) -> None:
    for path in [*place.serving.glob("*/saved_model.pb"), *place.artifacts.glob("Pusher/*/*/*")]:
        path.unlink()
    (place.artifacts / metadata_db.FILE).write_text("not a database")
    assert "no pushed model" in rebuilt(place)[0]
    assert baseline.find("taxi", place.runs) is None


def test_of_a_lost_version_the_pushers_copy_is_taken(place: Place) -> None:
    for path in place.serving.glob("*/saved_model.pb"):
        path.unlink()
    (place.artifacts / metadata_db.FILE).write_text("not a database")
    rebuilt(place)
    found = baseline.find("taxi", place.runs)
    assert found and (Path(found.uri) / "Format-Serving/saved_model.pb").read_text() == (
        "pushed_model 2"
    )


def test_where_an_index_alone_is_damaged_all_is_kept(place: Place) -> None:
    path = place.artifacts / metadata_db.FILE
    with contextlib.closing(sqlite3.connect(path)) as opened:
        [(page,)] = opened.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'idx_artifact_uri'"
        )
        [(size,)] = opened.execute("PRAGMA page_size")
    faults.overwrite(path, (page - 1) * size, size)
    outcome, _ = rebuilt(place)
    assert outcome == "All of its entries were kept."
    check(place, "18")


def test_a_locked_one_is_copied_whole(place: Place) -> None:
    path = place.artifacts / metadata_db.FILE
    with faults.locked(path):
        outcome, aside = rebuilt(place)
        assert outcome == "All of its entries were kept."
        check(place, "18")
    assert (aside / "taxi" / metadata_db.FILE).is_file()


def test_only_a_person_can_do_something_about_permissions(place: Place) -> None:
    assert database.find(place, Problem("unusable", "readonly")) is None


@pytest.mark.parametrize("version", [1, 6, 9])
def test_one_of_an_earlier_ml_metadata_is_brought_to_this_one(place: Place, version: int) -> None:
    path = place.artifacts / metadata_db.FILE
    before = metadata_db.opened(path).get_artifacts()
    metadata_store.downgrade_schema(metadata_db.connection(path), version)
    outcome, aside = rebuilt(place)
    assert "nothing was lost" in outcome
    assert (aside / "taxi" / metadata_db.FILE).is_file()
    after = metadata_db.opened(path).get_artifacts()
    # An earlier version has no place for states or times.
    assert [(one.id, one.uri) for one in after] == [(one.id, one.uri) for one in before]
