"""What is read of an export has bounds, and values that JSON has not are left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.records.sources import export_parquet
from dashboard.records.sources.export_parquet import ExportError
from tests.dashboard.records.sources import exported
from tests.dashboard.records.sources.exported import row


def test_long_series_are_thinned_and_the_last_histograms_kept(tmp_path: Path) -> None:
    histogram = {"type": "COUNTING", "edges": [0.0, 1.0], "values": [1.0]}
    path = exported.write(
        tmp_path,
        "RUN-1",
        [
            *(row("loss", "float_series", n, float_value=n / 2) for n in range(5000)),
            *(row("h", "histogram_series", n, histogram_value=histogram) for n in range(50)),
        ],
    )
    run = export_parquet.read([path])
    series = run.series["loss"]
    assert series.count == 5000 and series.last == [4999, 2499.5] and len(series.points) <= 1000
    assert sorted(run.histograms["h"]) == list(range(30, 50))


def test_more_than_can_be_shown_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MOST_FIELDS", "MOST_SERIES"):
        monkeypatch.setattr(export_parquet, name, 2)
    rows = [row(f"f{n}", "int", int_value=n) for n in range(4)]
    rows += [row(f"s{n % 4}", "float_series", n, float_value=0.5) for n in range(8)]
    run = export_parquet.read([exported.write(tmp_path, "RUN-1", rows)])
    assert (list(run.fields), list(run.series)) == (["f0", "f1"], ["s0", "s1"])
    assert [one.count for one in run.series.values()] == [2, 2]
    assert run.problems == [
        f"There are more than 2 {what}; the others are not shown." for what in ("fields", "series")
    ]


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        (row("a", "histogram_series", 1), "0 edges, 0 values"),
        (
            row("a", "histogram_series", 1, histogram_value={"edges": [1.0], "values": [2.0]}),
            "1 ed",
        ),
        (row("", "int", int_value=1), "without attribute_path"),
        ({"attribute_path": "a"}, "without attribute_path"),
        (row("a", "other"), "the type 'other'"),
    ],
)
def test_a_row_that_is_none_is_counted(tmp_path: Path, bad: object, told: str) -> None:
    rows = [row("good", "int", int_value=1), bad, bad]
    path = exported.write(tmp_path, "RUN-1", rows)  # type: ignore[arg-type]
    run = export_parquet.read([path])
    assert list(run.fields) == ["good"]
    [problem] = run.problems
    assert told in problem and problem.startswith("RUN-1_part_0.parquet: 2 x ")


def test_a_run_without_a_readable_part_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a_part_0.parquet").write_bytes(b"PAR1")
    with pytest.raises(ExportError, match=r"a_part_0\.parquet cannot be read"):
        export_parquet.read([tmp_path / "a_part_0.parquet"])
    with pytest.raises(ExportError, match="has no rows"):
        export_parquet.read([exported.write(tmp_path, "RUN-1", [])])
