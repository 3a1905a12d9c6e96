"""The README's picture is drawn from a run, and fetches nothing from elsewhere."""

from __future__ import annotations

import re

from docs.pictures import run_picture
from tests.pipeline.fake_run import finished


def test_the_picture_shows_each_node_and_fetches_nothing() -> None:
    record = finished("pushed")
    svg = run_picture.draw(record)
    shown = re.sub(r"<[^>]+>", "", svg)
    assert all(node.name in shown for node in record.nodes)
    assert "@font-face" not in svg
    assert set(re.findall(r"https?://[^\s\"')]+", svg)) <= {
        "http://www.w3.org/2000/svg",
        "https://www.textualize.io",  # a comment of rich's
    }


def test_the_picture_of_the_readme_is_there() -> None:
    assert run_picture.PICTURE.read_text(encoding="utf-8").startswith("<svg")
