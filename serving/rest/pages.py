"""The page at `/`: a form for each model's features, and the prediction."""

from __future__ import annotations

from pathlib import Path

from serving.core.exchange import Answer

_FOLDER = Path(__file__).parent / "page"

_HEADERS = [
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        b"img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
]


def _file(name: str, kind: bytes) -> Answer:
    content = (_FOLDER / name).read_bytes()
    return Answer(content, content_type=kind + b"; charset=utf-8", headers=_HEADERS)


FILES = {
    "/": _file("index.html", b"text/html"),
    "/page.js": _file("page.js", b"text/javascript"),
    "/page.css": _file("page.css", b"text/css"),
}
