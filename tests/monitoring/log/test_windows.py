"""The log in windows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from monitoring.core.errors import MonitoringError
from monitoring.log.source import LogSource
from monitoring.log.windows import Position, Window, windows
from monitoring.profile.reference_profile import ReferenceProfile
from monitoring.summary.summarizing import added
from tests.monitoring.logged import entry, refused
from tests.monitoring.trip_profile import counts, profile

PROFILE = profile()
Source = Callable[..., LogSource]
Write = Callable[..., Path]


def read(
    log: LogSource, position: Position | None = None, rows: int = 10, hours: float = 1e6, **how: Any
) -> list[Window]:
    how = {"now": 0.0, **how}
    start = position if position is not None else Position()
    return list(windows(log, "trips", lambda _: PROFILE, start, rows, hours, **how))


def sizes(found: Iterable[Window]) -> list[tuple[int, int, bool]]:
    return [(one.summary.version, one.summary.rows, one.complete) for one in found]


def test_no_log_has_no_window(log: Source) -> None:
    assert read(log()) == []


def test_windows_of_so_many_rows(log: Source, write: Write) -> None:
    write(*(entry(number) for number in range(25)))
    found = read(log())
    assert sizes(found) == [(1, 10, True), (1, 10, True), (1, 5, False)]
    first, last = found[1].summary.first, found[1].summary.last
    assert first is not None and last is not None
    assert (first.timestamp(), last.timestamp()) == (1_010, 1_019)
    assert found[0].summary.requests == 10


def test_a_request_is_never_divided(log: Source, write: Write) -> None:
    write(*(entry(number, rows=[{"fare": 1.0}] * 4) for number in range(5)))
    assert sizes(read(log())) == [(1, 12, True), (1, 8, False)]


def test_windows_of_so_many_hours(log: Source, write: Write) -> None:
    times = [0, 1_800, 3_599, 3_600, 9_000]
    write(*(entry(number, time=float(time)) for number, time in enumerate(times)))
    found = read(log(), hours=1)
    assert sizes(found) == [(1, 3, True), (1, 1, True), (1, 1, False)]
    assert sizes(read(log(), hours=1, now=9_000 + 3_600)) == [
        (1, 3, True),
        (1, 1, True),
        (1, 1, True),
    ]


@pytest.mark.parametrize("step", [-100 * 3_600.0, 100 * 3_600.0])
def test_a_clock_that_is_set_ends_a_window_once(log: Source, write: Write, step: float) -> None:
    times = [1e6 + n for n in range(5)] + [1e6 + step + n for n in range(5)]
    write(*(entry(number, time=time) for number, time in enumerate(times)))
    assert sizes(read(log(), hours=24)) == [(1, 5, True), (1, 5, False)]


def test_a_clock_that_goes_back_a_little_changes_nothing(log: Source, write: Write) -> None:
    write(*(entry(number, time=1e6 - number) for number in range(7)))
    (found,) = read(log(), hours=24)
    assert found.summary.rows == 7
    assert found.summary.first is not None
    assert found.summary.first.timestamp() == 1e6 - 6


def test_files_of_several_processes_are_read_in_the_order_of_time(
    log: Source, write: Write
) -> None:
    write(*(entry(number) for number in range(0, 40, 2)))
    write(*(entry(number) for number in range(1, 40, 2)))
    found = read(log())
    assert sizes(found) == [(1, 10, True)] * 4
    for place, window in enumerate(found):
        assert window.summary.first is not None and window.summary.last is not None
        assert window.summary.first.timestamp() == 1_000 + 10 * place
        assert window.summary.last.timestamp() == 1_009 + 10 * place


def test_versions_have_windows_of_their_own(log: Source, write: Write) -> None:
    write(*(entry(number, version=1 + (number % 5 == 0)) for number in range(30)))
    found = read(log())
    assert sorted(sizes(found)) == [(1, 4, False), (1, 10, True), (1, 10, True), (2, 6, False)]


def test_another_model_does_not_count(log: Source, write: Write) -> None:
    write(entry(0), entry(1, model="other"), entry(2))
    (found,) = read(log())
    assert (found.summary.rows, found.summary.requests) == (2, 2)
    # What the file has of others is not looked at again.
    (place,) = found.position.files.values()
    assert place.read == 3


def test_refused_requests_count_in_each_open_window(log: Source, write: Write) -> None:
    write(
        refused(0),  # Before any version has answered.
        entry(1), entry(2, version=2), refused(3), refused(4, status=503), refused(5, status=429),
    )  # fmt: skip
    one, two = sorted(read(log()), key=lambda window: window.summary.version)
    assert (one.summary.refused, one.summary.failed, one.summary.requests) == (2, 1, 5)
    assert (two.summary.refused, two.summary.failed, two.summary.requests) == (1, 1, 4)
    assert one.summary.first is not None
    assert one.summary.first.timestamp() == 1_000


def test_refused_requests_alone_are_those_of_the_version_that_answered_last(
    log: Source, write: Write
) -> None:
    write(*(entry(number) for number in range(10)), refused(11), refused(12))
    found = read(log())
    assert sizes(found) == [(1, 10, True), (1, 0, False)]
    assert found[1].summary.refused == 2


def test_where_nothing_is_answered_yet_there_is_no_window(log: Source, write: Write) -> None:
    write(refused(0))
    assert read(log()) == []


def test_goes_on_where_it_was_and_counts_everything_once(log: Source, write: Write) -> None:
    """However often the reader is killed, and whatever comes meanwhile."""
    write(*(entry(number, version=1 + number % 2) for number in range(0, 43)))
    write(*(entry(number, version=1 + number % 2) for number in range(20, 63)))
    whole = read(log())
    position, again = Position(), []
    while True:
        found = next(iter(read(log(), position)))
        position = Position.model_validate_json(found.position.model_dump_json())
        if not found.complete:
            break
        again.append(found)
    rest = read(log(), position)
    assert [counts(w.summary) for w in [*again, *rest]] == [counts(w.summary) for w in whole]


def test_an_open_window_goes_on_with_what_comes(log: Source, write: Write) -> None:
    write(*(entry(number) for number in range(4)), refused(4))
    (found,) = read(log())
    assert read(log(), found.position) == [found]
    write(*(entry(number) for number in range(5, 15)))
    later = read(log(), found.position)
    assert sizes(later) == [(1, 10, True), (1, 4, False)]
    assert later[0].summary.refused == 1
    assert added(later[0].summary, later[1].summary).features["fare"].rows == 14


def test_a_file_that_is_still_written_is_read_on(models: Path, log: Source) -> None:
    from serving.request_log.database import Database

    database = Database(models / ".request_log", "process")
    (models / ".request_log" / "requests-20991231T235959.000000-1.sqlite").touch()
    assert read(log()) == []
    database.add([entry(0)])
    (found,) = read(log())
    database.add([entry(1)])
    (found,) = read(log(), found.position)
    assert found.summary.rows == 2
    database.close()
    (found,) = read(log(), found.position)
    assert found.summary.rows == 2


def test_a_file_that_is_rotated_away_is_not_missed(log: Source, write: Write) -> None:
    first = write(*(entry(number) for number in range(4)))
    (found,) = read(log())
    content = first.read_bytes()
    first.unlink()
    write(entry(5))
    (found,) = read(log(), found.position)
    assert found.summary.rows == 5
    # The server brings a file back that somebody removed.
    first.write_bytes(content)
    (found,) = read(log(), found.position)
    assert found.summary.rows == 5


def test_another_file_of_the_same_name_is_read_from_its_beginning(
    log: Source, write: Write
) -> None:
    first = write(*(entry(number) for number in range(4)))
    (found,) = read(log())
    write(entry(100), entry(101)).replace(first)
    (found,) = read(log(), found.position)
    assert found.summary.rows == 6


@pytest.mark.parametrize("damage", ["cut", "text", "other", "format"])
def test_a_damaged_file_is_told_of_and_the_others_are_read(
    log: Source, write: Write, damage: str
) -> None:
    import sqlite3

    path = write(*(entry(number, rows=[{"fare": 1.0}] * 200) for number in range(300)))
    write(entry(1), entry(2))
    if damage == "cut":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    elif damage == "text":
        path.write_text("no database" * 1_000)
    elif damage == "other":
        path.unlink()
        with sqlite3.connect(path) as other:
            other.execute("CREATE TABLE requests (id TEXT)")
            other.execute("PRAGMA user_version=1")
    else:
        with sqlite3.connect(path) as other:
            other.execute("PRAGMA user_version=2")
    told: list[MonitoringError] = []
    found = read(log(tell=told.append), rows=10**6)
    assert len(found) == 1
    assert found[0].summary.rows >= 2
    assert len(told) == 1
    assert str(path) in told[0].headline and told[0].remedy
    with pytest.raises(MonitoringError, match=path.name):
        read(log())


def test_a_version_without_a_profile_is_told_of_once(log: Source, write: Write) -> None:
    def profiles(version: int) -> ReferenceProfile:
        if version == 1:
            raise MonitoringError("version 1 has no profile")
        return PROFILE

    write(*(entry(number, version=1 + number % 2) for number in range(10)))
    told: list[MonitoringError] = []
    found = list(windows(log(tell=told.append), "trips", profiles, Position(), 100, 1e6, now=0.0))
    assert sizes(found) == [(2, 5, False)]
    assert len(told) == 1
    with pytest.raises(MonitoringError, match="no profile"):
        list(windows(log(), "trips", profiles, Position(), 100, 1e6))


def test_what_the_log_leaves_out_is_said(log: Source, write: Write, models: Path) -> None:
    (models / "request_log.yaml").write_text("sample: 0.25\nmodels: {trips: {redact: [company]}}")
    write(entry(0), entry(1))
    (found,) = read(log())
    assert found.summary.sampled == 0.25
    assert "company" in found.summary.redacted
    assert found.summary.features["company"].rows == 0


def test_a_log_in_a_folder_that_cannot_be_written_to(
    log: Source, write: Write, models: Path
) -> None:
    write(entry(0))
    folder = models / ".request_log"
    folder.chmod(0o500)
    try:
        assert sizes(read(log())) == [(1, 1, False)]
        assert not list(folder.glob("*-shm"))
    finally:
        folder.chmod(0o700)


def test_an_export_gives_the_same_windows(
    log: Source, write: Write, export: Callable[[], Path]
) -> None:
    odd = [
        {"fare": "3", "company": "A"}, {"fare": 1.0, "Fare": 2}, {"company": 7}, {"seconds": 1.5},
        {"fare": None}, {}, {"stops": [1.0, 2.0], "tags": ["x"]}, {"image": {"b64": "AA=="}},
    ]  # fmt: skip
    write(*(entry(number, rows=[odd[number % len(odd)], {"fare": 5.0}]) for number in range(40)))
    write(entry(50, request=b'{"inputs":{"fare":[1,2]}}', response=b'{"outputs":[0.1,0.2]}'))
    write(entry(51, rows=[{"fare": 9.0}], answers=["text"]), refused(52), refused(53, status=500))
    write(entry(54, request=b'{"signature_name":"other","instances":[{"x":1}]}'))
    expected = read(log())
    found = read(log(path=export()))
    assert [counts(w.summary) for w in found] == [counts(w.summary) for w in expected]
    assert sizes(found) == [(1, 10, True)] * 8 + [(1, 3, False)]
    again = read(log(path=export()), found[-1].position)
    assert again == found[-1:]
