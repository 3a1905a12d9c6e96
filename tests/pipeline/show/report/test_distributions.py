"""Small drawings of a feature's distribution."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from pipeline.record.run_details import Bucket, Feature, SplitFeature
from pipeline.show.report import page
from pipeline.show.report.distributions import draw, steep
from tests.pipeline.show.report.constructed import HOSTILE, categorical, details, numeric, record


@pytest.mark.parametrize("highest", [10.0, 1e9])
def test_odd_distributions_are_drawn(highest: float, tmp_path: Path) -> None:
    feature = numeric("x", highest=highest)
    split = feature.splits["train"]
    split.histogram[0].count = 1e6
    split.quantiles[0].high = split.quantiles[0].low
    html = page.render(record("pushed"), details(record("pushed"), features=[feature]), tmp_path)
    assert "nan" not in html and "tails are cut" in html


def bars(drawing: str, split: str) -> list[tuple[float, str]]:
    """The height and the title of each bar of a split."""
    found = re.findall(
        rf'<rect class="bar {split}" [^>]*height="([\d.]+)"><title>([^<]*)</title>', drawing
    )
    return [(float(height), title) for height, title in found]


def test_a_histogram_has_a_bar_for_each_bucket_of_each_split() -> None:
    drawing = draw(numeric("fare"), 3)
    ET.fromstring(drawing)
    for split in ("train", "test"):
        found = bars(drawing, split)
        assert len(found) == 10
        assert found[0][1] == "0 to 1: 6.9%" and found[-1][1] == "9 to 10: 13.1%"
        heights = [height for height, _ in found]
        assert heights == sorted(heights) and heights[-1] == 34.0
    assert 'id="feature-3"' in drawing and ">Distribution of fare in train, test<" in drawing


def test_categories_have_a_bar_for_each_of_the_most_frequent() -> None:
    drawing = draw(categorical("kind", [f"v{index}" for index in range(9)]), 0)
    assert len(bars(drawing, "train")) == len(bars(drawing, "eval")) == 6
    assert ">v0<" in drawing and ">v6<" not in drawing
    assert bars(drawing, "train")[0][1] == "train 2.0%"


def test_a_long_or_hostile_value_stays_text_and_is_cut() -> None:
    drawing = draw(categorical(HOSTILE, [HOSTILE, "x" * 25]), 0)
    ET.fromstring(drawing)
    assert "<script" not in drawing and f">{'x' * 24}…<" in drawing


def test_a_feature_without_values_has_no_drawing() -> None:
    empty = Feature(name="x", type="int", splits={"train": SplitFeature(rows=9, missing=9)})
    assert draw(empty, 0) == ""


@pytest.mark.parametrize(
    ("counts", "expected"), [([80, 20], False), ([81, 19], True), ([100], False), ([0, 0], False)]
)
def test_a_distribution_is_steep_if_most_rows_are_in_one_bucket(
    counts: list[int], expected: bool
) -> None:
    histogram = [
        Bucket(low=index, high=index + 1, count=count) for index, count in enumerate(counts)
    ]
    split = SplitFeature(rows=100, missing=0, histogram=histogram)
    assert steep(Feature(name="x", type="int", splits={"train": split})) is expected
