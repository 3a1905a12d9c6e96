"""`python -m dashboard`: look at runs in a browser."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

from dashboard.errors import DashboardError
from dashboard.records import sources
from dashboard.web.serve import serve

_PROJECT = Path(__file__).resolve().parent.parent
RUNS = _PROJECT / "runs"
SERVING = _PROJECT / "serving_models"


def main(arguments: list[str] | None = None) -> int:
    """Serves until interrupted; returns the exit status."""
    options = parser().parse_args(arguments)
    try:
        runs = sources.opened(options.runs or [str(RUNS)], options.cache)
        serve(
            runs,
            options.serving,
            options.host,
            options.port,
            open_browser=options.open,
            public=options.url or "",
        )
    except DashboardError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = argparse.ArgumentParser(
        prog="python -m dashboard", description="Look at the pipeline's runs in a browser."
    )
    result.add_argument(
        "--runs",
        action="extend",
        nargs="+",
        metavar="PLACE",
        help="where the runs are: folders, and buckets such as gs://bucket/runs or "
        "s3://bucket/runs (default: runs)",
    )
    result.add_argument(
        "--cache",
        type=Path,
        default=_cache(),
        metavar="DIR",
        help="where copies of what is in buckets are kept (default: %(default)s)",
    )
    result.add_argument(
        "--serving",
        type=Path,
        default=SERVING,
        metavar="DIR",
        help="where the served models are, with their monitoring (default: serving_models)",
    )
    result.add_argument(
        "--host",
        default="127.0.0.1",
        help="the address to listen on (default: %(default)s, which this machine alone reaches); "
        "whoever reaches it can read the runs and write tags and notes",
    )
    result.add_argument(
        "--url",
        type=_url,
        default=None,
        metavar="ADDRESS",
        help="the address, https://..., at which a proxy that asks for a login makes it known",
    )
    result.add_argument(
        "--port", type=_port, default=8050, help="the port (default: %(default)s; 0: a free one)"
    )
    result.add_argument(
        "--open",
        action=argparse.BooleanOptionalAction,
        help="open the browser, or not (default: on a terminal with a display)",
    )
    return result


def _cache() -> Path:
    """The user's folder for what can be had again."""
    folder = os.environ.get("XDG_CACHE_HOME")
    return (Path(folder) if folder else Path.home() / ".cache") / "pipeline-dashboard"


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise argparse.ArgumentTypeError(f"expected https://host, received {text!r}")
    return text


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"expected a number from 0 to 65535, received {text!r}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
