"""What the report says of the data: its features, the most notable first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from pipeline.record.run_details import Feature, RunDetails, SplitFeature
from pipeline.record.run_record import Anomaly, RunRecord
from pipeline.show.report import distributions

MOST_DRAWN = 24
"""Features with a drawing; the others are rows of a table."""


@dataclass
class FeatureCard:
    """One feature, in words and as a drawing."""

    name: str
    type: str
    is_label: bool
    lists: bool
    drawing: Markup
    steep: bool
    splits: list[str]
    figures: list[tuple[str, list[str]]]
    """Rows of a table whose columns are the splits."""
    drift: str
    drifted: bool
    anomalies: list[Anomaly]


@dataclass
class DataSection:
    """All of the data."""

    drawn: list[FeatureCard]
    others: list[FeatureCard]
    drift: str
    drifted: list[str]
    other_anomalies: list[Anomaly]
    """Anomalies that are of no feature that has a card, such as of a column that is missing."""


def data_section(record: RunRecord, details: RunDetails) -> DataSection:
    """The features in the order in which they deserve attention."""
    anomalies: dict[str, list[Anomaly]] = {}
    for anomaly in record.anomalies:
        anomalies.setdefault(anomaly.feature, []).append(anomaly)
    features = sorted(details.features, key=lambda one: _rank(one, anomalies.get(one.name, [])))
    labels = set(record.config.label.columns)
    cards = [
        _card(one, number, anomalies.get(one.name, []), one.name in labels)
        for number, one in enumerate(features)
    ]
    names = {feature.name for feature in features}
    return DataSection(
        drawn=cards[:MOST_DRAWN],
        others=cards[MOST_DRAWN:],
        drift=_drift_in_words(record, details),
        drifted=[card.name for card in cards if card.drifted],
        other_anomalies=[anomaly for anomaly in record.anomalies if anomaly.feature not in names],
    )


def drifted(feature: Feature) -> bool:
    """Whether a feature moved by more than samples of the same data do."""
    return feature.drift is not None and feature.drift.value > feature.drift.expected


_SEVERITIES = ("error", "warning", "note")


def _rank(feature: Feature, anomalies: list[Anomaly]) -> tuple[Any, ...]:
    worst = min((_SEVERITIES.index(anomaly.severity) for anomaly in anomalies), default=2)
    ratio = 0.0
    if feature.drift is not None and drifted(feature):
        ratio = feature.drift.value / max(feature.drift.expected, 1e-12)
    return worst, -ratio


def _card(feature: Feature, number: int, anomalies: list[Anomaly], is_label: bool) -> FeatureCard:
    drawn = number < MOST_DRAWN
    splits = {name: _figures(split) for name, split in feature.splits.items()}
    return FeatureCard(
        name=feature.name,
        type=feature.type,
        is_label=is_label,
        lists=any(split.values is not None for split in feature.splits.values()),
        drawing=distributions.draw(feature, number) if drawn else Markup(""),
        steep=distributions.steep(feature),
        splits=list(splits),
        figures=[
            (figure, [splits[name].get(figure, "") for name in splits])
            for figure in dict.fromkeys(key for found in splits.values() for key in found)
        ],
        drift=_drift(feature),
        drifted=drifted(feature),
        anomalies=anomalies,
    )


def _figures(split: SplitFeature) -> dict[str, str]:
    figures = {"missing": f"{split.missing:,}"}
    if split.missing:
        figures["share missing"] = f"{split.missing / split.rows:.1%}"
    if split.unique is not None:
        figures["distinct"] = f"{split.unique:,}"
    for name in ("mean", "std", "min", "median", "max"):
        value = getattr(split, name)
        if value is not None:
            figures[name] = _number(value)
    if split.zeros:
        figures["zeros"] = f"{split.zeros:,}"
    return figures


def _number(value: float) -> str:
    """Whole numbers in full where there is room, fractions with four digits."""
    if abs(value) >= 1e7:
        return f"{value:.6g}"
    return f"{value:,.0f}" if value == int(value) or abs(value) >= 1000 else f"{value:.4g}"


def _drift(feature: Feature) -> str:
    if feature.drift is None:
        return ""
    drift = feature.drift
    verdict = "more than noise" if drifted(feature) else "within noise"
    return f"{drift.measure} {drift.value:.3g}, {verdict} (up to {drift.expected:.3g})"


def _drift_in_words(record: RunRecord, details: RunDetails) -> str:
    compared = [feature for feature in details.features if feature.drift is not None]
    if details.drift_from is None:
        return "No earlier run to compare the data with." if details.features else ""
    if not compared:
        return f"No column of run {details.drift_from} is in this data with the same type."
    moved = sum(drifted(feature) for feature in compared)
    against = f"Against run {details.drift_from}"
    if all(feature.drift and feature.drift.value == 0 for feature in compared):
        return f"{against}, no column has moved at all."
    if not moved:
        return f"{against}, no column moved by more than samples of the same data do."
    noun = "column" if len(compared) == 1 else "columns"
    chance = 0.05 * len(compared)
    by_chance = f" (about {chance:.0f} would by chance)" if chance >= 1 else ""
    return (
        f"{against}, {moved} of {len(compared)} {noun} moved by more than samples of the same data "
        f"do in 19 of 20 cases{by_chance}."
    )
