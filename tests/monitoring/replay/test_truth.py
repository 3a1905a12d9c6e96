"""Known changes, read from a file."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from monitoring.core.errors import MonitoringError
from monitoring.replay.truth import Change, read
from tests.monitoring.looks import MONDAY


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23T00:00:00+00:00", "2026-11-23T00:00:00Z", "2026-11-23", "2026-11-23 00:00",
        "2026-11-23T01:00:00+01:00", f"{MONDAY.timestamp()}", f" {MONDAY.timestamp():.0f} ",
    ],
)  # fmt: skip
def test_a_time_may_be_written_in_each_of_these_ways(tmp_path: Path, text: str) -> None:
    (tmp_path / "c.csv").write_text(f"name,time\nfares,{text}\n")
    assert read(tmp_path / "c.csv") == [Change(MONDAY, "fares")]


def test_changes_come_in_their_order(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("\ufefftime\n2026-11-24\n2026-11-23\n", encoding="utf-8")
    assert read(tmp_path / "c.csv") == [Change(MONDAY), Change(MONDAY + timedelta(days=1))]
    (tmp_path / "c.csv").write_text("time\n")
    assert read(tmp_path / "c.csv") == []
    assert datetime.now(timezone.utc).tzinfo


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "has no column `time`"),
        (b"when\n2026\n", "has no column `time`"),
        (b"time\nMonday\n", "line 2: `time` is no time"),
        (b"time,name\n2026-11-23,a\n,b\n", "line 3: `time` is no time"),
        (b"time\n1e400\n", "line 2: `time` is no time"),
        (b"time\nnan\n", "line 2: `time` is no time"),
        (b"time\n\xff\n", "cannot be read"),
        (None, "cannot be read"),
    ],
)
def test_what_is_no_use_is_told_with_its_line(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    if content is not None:
        (tmp_path / "c.csv").write_bytes(content)
    with pytest.raises(MonitoringError) as raised:
        read(tmp_path / "c.csv")
    assert said in raised.value.headline and "c.csv" in raised.value.headline
    assert raised.value.remedy
