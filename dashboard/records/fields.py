"""Takes values of the expected type out of a record, and notes those that have another type."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any


class Fields:
    """A JSON object whose content nobody vouches for.

    A key that is missing or null gives a default; so does a value of another type than expected,
    which is noted in `problems` as well.
    """

    def __init__(self, content: Any, problems: list[str] | None = None, name: str = ""):
        self.content: dict[str, Any] = content if isinstance(content, dict) else {}
        self.problems = [] if problems is None else problems
        self._name = name

    def text(self, key: str) -> str:
        """A text; empty if there is none."""
        value = self._get(key, str, "a text")
        return value if value is not None else ""

    def number(self, key: str) -> float | int | None:
        """A number; a truth value is none."""
        return self._get(key, (int, float), "a number")

    def truth(self, key: str) -> bool | None:
        """True, false or unknown."""
        return self._get(key, bool, "true or false")

    def items(self, key: str) -> list[Any]:
        """A list."""
        return self._get(key, list, "a list") or []

    def part(self, key: str) -> Fields:
        """The object under a key."""
        content = self._get(key, dict, "an object")
        return Fields(content, self.problems, f"{self._name}{key}.")

    def parts(self, key: str) -> list[Fields]:
        """The objects in a list."""
        return [
            Fields(item, self.problems, f"{self._name}{key}.")
            for item in self.items(key)
            if isinstance(item, dict)
        ]

    def time(self, key: str) -> float | None:
        """Seconds since 1970 of an ISO 8601 time, which is in UTC unless it says otherwise."""
        text = self._get(key, str, "a time")
        if text is None:
            return None
        seconds = seconds_since_1970(text)
        if seconds is None:
            self._note(key, "a time", text)
        return seconds

    def _get(self, key: str, kind: type | tuple[type, ...], expected: str) -> Any:
        value = self.content.get(key)
        if value is None:
            return None
        if isinstance(value, kind) and (kind is bool or not isinstance(value, bool)):
            return value
        self._note(key, expected, value)
        return None

    def _note(self, key: str, expected: str, received: Any) -> None:
        self.problems.append(f"{self._name}{key}: expected {expected}, received {received!r:.60}")


def seconds_since_1970(text: str) -> float | None:
    """The seconds of an ISO 8601 date or time, in UTC unless it says otherwise; None if none."""
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone.utc)
        return moment.timestamp()
    except (ValueError, OverflowError):
        return None
