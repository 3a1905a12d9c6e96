"""What the report says of the data."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.record.run_details import Drift, Feature
from pipeline.record.run_record import Anomaly
from pipeline.show.report import page
from pipeline.show.report.data_section import MOST_DRAWN, data_section, drifted
from tests.pipeline.show.report.constructed import details, numeric, record
from tests.pipeline.show.report.html_page import Page


def test_hundreds_of_columns_keep_the_notable_ones_in_sight(tmp_path: Path) -> None:
    run = record("pushed")
    drifts = [Drift(measure="PSI", value=0.5 * (i == 250), expected=0.1) for i in range(300)]
    features = [numeric(f"column{i:03}", drift=drift) for i, drift in enumerate(drifts)]
    html = page.render(run, details(run, features=features, drift_from="x"), tmp_path)
    headings = Page(html).headings
    assert next(one for one in headings if one.startswith("column")) == "column250 float"
    assert "276 more columns" in headings and "column299" in html
    assert html.count('class="distribution"') == 24


def psi(value: float) -> Drift:
    return Drift(measure="PSI", value=value, expected=0.1)


def anomaly(feature: str, severity: str) -> Anomaly:
    return Anomaly.model_validate(
        {"feature": feature, "split": "train", "severity": severity, "headline": "x", "detail": ""}
    )


def test_anomalies_come_before_drift_and_drift_before_the_rest() -> None:
    run = record("pushed")
    run.anomalies = [
        anomaly("warned", "warning"),
        anomaly("broken", "error"),
        anomaly("gone", "error"),
    ]
    features = [
        numeric("calm", drift=psi(0.01)),
        numeric("moved", drift=psi(0.2)),
        numeric("new"),
        numeric("warned"),
        numeric("moved far", drift=psi(0.9)),
        numeric("broken"),
    ]
    found = data_section(run, details(run, features=features, drift_from="x"))
    names = ["broken", "warned", "moved far", "moved", "calm", "new"]
    assert [card.name for card in found.drawn] == names
    assert found.drifted == ["moved far", "moved"]
    assert [one.feature for one in found.other_anomalies] == ["gone"]
    assert [len(card.anomalies) for card in found.drawn] == [1, 1, 0, 0, 0, 0]
    assert found.others == []


@pytest.mark.parametrize("number", [0, MOST_DRAWN, MOST_DRAWN + 1])
def test_only_the_first_features_are_drawn(number: int) -> None:
    run = record("pushed")
    features = [numeric(f"column{index}") for index in range(number)]
    found = data_section(run, details(run, features=features))
    assert len(found.drawn) == min(number, MOST_DRAWN)
    assert all(card.drawing.startswith("<svg") for card in found.drawn)
    assert [card.drawing for card in found.others] == [""] * max(0, number - MOST_DRAWN)


def test_a_card_has_the_figures_of_each_split() -> None:
    run = record("pushed")
    [card] = data_section(run, details(run, features=[numeric("fare", highest=12000.0)])).drawn
    assert card.splits == ["train", "test"]
    assert dict(card.figures) == {
        "missing": ["37", "37"],
        "share missing": ["2.5%", "2.5%"],
        "mean": ["5.432", "5.432"],
        "std": ["2.5", "2.5"],
        "min": ["0", "0"],
        "median": ["5", "5"],
        "max": ["12,000", "12,000"],
        "zeros": ["3", "3"],
    }


@pytest.mark.parametrize(
    ("drift", "moved"), [(None, False), (psi(0.1), False), (psi(0.1001), True)]
)
def test_a_feature_drifted_if_it_moved_more_than_samples_do(
    drift: Drift | None, moved: bool
) -> None:
    assert drifted(Feature(name="x", type="float", splits={}, drift=drift)) is moved


@pytest.mark.parametrize(
    ("drifts", "earlier", "words"),
    [
        ([None], None, "No earlier run to compare the data with."),
        ([None], "r1", "No column of run r1 is in this data with the same type."),
        ([psi(0.0), psi(0.0)], "r1", "Against run r1, no column has moved at all."),
        (
            [psi(0.0), psi(0.05)],
            "r1",
            "Against run r1, no column moved by more than samples of the same data do.",
        ),
        (
            [psi(0.2)],
            "r1",
            "Against run r1, 1 of 1 column moved by more than samples of the same data do in 19 "
            "of 20 cases.",
        ),
        (
            [psi(0.2)] * 40,
            "r1",
            "Against run r1, 40 of 40 columns moved by more than samples of the same data do in "
            "19 of 20 cases (about 2 would by chance).",
        ),
    ],
)
def test_the_drift_of_the_data_in_words(
    drifts: list[Drift | None], earlier: str | None, words: str
) -> None:
    run = record("pushed")
    features = [numeric(f"x{index}", drift=drift) for index, drift in enumerate(drifts)]
    found = details(run, features=features, drift_from=earlier)
    assert data_section(run, found).drift == words
