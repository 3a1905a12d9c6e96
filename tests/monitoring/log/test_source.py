"""Where a log is, and what was left out of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from monitoring.core.errors import MonitoringError
from monitoring.log.source import LogSource, log_source


@pytest.mark.parametrize(
    ("settings", "sampled", "redacted"),
    [
        (None, 1.0, ()),
        ("", 1.0, ()),
        ("sample: 0.5", 0.5, ()),
        ("{sample: 0.5, models: {trips: {sample: 0.1}}}", 0.1, ()),
        ("{redact: [a], models: {trips: {redact: [b, a]}, other: {redact: [c]}}}", 1.0, ("a", "b")),
    ],
)
def test_what_the_server_leaves_out(
    tmp_path: Path, settings: str | None, sampled: float, redacted: tuple[str, ...]
) -> None:
    if settings is not None:
        (tmp_path / "request_log.yaml").write_text(settings)
    found = log_source(tmp_path, "trips")
    assert (found.sampled, found.redacted) == (sampled, redacted)
    assert found.path == tmp_path / ".request_log"


def test_the_log_may_be_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "request_log.yaml").write_text("folder: /var/log/requests")
    assert log_source(tmp_path, "trips").path == Path("/var/log/requests")
    assert log_source(tmp_path, "trips", tmp_path / "export").path == tmp_path / "export"


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ("sample: 2", "`sample`"),
        ("sample: yes", "`sample`"),
        ("models: {trips: {sample: x}}", "`models.trips.sample`"),
        ("models: [trips]", "`models`"),
        ("redact: company", "`redact`"),
        ("folder: 3", "`folder`"),
        ("- 1", "`the file`"),
        ("a: [", "cannot be read"),
    ],
)
def test_settings_that_are_no_use(tmp_path: Path, settings: str, key: str) -> None:
    (tmp_path / "request_log.yaml").write_text(settings)
    with pytest.raises(MonitoringError, match=key) as error:
        log_source(tmp_path, "trips")
    assert "request_log.yaml" in error.value.headline
    assert error.value.remedy


@pytest.mark.parametrize(
    ("settings", "told"),
    [("", "no such folder"), ("enabled: false", "`enabled: false`"), ("sample: 0", "`sample: 0`")],
)
def test_no_log_says_why(tmp_path: Path, settings: str, told: str) -> None:
    (tmp_path / "request_log.yaml").write_text(settings)
    with pytest.raises(MonitoringError, match="there is no request log") as error:
        log_source(tmp_path, "trips").check()
    assert told in str(error.value)


def test_files_of_the_log_alone(tmp_path: Path) -> None:
    names: list[Any] = [
        "requests-2.sqlite", "requests-1.sqlite", "other.sqlite", "trips/1/a.parquet",
        "trips/1/.b.parquet", "notes.txt",
    ]  # fmt: skip
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = [str(path.relative_to(tmp_path)) for path in LogSource(tmp_path).files()]
    assert found == ["requests-1.sqlite", "requests-2.sqlite", "trips/1/a.parquet"]
    assert LogSource(tmp_path / "notes.txt").files() == [tmp_path / "notes.txt"]
