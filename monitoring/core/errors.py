"""The one exception of this room: what is wrong, what was found, what to do."""

from __future__ import annotations


class MonitoringError(Exception):
    """Something that whoever runs the monitoring can act on.

    Args:
        headline: One line: what is wrong, naming the file or key.
        detail: What was received and what was expected; may span lines.
        remedy: What to do next, as an instruction.
    """

    def __init__(self, headline: str, detail: str = "", remedy: str = "") -> None:
        super().__init__(headline)
        self.headline = headline
        self.detail = detail
        self.remedy = remedy

    def __str__(self) -> str:
        return "\n".join(part for part in (self.headline, self.detail, self.remedy) if part)

    def __reduce__(self) -> tuple[type[MonitoringError], tuple[str, str, str]]:
        return type(self), (self.headline, self.detail, self.remedy)
