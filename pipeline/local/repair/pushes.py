"""Versions in the serving folder that are not whole: pushes that were interrupted, lost files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pipeline.local.repair.finding import Finding, Place
from pipeline.show import formatting

# The Pusher's and the server's own, whose modules import TFX and TensorFlow.
SAVED_MODEL = "saved_model.pb"
"""The file without which a folder is no version."""
PARTIAL = ".partial-"
"""What the name of a version begins with while it is copied."""


def find(place: Place) -> Iterator[Finding]:
    """Half versions. Only who has the model's lock may ask: to it, no push is going on."""
    for path in sorted(place.serving.glob(f"{PARTIAL}*")):
        yield _aside(path, place, "was left by a push that was interrupted", "No server sees it.")
    for path in sorted(place.serving.glob("[0-9]*")):
        if path.name.isdecimal() and not (path / SAVED_MODEL).is_file():
            yield _aside(
                path,
                place,
                f"has no {SAVED_MODEL}: no server can load it",
                "The next run that comes to this version copies it from its artifact again.",
            )


def _aside(path: Path, place: Place, what: str, more: str) -> Finding:
    return Finding(
        f"{formatting.path(path)} {what}",
        f"Set it aside. {more}",
        lambda aside: aside.move(path, place.serving.parent),
    )
