"""The bounds of a metric: in words, in signs, and whether a value keeps them."""

from __future__ import annotations


def in_words(at_least: float | None, at_most: float | None) -> str:
    """`at least 0.9`, `at most 0.35`, `0.8 to 1.25`; empty where there is no bound."""
    if at_least is not None and at_most is not None:
        return f"{at_least:g} to {at_most:g}"
    if at_least is not None:
        return f"at least {at_least:g}"
    return f"at most {at_most:g}" if at_most is not None else ""


def in_signs(
    at_least: float | None, at_most: float | None, least: str = "≥", most: str = "≤"
) -> str:
    """`≥ 0.9`, `≤ 0.35`, `0.8-1.25`: for columns as narrow as a value.

    Args:
        at_least: The lower bound, if any.
        at_most: The upper bound, if any.
        least: The sign of a lower bound alone; `>=` where there is no other.
        most: The sign of an upper bound alone.
    """
    if at_least is not None and at_most is not None:
        return f"{at_least:g}-{at_most:g}"
    if at_least is not None:
        return f"{least} {at_least:g}"
    return f"{most} {at_most:g}" if at_most is not None else ""


def missed(value: float | None, at_least: float | None, at_most: float | None) -> bool:
    """Whether a value is outside of its bounds, or undefined where it has some."""
    if value is None:
        return at_least is not None or at_most is not None
    too_low = at_least is not None and value < at_least
    return too_low or (at_most is not None and value > at_most)
