"""The bounds of a metric: in words, in signs, and whether a value keeps them."""

from __future__ import annotations

import math
import struct


def in_words(at_least: float | None, at_most: float | None) -> str:
    """`at least 0.9`, `at most 0.35`, `0.8 to 1.25`; empty where there is no bound."""
    if at_least is not None and at_most is not None:
        return f"{number(at_least)} to {number(at_most)}"
    if at_least is not None:
        return f"at least {number(at_least)}"
    return f"at most {number(at_most)}" if at_most is not None else ""


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
        return f"{number(at_least)}-{number(at_most)}"
    if at_least is not None:
        return f"{least} {number(at_least)}"
    return f"{most} {number(at_most)}" if at_most is not None else ""


def missed(value: float | None, at_least: float | None, at_most: float | None) -> bool:
    """Whether a value is outside of its bounds, or undefined where it has some."""
    if value is None:
        return at_least is not None or at_most is not None
    too_low = at_least is not None and value < at_least and value < single_precision(at_least)
    too_high = at_most is not None and value > at_most and value > single_precision(at_most)
    return too_low or too_high


def single_precision(bound: float) -> float:
    """The bound as a metric of Keras has it: 7 right rows of 10 are 0.699999988 there, which is at
    least 0.7 in single precision alone.
    """
    try:
        return float(struct.unpack("f", struct.pack("f", bound))[0])
    except OverflowError:
        return bound


def number(bound: float) -> str:
    """A bound as somebody wrote it, with all of its digits."""
    return f"{bound:.15g}"


def shown(value: float, text: str, *limits: float | None) -> str:
    """A rounded value, with as many more digits as it takes to be on its own side of its limits.

    Args:
        value: The value.
        text: The same, rounded.
        limits: Bounds that it is read beside, if any.
    """
    told = [limit for limit in limits if limit is not None and math.isfinite(limit)]
    for digits in range(4, 18):
        rounded = float(text.replace(",", ""))
        if all(
            (value > limit, value < limit) == (rounded > limit, rounded < limit) for limit in told
        ):
            break
        text = f"{value:.{digits}g}"
    return text
