"""A report's page, taken apart."""

from __future__ import annotations

import functools
import tempfile
from html.parser import HTMLParser
from pathlib import Path

from pipeline.record import run_record
from pipeline.record.run_details import RunDetails
from pipeline.record.run_record import RunRecord
from pipeline.show.report import page
from tests.pipeline.show.report.constructed import details, record

VOID = {"meta", "br", "img"}


class Page(HTMLParser):
    """A page's elements; it fails where one is not closed or an id stands twice."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.headings: list[str] = []
        self.feed(html)
        self.close()
        assert not self.open, f"never closed: {self.open}"
        assert len(self.ids) == len(set(self.ids))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)
        if tag in ("h1", "h2", "h3"):
            self.headings.append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data
        if {"h1", "h2", "h3"} & set(self.open):
            self.headings[-1] += data


@functools.cache
def rendered(ending: str) -> tuple[str, Page]:
    """The page of a run, once; with everything in its details if it came to its end."""
    run = record(ending)
    whole = details(run)
    found = whole if run.metrics else details(run, features=whole.features, drift_from="earlier")
    with tempfile.TemporaryDirectory() as folder:
        run_record.write(run, Path(folder))
        html = page.render(run, found, Path(folder))
    return html, Page(html)


def text_of(run: RunRecord, runs: Path, found: RunDetails | None = None) -> str:
    """What a run's page says."""
    return Page(page.render(run, found or RunDetails(run=run.id), runs)).text
