"""The report's charts, each drawn once: a run that repeats another takes over its charts.

To import matplotlib takes half a second, and each chart a tenth of one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup
from pydantic import BaseModel

from pipeline.record.run_details import Curve, LoggedSeries


class Drawings:
    """Draws the charts that it does not know.

    Args:
        known: SVG elements by keys, which are those of another such object.
    """

    def __init__(self, known: Mapping[str, str] | None = None) -> None:
        self.known = dict(known or {})
        """The charts that were known, and all that were drawn since."""

    def draw(self, kind: str, shown: BaseModel | Sequence[BaseModel]) -> Markup:
        """A chart as an SVG element.

        Args:
            kind: The function of `charts` that draws it.
            shown: What it draws.
        """
        key = f"{kind} {_hash(shown)}"
        if key not in self.known:
            from pipeline.show.report import charts

            self.known[key] = str(getattr(charts, kind)(shown))
        return Markup(self.known[key])

    def curves(self, found: Sequence[Curve]) -> list[tuple[str, Markup]]:
        """A chart for each metric of the training, both splits in it, with the metric's name."""
        metrics: dict[str, list[Curve]] = {}
        for curve in found:
            metrics.setdefault(curve.metric, []).append(curve)
        return [(name, self.draw("curve", pair)) for name, pair in metrics.items()]

    def logged(self, found: Sequence[LoggedSeries]) -> list[tuple[str, Markup]]:
        """A chart for each name of what the model's code has logged, with the name."""
        names: dict[str, list[LoggedSeries]] = {}
        for series in found:
            names.setdefault(series.name, []).append(series)
        return [(name, self.draw("logged", some)) for name, some in names.items()]


def _hash(shown: BaseModel | Sequence[BaseModel]) -> str:
    parts: list[Any] = [shown] if isinstance(shown, BaseModel) else list(shown)
    text = json.dumps([part.model_dump(mode="json") for part in parts])
    return hashlib.sha256(text.encode()).hexdigest()[:32]
