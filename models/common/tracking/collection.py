"""What a training or a search has logged so far: bounded, whatever it logs."""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass, field
from typing import Any

from models.common.tracking import png

MOST_SERIES = 400
MOST_POINTS = 500
"""Of a series; of a longer one every second, fourth ... value is kept, and the last."""
MOST_IMAGES = 60
MOST_IMAGE_BYTES = 4 * 2**20
"""Of all images, as PNG files."""
LONGEST_NAME = 200
_MOST_WARNINGS = 20


@dataclass
class _Series:
    """One name's values, thinned by halves as they grow too many."""

    points: list[tuple[float, float | None]] = field(default_factory=list)
    last: tuple[float, float | None] | None = None
    logged: int = 0
    every: int = 1

    def add(self, step: float, value: float | None) -> None:
        if self.logged % self.every == 0:
            self.points.append((step, value))
            if len(self.points) >= MOST_POINTS:
                self.points, self.every = self.points[::2], self.every * 2
        self.last = (step, value)
        self.logged += 1

    def shown(self) -> list[tuple[float, float | None]]:
        assert self.last is not None, "a series begins with a value"
        return self.points if self.points[-1] == self.last else [*self.points, self.last]


class Collection:
    """What has been logged, by names and trials. Nothing that is logged makes it raise."""

    def __init__(self) -> None:
        self._series: dict[tuple[str, int | None], _Series] = {}
        self._images: dict[tuple[str, int | None, float], bytes] = {}
        self._warnings: dict[str, str] = {}
        self.changed = False
        """Whether something has come since this was last set to False."""

    def add_value(self, name: Any, value: Any, step: Any, trial: int | None) -> None:
        """Takes over a value; what is wrong with it is a warning."""
        try:
            key, at = (checked_name(name), trial), checked_step(step)
            number = checked_value(value)
        except ValueError as error:
            self.warn(f"A value that was logged as {_shown(name)} was left out", str(error))
            return
        series = self._series.get(key)
        if series is None:
            if len(self._series) >= MOST_SERIES:
                self.warn(
                    f"No more than {MOST_SERIES} series are kept",
                    f"{_shown(name)} is the first that was left out. Log fewer names.",
                )
                return
            series = self._series[key] = _Series()
        if series.last is not None and at <= series.last[0]:
            self.warn(
                f"Values of {_shown(name)} were left out: their steps do not rise",
                f"Step {at:g} came after step {series.last[0]:g}. Log each step once, and give "
                "each process that logs a name of its own.",
            )
            return
        series.add(at, number)
        self.changed = True

    def add_image(self, name: Any, image: Any, step: Any, trial: int | None) -> None:
        """Takes over an image; what is wrong with it is a warning."""
        try:
            key = (checked_name(name), trial, checked_step(step))
            content = png.encoded(image)
        except Exception as error:  # An array may be of any library.
            self.warn(f"An image that was logged as {_shown(name)} was left out", str(error))
            return
        others = sum(len(one) for other, one in self._images.items() if other != key)
        full = key not in self._images and len(self._images) >= MOST_IMAGES
        if full or others + len(content) > MOST_IMAGE_BYTES:
            self.warn(
                "Images were left out: there are too many",
                f"{_shown(name)} at step {key[2]:g} is the first. At most {MOST_IMAGES} are kept, "
                f"and {MOST_IMAGE_BYTES // 2**20} MB in all. Log fewer or smaller ones.",
            )
            return
        self._images[key] = content
        self.changed = True

    def warn(self, headline: str, detail: str) -> None:
        """Remembers what is to be told at the end, and prints it; the same thing once."""
        if headline not in self._warnings and len(self._warnings) < _MOST_WARNINGS:
            self._warnings[headline] = detail
            self.changed = True
            print(f"warning: {headline}. {detail}", flush=True)

    def as_json(self) -> dict[str, Any]:
        """All of it, as `run_details.Logged` of the pipeline has it."""
        return {
            "series": [
                {"name": name, "trial": trial, "logged": one.logged, "points": one.shown()}
                for (name, trial), one in self._series.items()
            ],
            "images": [
                {"name": name, "trial": trial, "step": step, "png": base64.b64encode(one).decode()}
                for (name, trial, step), one in self._images.items()
            ],
            "warnings": [
                {"headline": headline, "detail": detail}
                for headline, detail in self._warnings.items()
            ],
        }


def checked_name(name: Any) -> str:
    """The name of a series or an image.

    Raises:
        ValueError: It is no text of 1 to `LONGEST_NAME` printable characters.
    """
    known = isinstance(name, str) and len(name) <= LONGEST_NAME and name.isprintable()
    if known and name.strip():
        return str(name)
    raise ValueError(
        f"Expected: a name of 1 to {LONGEST_NAME} printable characters. Received: {_shown(name)}."
    )


def checked_step(step: Any) -> float:
    """A step as a number; of type int where it is whole.

    Raises:
        ValueError: It is no finite number.
    """
    number = _number(step, "a step that is a number, such as the epoch")
    if not math.isfinite(number):
        raise ValueError(f"Expected: a step that is finite. Received: {number}.")
    return int(number) if number.is_integer() else number


def checked_value(value: Any) -> float | None:
    """A value as a number; None where it is not finite.

    Raises:
        ValueError: It is no number.
    """
    number = _number(value, "one number")
    return number if math.isfinite(number) else None


def _number(value: Any, wanted: str) -> float:
    if not isinstance(value, str | bytes | bytearray):
        try:
            return float(value)
        except Exception as error:  # A value may be of any library.
            if getattr(value, "graph", None) is not None or "Symbolic" in type(error).__name__:
                raise ValueError(
                    f"Expected: {wanted}. Received: a tensor inside of a tf.function, which has no "
                    "value yet. Log it from a callback, or compute it as a metric."
                ) from error
    raise ValueError(f"Expected: {wanted}. Received: {_shown(value)}.")


def _shown(value: Any) -> str:
    try:
        text = repr(value)
    except Exception:
        text = ""
    return text if 0 < len(text) <= 80 else f"{text[:60]} ... ({type(value).__name__})"
