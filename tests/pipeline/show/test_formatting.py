"""Numbers, times and commands as a person reads them."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from pipeline.show import formatting
from tests.pipeline.fake_run import queued


@pytest.mark.parametrize(
    ("seconds", "exact", "words"),
    [
        (None, True, ""),
        (0.0, True, "0.0 s"),
        (59.94, True, "59.9 s"),
        (59.96, True, "1 min 00 s"),
        (65.4, True, "1 min 05 s"),
        (3599.6, True, "1 h 00 min"),
        (7380.0, True, "2 h 03 min"),
        (59.9, False, "59 s"),
        (119.9, False, "1 min 59 s"),
    ],
)
def test_a_duration(seconds: float | None, exact: bool, words: str) -> None:
    assert formatting.duration(seconds, exact=exact) == words


@pytest.mark.parametrize(("seconds", "words"), [(14.4, "0:14"), (65, "1:05"), (7380, "2:03:00")])
def test_a_clock(seconds: float, words: str) -> None:
    assert formatting.clock(seconds) == words


@pytest.mark.parametrize(
    ("past", "words"),
    [
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=3), "3 min ago"),
        (timedelta(hours=5), "5 h ago"),
        (timedelta(days=2), "2 d ago"),
        (timedelta(seconds=-50), "just now"),
    ],
)
def test_how_long_ago(past: timedelta, words: str) -> None:
    assert formatting.ago(datetime.now(timezone.utc) - past) == words


def test_long_ago_is_a_date() -> None:
    moment = datetime(2026, 1, 2, 12, tzinfo=timezone.utc)
    assert formatting.ago(moment) == "2026-01-02"
    assert formatting.local(moment) == f"{moment.astimezone():%Y-%m-%d %H:%M}"


def test_what_is_to_come_is_a_date() -> None:
    moment = datetime.now(timezone.utc) + timedelta(days=4000)
    assert formatting.ago(moment) == f"{moment.astimezone():%Y-%m-%d}"


@pytest.mark.parametrize(
    ("value", "name", "words"),
    [
        (None, "AUC", "undefined"),
        (0.94123, "AUC", "0.9412"),
        (-0.00001, "AUC", "-0.0000"),
        (9999.5, "Loss", "9999.5000"),
        (12345.6, "Loss", "1.235e+04"),
        (1503.0, "ExampleCount", "1,503"),
    ],
)
def test_a_metric(value: float | None, name: str, words: str) -> None:
    assert formatting.metric(value, name) == words


@pytest.mark.parametrize(
    ("value", "baseline", "name", "words"),
    [
        (0.9, 0.8, "AUC", "+0.1000"),
        (0.8, 0.9, "AUC", "-0.1000"),
        (0.9, 0.90004, "AUC", "="),
        (None, 0.9, "AUC", ""),
        (0.9, None, "AUC", ""),
        (1500.0, 500.0, "ExampleCount", "+1,000"),
        (5.0, 5.0, "ExampleCount", "="),
    ],
)
def test_a_change(value: float | None, baseline: float | None, name: str, words: str) -> None:
    assert formatting.change(value, baseline, name) == words


@pytest.mark.parametrize(("value", "words"), [(0.1 + 0.2, "0.3"), (3, "3"), ([1, 2], "[1, 2]")])
def test_a_setting(value: object, words: str) -> None:
    assert formatting.plain(value) == words


def test_what_the_cache_was_not_asked_for() -> None:
    record = queued()
    record.no_cache = ["Tuner", "Trainer"]
    assert formatting.no_cache(record) == "--no-cache Tuner --no-cache Trainer"
    record.no_cache = [node.name for node in record.nodes]
    assert formatting.no_cache(record) == "--no-cache"


def test_a_path_is_as_short_as_it_can_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert formatting.path(tmp_path / "a" / "b") == "a/b"
    assert formatting.path("a") == "a"
    assert formatting.path("/elsewhere/a") == "/elsewhere/a"
    assert formatting.path("gs://bucket/a") == "gs://bucket/a"


def test_a_command_names_the_python_that_the_shell_would_not_find(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("UV", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert (
        formatting.command("run taxi") == f"{formatting.path(sys.executable)} -m pipeline run taxi"
    )
    (tmp_path / "python").write_text("")
    (tmp_path / "python").chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert formatting.command("run taxi") == "python -m pipeline run taxi"
    monkeypatch.setenv("UV", "/bin/uv")
    assert formatting.command("run taxi") == f"{tmp_path}/python -m pipeline run taxi"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ok", "ok"),
        ("süß, 好", "süß, 好"),
        ("a\nb\r\nc", "a\\nb\\r\\nc"),
        ("a\x1b[2J", "a\\x1b[2J"),
    ],
)
def test_a_text_is_on_one_line(text: str, shown: str) -> None:
    assert formatting.on_one_line(text) == shown
