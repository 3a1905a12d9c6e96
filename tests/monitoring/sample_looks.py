"""Looks and profiles as the monitoring leaves them, made in milliseconds: for tests.

Everything is drawn from a random generator that is seeded with the look's number.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from random import Random
from typing import Any

from monitoring.core import record
from monitoring.look.look import Distribution, Finding, Look
from monitoring.profile.reference_profile import (
    FILE,
    Categories,
    Feature,
    Metric,
    Numbers,
    Output,
    ReferenceProfile,
    SliceMetric,
)

START = datetime(2026, 11, 20, 8, 0, tzinfo=timezone.utc)
VERSION = 1795000000
RUN = "taxi-20261119-080000-1a2b"
FEATURES = ("fare", "trip_miles", "payment_type", "trip_seconds", "company", "pickup_latitude")
_CATEGORIES = ("payment_type", "company")
_PAYMENTS = ("Cash", "Credit Card", "No Charge", "Unknown", "others")
_DRIFTED = ("fare", "payment_type")


def profile(features: Sequence[str] = FEATURES, model: str = "taxi") -> ReferenceProfile:
    """A reference profile: the first features are known by name, others are numbers."""
    return ReferenceProfile(
        version=1,
        model=model,
        run=RUN,
        made=START,
        training_rows=11_997,
        test_rows=1_503,
        features={name: _feature(name) for name in features},
        outputs={
            "probabilities": Output(output="probabilities", rows=1_503, numbers=_numbers(1_503))
        },
        metrics={
            "AUC": Metric(
                metric="AUC", value=0.951, lower=0.9, better="higher",
                slices={"payment_type=Cash": SliceMetric(value=0.94, lower=0.85)},
            ),
            "BinaryCrossEntropy": Metric(metric="BinaryCrossEntropy", value=0.243, upper=0.5),
        },
    )  # fmt: skip


def look(
    number: int = 1,
    verdict: str = "nothing",
    features: Sequence[str] = FEATURES,
    model: str = "taxi",
    version: int = VERSION,
    **changes: Any,
) -> Look:
    """A look; `alarm` has findings that differ, `too early` none that has a verdict."""
    random = Random(number)
    time = START + timedelta(hours=number)
    rows = 40 if verdict == "too early" else 1_000 + random.randrange(200)
    drifted = _DRIFTED if verdict == "alarm" else ()
    findings = [
        *_metrics(random, number, worse=0.04 if verdict == "alarm" else 0),
        _distribution("output", "probabilities", random, rows, differs=bool(drifted)),
    ]
    for name in features:
        findings.append(_distribution("feature", name, random, rows, differs=name in drifted))
        findings.append(_missing(name, random, rows))
    if verdict == "alarm" and "payment_type" in features:
        findings.append(_unseen(rows))
    if verdict == "too early":
        findings = [_too_early(finding, rows) for finding in findings]
    order = {"differs": 0, "differs little": 1, "too early": 2, "same": 3}
    findings.sort(key=lambda finding: order[finding.verdict])
    content: dict[str, Any] = {
        "model": model,
        "version": version,
        "time": time,
        "first": time - timedelta(hours=1),
        "last": time - timedelta(seconds=3),
        "number": number,
        "requests": rows // 4,
        "rows": rows,
        "refused": random.randrange(4),
        "failed": 0,
        "sampled": 1.0,
        "verdict": verdict,
        "headline": _headline(verdict, rows),
        "findings": findings,
        "features": {name: _shares(name, random, name in drifted, number) for name in features},
        "outputs": {"probabilities": _shares("probabilities", random, bool(drifted), number)},
        "classifier_features": {"fare": 0.11, "payment_type": 0.04} if drifted else {},
    }
    return Look.model_validate(content | changes)


def looks(count: int, alarm_from: int = 0, **given: Any) -> list[Look]:
    """So many looks in the order of time: the first too early, from `alarm_from` on alarms."""
    return [
        look(
            number,
            "too early" if number == 1 else "alarm" if 0 < alarm_from <= number else "nothing",
            **given,
        )
        for number in range(1, count + 1)
    ]


def make_folder(
    serving: Path,
    seen: Sequence[Look],
    events: Sequence[dict[str, Any]] = (),
    known: ReferenceProfile | None = None,
) -> Path:
    """A serving folder with the version, its profile, its looks and the model's history.

    Returns the folder of the looks.
    """
    first = seen[0]
    version = serving / first.model / str(first.version)
    version.mkdir(parents=True, exist_ok=True)
    (version / "saved_model.pb").write_bytes(b"")
    record.write(version / FILE, known or profile(model=first.model))
    watched = serving / ".monitoring" / first.model
    folder = watched / str(first.version) / "looks"
    for one in seen:
        record.write(folder / file_name(one), one)
    watched.mkdir(parents=True, exist_ok=True)
    lines = "".join(json.dumps(event) + "\n" for event in events)
    (watched / "history.jsonl").write_text(lines, encoding="utf-8")
    return folder


def file_name(one: Look) -> str:
    """What a look's file is called."""
    return f"{one.time:%Y-%m-%dT%H%M%S.%fZ}.json"


