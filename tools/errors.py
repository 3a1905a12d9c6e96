"""The error that the set-up raises, and how a person sees it."""

from __future__ import annotations

import sys
from typing import Callable


class SetupError(Exception):
    """Something that a person can act on.

    Args:
        headline: One line: what is wrong.
        detail: What was found and what was expected; may span lines.
        remedy: What to do next, as an instruction.
    """

    def __init__(self, headline: str, detail: str = "", remedy: str = "") -> None:
        super().__init__(headline)
        self.headline = headline
        self.detail = detail
        self.remedy = remedy

    def __str__(self) -> str:
        return "\n".join(part for part in (self.headline, self.detail, self.remedy) if part)


def report(main: Callable[[], None]) -> int:
    """Runs a tool's main function; says on stderr what went wrong. Returns the exit status."""
    try:
        main()
    except SetupError as problem:
        print(f"error: {problem}", file=sys.stderr, flush=True)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0
