"""Dates in every format, beside Python's own."""

from __future__ import annotations

import datetime
import random

import pytest
import tensorflow as tf

from models.common.columns.date_formats import Format, time_of_year

UTC = datetime.timezone.utc
FORMATS = [
    "%Y-%m-%d",
    "%d.%m.%y",
    "%b %d, %Y",
    "%Y%m%d",
    "%m/%d/%Y %I:%M %p",
    "%Y-%m-%dT%H:%M:%S.%fZ",
    "%Y-%m-%d %H:%M:%S%z",
    "%j %Y",
    "%A, %d %B %Y (%H h)",
    "%H%M",
    "%H:%M:%S",
    "%Y",
    "100%% %d.%m.",
]


@pytest.mark.parametrize("text", FORMATS)
def test_a_time_is_read_as_python_reads_it(text: str) -> None:
    random.seed(text)
    start = datetime.datetime(1969 if "%y" in text else 1900, 1, 1, tzinfo=UTC)
    times = [start + datetime.timedelta(seconds=random.randrange(3 * 10**9)) for _ in range(100)]
    zones = [datetime.timezone(datetime.timedelta(minutes=at)) for at in (0, -330, 120)]
    written = [time.astimezone(random.choice(zones)).strftime(text) for time in times]
    seconds, fits = Format(text).seconds(tf.constant(written))
    for one, found in zip(written, seconds.numpy(), strict=True):
        expected = datetime.datetime.strptime(one, text)
        if "%Y" not in text and "%y" not in text:
            expected = expected.replace(year=1970)
        if expected.tzinfo is None:
            expected = expected.replace(tzinfo=UTC)
        assert found == expected.timestamp() // 1, one
    assert fits.numpy().all()


@pytest.mark.parametrize(
    ("text", "value", "seconds"),
    [
        ("%H%M", "5", 5 * 60),
        ("%H%M", "905", 9 * 3600 + 5 * 60),
        ("%H%M", "2400", 24 * 3600),
        ("%d%m%Y", "1021970", 31 * 86_400),
        ("%Y-%m-%d", "1970-1-3", 2 * 86_400),
        ("%d  %b %Y", "03 JAN 1970", 2 * 86_400),
        ("epoch_s", "-5", -5),
        ("epoch_ms", "1999", 1),
        ("epoch_d", "2", 2 * 86_400),
    ],
)
def test_what_people_write(text: str, value: str, seconds: int) -> None:
    found, fits = Format(text).seconds(tf.constant([value]))
    assert (found.numpy().tolist(), fits.numpy().tolist()) == ([seconds], [True])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("%Y-%m-%d", ""),
        ("%Y-%m-%d", "2023-02-29"),
        ("%Y-%m-%d", "2023-13-01"),
        ("%Y-%m-%d", "2023-00-01"),
        ("%Y-%m-%d", "2023-01-00"),
        ("%Y-%m-%d", "2023-01-01 "),
        ("%Y-%m-%d", "2023-01-01\n"),
        ("%Y-%m-%d", "x2023-01-01"),
        ("%Y%m%d", "230101"),
        ("%j %Y", "366 2023"),
        ("%b %Y", "Foo 2023"),
        ("%H%M", "1260"),
        ("%H%M", "2401"),
        ("%I %p", "13 am"),
        ("epoch_s", "1.5"),
        ("epoch_s", "999999999999999999999999"),
    ],
)
def test_what_is_no_such_time_does_not_fit(text: str, value: str) -> None:
    _, fits = Format(text).seconds(tf.constant([value]))
    assert not fits.numpy().any()


@pytest.mark.parametrize("text", ["", "abc", "%Q", "%", "%%", "%Y %Y", "%f", "epoch", "%Y %"])
def test_a_format_that_says_nothing_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"Expected: epoch_d.*Received: "):
        Format(text)


def test_the_day_of_the_year_over_eleven_centuries() -> None:
    days = range(-200_000, 200_000, 7)
    start = datetime.date(1970, 1, 1)
    expected = [(start + datetime.timedelta(days=day)).timetuple().tm_yday - 1 for day in days]
    assert time_of_year(tf.constant(list(days), tf.int64)).numpy().tolist() == expected
