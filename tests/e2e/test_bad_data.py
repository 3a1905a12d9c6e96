"""Data that differs from the frozen schema stops a run before anything is trained."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from pipeline import nodes
from tests.e2e.project_copy import Project

pytestmark = pytest.mark.e2e


def test_every_anomaly_is_listed_and_nothing_is_trained(project: Project) -> None:
    _spoil(project.root / "data" / "taxi" / "trips.csv")
    outcome = project.run("taxi")
    assert outcome.status == 4, outcome.stdout + outcome.stderr
    found = {anomaly["feature"]: anomaly for anomaly in outcome.record["anomalies"]}
    for feature, what in {
        "payment_type": "Unexpected string values",
        "trip_start_hour": "Out-of-range values",
        "trip_miles": "Column dropped",
        "fare": "Expected data of type: FLOAT but got STRING",
        "company": "Values missing",
    }.items():
        anomaly = found[feature]
        assert what in anomaly["headline"] + anomaly["detail"]
        assert feature in outcome.stdout + outcome.stderr
    assert set(found) == {"payment_type", "trip_start_hour", "trip_miles", "fare", "company"}
    statuses = outcome.nodes()
    assert statuses[nodes.DATA_GATE] == "failed"
    order = list(statuses)
    assert {statuses[name] for name in order[order.index(nodes.DATA_GATE) + 1 :]} == {"queued"}
    assert not (project.root / "runs" / "taxi" / "Trainer").exists()
    assert project.versions() == []


def _spoil(table: Path) -> None:
    """A category outside the domain, a value out of range, a column gone, a type changed, and a
    feature that is suddenly mostly absent."""
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    for index, row in enumerate(rows):
        del row["trip_miles"]
        row["fare"] = f"${row['fare']}"
        if index % 10 == 0:
            row["payment_type"] = "Barter"
            row["trip_start_hour"] = "24"
        if index % 20:
            row["company"] = ""
    with table.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
