"""Labels that come late, in part, twice, or against each other."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from monitoring.core.errors import MonitoringError
from monitoring.core.settings import Settings
from monitoring.labels import joining
from monitoring.labels.files import LabelRow
from monitoring.labels.joining import Taken, join, take
from monitoring.labels.store import (
    INVALID,
    JOINED,
    SURPLUS,
    WAITING,
    JoinedRow,
    LabelStore,
    folder_of,
    live_metrics,
)
from monitoring.labels.versions import Profiles
from monitoring.log import bodies, database, position
from monitoring.log.source import LogSource, log_source
from tests.monitoring.logged import entry
from tests.monitoring.trip_profile import profile

Write = Callable[..., Path]
SETTINGS = Settings(label="tips > 0.2 * fare")


@pytest.fixture
def store(models: Path) -> Iterator[LabelStore]:
    """The labels of trips."""
    found = LabelStore(folder_of(models, "trips"))
    yield found
    found.close()


def given(store: LabelStore, *rows: tuple[str, Any] | tuple[str, int, Any]) -> Taken:
    batch = [LabelRow(row[0], row[1] if len(row) == 3 else None, {"tips": row[-1]}) for row in rows]
    return take(store, ["tips"], [batch])


def joined(store: LabelStore, models: Path, settings: Settings = SETTINGS, **changes: Any) -> int:
    log: LogSource = log_source(models, "trips")._replace(**changes)
    return join(store, log, "trips", Profiles(models, "trips"), settings)


def rows_of(store: LabelStore) -> list[JoinedRow]:
    return list(store.joined(0, 10**9))


def test_joins_by_the_id_and_the_order_of_rows(
    store: LabelStore, models: Path, write: Write
) -> None:
    write(
        entry(1, rows=[{"fare": 10.0, "company": "A"}, {"fare": 20.0}], answers=[0.9, 0.1]),
        entry(2, rows=[{"fare": 30.0}], answers=[0.8]),
    )
    given(store, ("request-2", 9.0), ("request-1", 5.0), ("request-1", 1.0))
    assert joined(store, models) == 3
    assert [(row.id, row.row, row.truth) for row in rows_of(store)] == [
        ("request-1", 0, {"tips": 5.0}),
        ("request-1", 1, {"tips": 1.0}),
        ("request-2", 0, {"tips": 9.0}),
    ]
    live = store.live(1)
    assert live is not None and live.rows == 3
    assert live.metrics["accuracy"][""].exact == 3
    assert live.metrics["accuracy"]["company=A"].rows == 1
    assert live_metrics(models, "trips", 1) == live


def test_a_row_number_says_which_row_is_meant(
    store: LabelStore, models: Path, write: Write
) -> None:
    write(entry(1, rows=[{"fare": 10.0}, {"fare": 20.0}]))
    given(store, ("request-1", 1, 5.0))
    assert joined(store, models) == 1
    assert [(row.row, row.features) for row in rows_of(store)] == [(1, {"fare": 20.0})]


def test_late_labels_find_what_was_read_before_and_early_ones_what_comes(
    store: LabelStore, models: Path, write: Write
) -> None:
    write(entry(1), entry(2))
    given(store, ("request-2", 1.0), ("request-3", 1.0))
    assert joined(store, models) == 1
    assert joined(store, models) == 0
    write(entry(3))
    assert joined(store, models) == 1
    given(store, ("request-1", 1.0))
    assert joined(store, models) == 1
    assert store.counts() == {JOINED: 3}


def test_equal_labels_change_nothing_and_of_others_the_first_stay(
    store: LabelStore, models: Path, write: Write
) -> None:
    write(entry(1))
    given(store, ("request-1", 1.0))
    assert joined(store, models) == 1
    again = given(store, ("request-1", 1.0), ("request-9", 0, 1.0), ("request-9", 0, 2.0))
    assert (again.new, again.repeated, again.contradicting) == (1, 1, 1)
    assert again.contradictions == ["request-9"]
    other = given(store, ("request-1", 2.0))
    assert (other.new, other.contradicting, other.contradictions) == (0, 1, ["request-1"])
    assert joined(store, models) == 0
    assert [row.truth for row in rows_of(store)] == [{"tips": 1.0}]


def test_unknown_ids_wait_and_rows_that_a_request_lacks_are_told(
    store: LabelStore, models: Path, write: Write
) -> None:
    write(entry(1))
    given(store, ("nobody", 1.0), ("request-1", 1.0), ("request-1", 2.0))
    assert joined(store, models) == 1
    assert store.counts() == {WAITING: 1, JOINED: 1, SURPLUS: 1}
    assert store.examples(WAITING) == ["nobody"]


@pytest.mark.parametrize(("answer", "truth"), [(None, 1.0), ("text", 1.0), (0.5, "maybe")], ids=str)
def test_what_is_no_label_or_has_no_answer_is_told(
    store: LabelStore, models: Path, write: Write, answer: Any, truth: Any
) -> None:
    write(entry(1, answers=[answer]), entry(2))
    take(store, ["big_tip"], [[LabelRow("request-1", None, {"big_tip": truth})]])
    assert joined(store, models, Settings()) == 0
    assert store.counts() == {INVALID: 1}


def test_an_export_of_the_log_joins_the_same(
    store: LabelStore, models: Path, write: Write, tmp_path: Path
) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    time = pa.array([1_000_000, 2_000_000], pa.timestamp("us", tz="UTC"))
    table = pa.table(
        {
            "id": ["a", "a"], "time": time, "model": ["trips"] * 2, "version": [1, 1],
            "status": [200, 200], "row": [0, 1], "input_fare": [10.0, 20.0],
            "output_probability": [0.9, 0.2],
        }
    )  # fmt: skip
    pq.write_table(table, tmp_path / "export.parquet")
    given(store, ("a", 5.0), ("a", 1.0))
    assert joined(store, models, path=tmp_path / "export.parquet") == 2
    assert [row.features for row in rows_of(store)] == [{"fare": 10.0}, {"fare": 20.0}]
    live = store.live(1)
    assert live is not None and live.metrics["accuracy"][""].exact == 2


def test_a_file_is_taken_whole_or_not_at_all(store: LabelStore) -> None:
    def batches() -> Iterator[list[LabelRow]]:
        yield [LabelRow("a", None, {"tips": 1})]
        raise MonitoringError("the file ends in the middle")

    with pytest.raises(MonitoringError, match="in the middle"):
        take(store, ["tips"], batches())
    assert store.counts() == {}


def test_labels_with_other_columns_are_refused(store: LabelStore) -> None:
    given(store, ("a", 1.0))
    with pytest.raises(MonitoringError, match="other columns: tips") as refused:
        take(store, ["big_tip"], [[LabelRow("b", None, {"big_tip": 1})]])
    assert "--label" in refused.value.remedy


def test_a_version_that_cannot_be_judged_is_told_of_and_waits(
    store: LabelStore, models: Path, write: Write
) -> None:
    from tests.monitoring.labels.conftest import push

    push(models, 2, profile(label=None))
    write(entry(1), entry(2, version=2), entry(3, version=3))
    given(store, ("request-1", 1.0), ("request-2", 1.0), ("request-3", 1.0))
    told: list[MonitoringError] = []
    assert joined(store, models, tell=told.append) == 1
    assert sorted(one.headline.split(" ")[0] for one in told) == ["The", "trips:"]
    assert store.counts() == {WAITING: 2, JOINED: 1}


def test_a_kill_between_batches_joins_nothing_twice(
    store: LabelStore, models: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(*(entry(number) for number in range(5)))
    write(*(entry(number) for number in range(5, 10)))
    given(store, *((f"request-{number}", 1.0) for number in range(10)))
    real = LabelStore.add_joined

    def killed(self: LabelStore, rows: Any) -> None:
        rows = list(rows)
        if rows[0].id == "request-5":
            raise KeyboardInterrupt
        real(self, rows)

    monkeypatch.setattr(LabelStore, "add_joined", killed)
    with pytest.raises(KeyboardInterrupt):
        joined(store, models)
    monkeypatch.undo()
    assert joined(store, models) == 5
    live = store.live(1)
    assert live is not None and live.rows == 10
    assert len({row.id for row in rows_of(store)}) == 10


@pytest.mark.slow
def test_killed_at_whatever_statement_all_labels_are_joined_once(
    store: LabelStore, models: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_MOST_ENTRIES", 2)
    write(*(entry(number) for number in range(4)))
    given(store, *((f"request-{number}", 1.0) for number in range(4)))
    folder, begun = store.folder, models / "begun"
    store.close()
    shutil.copytree(folder, begun)
    at, survived = 0, False
    while not survived:
        shutil.rmtree(folder)
        shutil.copytree(begun, folder)
        survived = _joined_but_killed(folder, models, at)
        again = LabelStore(folder)
        live, known = again.live(1), again.counts()
        assert known.get(JOINED, 0) == len(rows_of(again)) == (live.rows if live else 0)
        assert joined(again, models) == known.get(WAITING, 0)
        live = again.live(1)
        assert live is not None and live.rows == 4
        assert len({row.id for row in rows_of(again)}) == 4
        again.close()
        at += 1
    assert at > 20


def _joined_but_killed(folder: Path, models: Path, at: int) -> bool:
    """Whether a process joins all before it is killed, at a statement of this number."""
    child = os.fork()
    if not child:
        store, statements = LabelStore(folder), itertools.count()

        def count(statement: str) -> None:
            if next(statements) == at:
                os.kill(os.getpid(), signal.SIGKILL)

        store._connection.set_trace_callback(count)
        joined(store, models)
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0


def test_on_a_full_disk_nothing_of_a_file_is_taken_and_nothing_is_joined_in_part(
    store: LabelStore, models: Path, write: Write
) -> None:
    def full(pages: int) -> None:
        (now,) = store._connection.execute("PRAGMA page_count").fetchone()
        store._connection.execute(f"PRAGMA max_page_count = {now + pages}")

    write(*(entry(number, rows=[{"fare": 1.0, "x": "x" * 900}]) for number in range(40)))
    full(1)
    labels = [(f"request-{number}", 1.0) for number in range(2_000)]
    with pytest.raises(MonitoringError, match="cannot be read or written") as told:
        given(store, *labels)
    assert "full" in told.value.detail and "free some space" in told.value.remedy
    assert store.counts() == {}
    full(10_000)
    given(store, *labels[:40])
    full(2)
    with pytest.raises(MonitoringError, match="cannot be read or written"):
        joined(store, models)
    assert (store.counts(), rows_of(store), store.live(1)) == ({WAITING: 40}, [], None)
    full(10_000)
    assert joined(store, models) == 40


def test_of_entries_that_no_label_waits_for_nothing_is_parsed(
    store: LabelStore, models: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(*(entry(number) for number in range(50)))
    given(store, ("request-7", 1.0), ("request-31", 1.0), ("request-99", 1.0))
    parsed: list[bytes] = []
    real = bodies.plain

    def counted(requests: list[bytes], responses: list[bytes], names: Any) -> Any:
        parsed.extend(requests)
        return real(requests, responses, names)

    monkeypatch.setattr(database, "plain", counted)
    assert joined(store, models) == 2
    assert len(parsed) == 2


def test_labels_that_come_while_others_are_joined_are_not_passed_by(
    store: LabelStore, models: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(*(entry(number) for number in range(3)))
    given(store, ("request-2", 1.0))
    other, places = LabelStore(store.folder), position.places

    def late(*arguments: Any) -> Any:
        given(other, ("request-0", 1.0))
        monkeypatch.setattr(joining, "places", places)
        return places(*arguments)

    monkeypatch.setattr(joining, "places", late)
    assert joined(store, models) == 1
    other.close()
    assert joined(store, models) == 1
    assert store.counts() == {JOINED: 2}


def test_what_was_no_label_may_be_corrected(store: LabelStore, models: Path, write: Write) -> None:
    write(entry(1), entry(2))
    given(store, ("request-1", "many"), ("request-2", 5.0))
    assert joined(store, models) == 1
    assert store.counts() == {JOINED: 1, INVALID: 1}
    assert given(store, ("request-1", 5.0)).new == 1
    assert joined(store, models) == 1
    assert store.counts() == {JOINED: 2}
