"""The page at `/`: a form for each model's features, and the prediction."""

from __future__ import annotations

from pathlib import Path

from serving.core.exchange import Answer

_FOLDER = Path(__file__).parent / "page"

FILES = {
    "/": Answer((_FOLDER / "index.html").read_bytes(), content_type=b"text/html; charset=utf-8"),
    "/page.js": Answer(
        (_FOLDER / "page.js").read_bytes(), content_type=b"text/javascript; charset=utf-8"
    ),
    "/page.css": Answer(
        (_FOLDER / "page.css").read_bytes(), content_type=b"text/css; charset=utf-8"
    ),
}
