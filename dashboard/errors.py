"""The dashboard's errors: each says what is wrong, what was found, and what to do."""

from __future__ import annotations


class DashboardError(Exception):
    """An error that a person can act on.

    Args:
        headline: One line: what is wrong.
        detail: What was received and what was expected.
        remedy: What to do next, as an instruction.
        status: The HTTP status with which a request is answered.
    """

    def __init__(self, headline: str, detail: str = "", remedy: str = "", status: int = 400):
        super().__init__(headline)
        self.headline = headline
        self.detail = detail
        self.remedy = remedy
        self.status = status

    def __str__(self) -> str:
        return "\n".join(part for part in (self.headline, self.detail, self.remedy) if part)

    def as_json(self) -> dict[str, str]:
        """What a page is told."""
        return {"headline": self.headline, "detail": self.detail, "remedy": self.remedy}