def event(one: Look, name: str, minutes: int = 0, **detail: Any) -> dict[str, Any]:
    """A line of the history that a look has caused."""
    return {
        "time": (one.time + timedelta(minutes=minutes)).isoformat(),
        "event": name,
        "version": one.version,
        "alarm": file_name(one),
        "detail": detail,
    }


def _numbers(rows: int) -> Numbers:
    edges = tuple(float(edge) for edge in (1, 2, 4, 8, 16, 32, 64))
    count = rows // (len(edges) + 1)
    counts = (rows - count * len(edges), *([count] * len(edges)))
    return Numbers(edges=edges, counts=counts, minimum=0.0, maximum=120.0, mean=11.2)


def _feature(name: str) -> Feature:
    if name in _CATEGORIES:
        counts = dict.fromkeys(_PAYMENTS, 2_000)
        return Feature(
            kind="category", dtype="DT_STRING", rows=11_997, missing=97,
            categories=Categories(counts=counts),
        )  # fmt: skip
    numbers = _numbers(11_897)
    return Feature(kind="number", dtype="DT_FLOAT", rows=11_997, missing=100, numbers=numbers)


def _shares(name: str, random: Random, differs: bool, number: int) -> Distribution:
    category = name in _CATEGORIES
    labels = _PAYMENTS if category else tuple(f"{k * 5} to {k * 5 + 5}" for k in range(12))
    reference = _normal([math.exp(-0.35 * k) for k in range(len(labels))])
    shift = 0.25 if differs else 0.0
    served = _normal(
        [
            share * random.uniform(0.93, 1.07) + shift * (k >= len(labels) // 2) / len(labels) * 2
            for k, share in enumerate(reference)
        ]
    )
    last = _normal([share * random.uniform(0.9, 1.1) for share in reference])
    return Distribution(
        labels=labels, reference=reference, served=served,
        last_window=last if number > 1 else None,
    )  # fmt: skip


def _normal(values: list[float]) -> tuple[float, ...]:
    return tuple(value / sum(values) for value in values)


def _distribution(subject: Any, name: str, random: Random, rows: int, *, differs: bool) -> Finding:
    effect = random.uniform(0.2, 0.5) if differs else random.uniform(0.002, 0.03)
    category = name in _CATEGORIES
    words = (
        f"`{name}` is spread otherwise than in training: 21 % of values are above 30, of training "
        "4.1 %."
        if differs
        else f"`{name}` is spread as in training."
    )
    return Finding(
        subject=subject, name=name, test="distribution", against="training",
        statistic="L-infinity" if category else "PSI", effect=effect, noise=0.034,
        matters_from=0.1, p_value=1e-9 if differs else random.uniform(0.2, 1.0), rows=rows,
        rows_needed=400, verdict="differs" if differs else "same", words=words,
    )  # fmt: skip


def _missing(name: str, random: Random, rows: int) -> Finding:
    served = random.uniform(0.005, 0.012)
    return Finding(
        subject="feature", name=name, test="missing", against="last window", statistic="share",
        effect=abs(served - 0.008), reference=0.008, served=served, noise=0.012, matters_from=0.02,
        p_value=random.uniform(0.2, 1.0), rows=rows, verdict="same",
        words=f"`{name}` is missing in {served:.1%} of rows, in the last window in 0.8 %.",
    )  # fmt: skip


def _unseen(rows: int) -> Finding:
    return Finding(
        subject="feature", name="payment_type", test="unseen", against="training",
        statistic="share", effect=0.021, reference=0.0, served=0.021, noise=0.001,
        matters_from=0.01, p_value=2e-7, rows=rows, verdict="differs",
        words='2.1 % of rows have a `payment_type` that training has not: "Crypto".',
    )  # fmt: skip


def _metrics(random: Random, number: int, worse: float) -> list[Finding]:
    found = []
    width = 0.2 / math.sqrt(number)
    cases: list[tuple[str, str, Any]] = [
        ("AUC", "", "bound"),
        ("AUC", "payment_type=Cash", "bound"),
        ("AUC", "", "estimate"),
    ]
    for name, part, test in cases:
        served = 0.945 - 2 * worse + random.uniform(-0.01, 0.01)
        found.append(
            Finding(
                subject="metric",
                name=name,
                slice=part,
                test=test,
                against="bound",
                statistic=name,
                effect=None,
                reference=0.951,
                served=served,
                low=served - width,
                high=min(served + width, 1.0),
                rows=200 * number,
                verdict="differs" if served + width < 0.9 else "same",
                counts=test == "bound",
                words=f"{name} is {served:.3f}, with labels of {200 * number:,} rows.",
            )
        )
    return found


def _too_early(finding: Finding, rows: int) -> Finding:
    changed = {"verdict": "too early", "rows": rows, "rows_needed": 400, "p_value": None}
    words = f"There are {rows} rows; a verdict needs 400."
    return finding.model_copy(update={**changed, "words": words})


def _headline(verdict: str, rows: int) -> str:
    return {
        "alarm": "The answers changed, and `fare` most: 21 % of values are above 30, of training "
        "4.1 %.",
        "nothing": "What is served is like the training data.",
        "too early": f"There are {rows} rows; the first verdict needs 400.",
    }[verdict]
