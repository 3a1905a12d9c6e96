"""Charts are drawn once, and what is shown decides which one it is."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.record.run_details import Curve, RocPoint
from pipeline.show.report import charts
from pipeline.show.report.drawings import Drawings
from tests.helpers.paths import ROOT

ROC = [
    RocPoint(threshold=1.0, false_positive_rate=0.0, true_positive_rate=0.0, precision=None),
    RocPoint(threshold=0.0, false_positive_rate=1.0, true_positive_rate=1.0, precision=0.5),
]


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What was drawn, one after the other."""
    asked: list[object] = []

    def draw(shown: object) -> str:
        asked.append(shown)
        return f"<svg>{len(asked)}</svg>"

    for kind in ("roc", "curve"):
        monkeypatch.setattr(charts, kind, draw)
    return asked


def test_what_is_known_is_not_drawn_again(drawn: list[object]) -> None:
    first = Drawings()
    assert [str(first.draw("roc", ROC)), str(first.draw("roc", list(ROC)))] == ["<svg>1</svg>"] * 2
    second = Drawings(json.loads(json.dumps(first.known)))
    assert second.draw("roc", ROC) == "<svg>1</svg>" and len(drawn) == 1


def test_another_value_or_another_kind_is_another_chart(drawn: list[object]) -> None:
    drawings = Drawings()
    moved = [ROC[0].model_copy(update={"threshold": 0.5}), ROC[1]]
    found = [drawings.draw("roc", ROC), drawings.draw("roc", moved), drawings.draw("curve", ROC)]
    assert found == ["<svg>1</svg>", "<svg>2</svg>", "<svg>3</svg>"]
    assert len(drawings.known) == 3


def test_both_splits_of_a_metric_are_in_one_chart(drawn: list[object]) -> None:
    found = [
        Curve(metric=name, split=split, values=[1.0])
        for name in "ab"
        for split in ("train", "eval")
    ]
    assert [name for name, _ in Drawings().curves(found)] == ["a", "b"]
    assert drawn == [found[:2], found[2:]]


def test_known_charts_need_no_matplotlib(drawn: list[object], tmp_path: Path) -> None:
    drawings = Drawings()
    drawings.draw("roc", ROC)
    known = tmp_path / "known.json"
    known.write_text(json.dumps(drawings.known))
    code = f"""
import json, sys
from pipeline.record.run_details import RocPoint
from pipeline.show.report.drawings import Drawings
from pipeline.show.report import page
points = [RocPoint.model_validate(one) for one in {[point.model_dump() for point in ROC]}]
assert Drawings(json.load(open({str(known)!r}))).draw("roc", points) == "<svg>1</svg>"
assert not sys.modules.keys() & {{"matplotlib", "numpy"}}
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
