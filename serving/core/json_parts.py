"""A long JSON text in parts, so that no call takes long and memory is bounded by the text.

An array or an object is cut at the commas between its elements. They are found by numpy, over
blocks of the text: a byte is looked up, what is in a string is left out, and the sum of brackets so
far says how deep it is (Langdale and Lemire, "Parsing gigabytes of JSON per second", The VLDB
Journal 28, 2019, sections 3.1 and 3.2, does the same with the processor's wide registers). What is
no JSON is cut somewhere; whoever reads the parts finds out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from serving.core import background
from serving.core.errors import Code, ServingError

PART_BYTES = background.LONG
"""Of a part with more than one element, at most."""

_BLOCK = 2**18
_LONGEST_NAME = 2**16
_QUOTE, _BACKSLASH = ord('"'), ord("\\")
_STEP = np.zeros(256, np.int8)
_STEP[[ord("["), ord("{")]], _STEP[[ord("]"), ord("}")]] = 1, -1
_STRUCTURE = _STEP != 0
_STRUCTURE[ord(",")] = True
_MEMBER = re.compile(rb'[ \t\r\n]*("(?:[^"\\]|\\.)*")[ \t\r\n]*:[ \t\r\n]*', re.DOTALL)
_WHITE_SPACE = b" \t\r\n"


class Part(NamedTuple):
    """Some elements beside each other, `text[start:end]`, without the comma behind them."""

    start: int
    end: int
    elements: int
    """How many there are."""


class TooMany(Exception):  # noqa: N818  # the caller says of what
    """An array has more elements than it may."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.count = count
        """At least so many."""


def parts(text: bytes, start: int, most: int | None = None) -> tuple[list[Part], int]:
    """The elements of an array or an object, and where it ends.

    Args:
        text: JSON, perhaps.
        start: Where its bracket is.
        most: How many elements it may have; None for any number.

    Returns:
        The parts, of at most `PART_BYTES` unless they are a single element, and the place behind
        the closing bracket.

    Raises:
        ServingError: The brackets do not match.
        TooMany: There are more elements than `most`.
    """
    found: list[Part] = []
    begin, last, count, total = start + 1, -1, 0, 0
    end = -1
    for commas, close in _commas(text, start):
        total += len(commas)
        if most is not None and total >= most:
            raise TooMany(total + 1)
        at = 0
        while at < len(commas):
            fit = int(np.searchsorted(commas, begin + PART_BYTES, "right"))
            if fit > at:
                last, count, at = int(commas[fit - 1]), count + fit - at, fit
                continue
            if last < 0:  # One element that is longer than a part.
                last, count, at = int(commas[at]), 1, at + 1
            found.append(Part(begin, last, count))
            begin, last, count = last + 1, -1, 0
        end = close
    if last >= 0 and end - begin > PART_BYTES:
        found.append(Part(begin, last, count))
        begin, count = last + 1, 0
    if found or count or text[begin:end].strip(_WHITE_SPACE):
        found.append(Part(begin, end, count + 1))
    return found, end + 1


def members(text: bytes, start: int) -> tuple[Iterator[tuple[str, int, int]], int]:
    """The members of an object, and where it ends.

    Args:
        text: JSON, perhaps.
        start: Where its bracket is.

    Returns:
        For each member its name and where its value starts and ends, without white space before it;
        and the place behind the closing bracket.

    Raises:
        ServingError: The brackets do not match; while iterating, a member has no name.
    """
    found, end = parts(text, start)
    return _named(text, found), end


def first(text: bytes, start: int = 0) -> int:
    """The place of the first byte that is no white space."""
    match = _SPACE.match(text, start)
    return match.end() if match else start


_SPACE = re.compile(rb"[ \t\r\n]*")


def _named(text: bytes, found: list[Part]) -> Iterator[tuple[str, int, int]]:
    for part in found:
        cut = [part]
        if part.elements > 1:
            inner = b"{" + text[part.start : part.end] + b"}"
            places = np.concatenate([commas for commas, _ in _commas(inner, 0)]) + part.start - 1
            borders = [part.start - 1, *places.tolist(), part.end]
            cut = [Part(before + 1, after, 1) for before, after in pairwise(borders)]
        for one in cut:
            match = _MEMBER.match(text, one.start, min(one.end, one.start + _LONGEST_NAME))
            if match is None:
                raise malformed("Missing a name for object member", one.start)
            try:
                name = json.loads(match[1])
            except ValueError:
                raise malformed("Invalid value", one.start) from None
            yield name, match.end(), one.end


def _commas(text: bytes, start: int) -> Iterator[tuple[np.ndarray, int]]:
    """The places of an array's own commas by block, with its end, or -1 before it is found."""
    depth, in_string, backslashes = 0, False, 0
    for offset in range(start, len(text), _BLOCK):
        background.pause()
        block = np.frombuffer(text, np.uint8, min(_BLOCK, len(text) - offset), offset)
        quotes, backslashes = _quotes(block, backslashes)
        places = np.flatnonzero(_STRUCTURE[block])
        if len(quotes) or in_string:
            before = np.searchsorted(quotes, places)
            places = places[(before + in_string) % 2 == 0]
            in_string = bool((len(quotes) + in_string) % 2)
        steps = _STEP[block[places]]
        depths = depth + np.cumsum(steps, dtype=np.int64)
        closing = np.flatnonzero(depths <= 0)
        if len(closing):
            places, steps = places[: closing[0] + 1], steps[: closing[0] + 1]
            depths = depths[: closing[0] + 1]
        commas = places[(steps == 0) & (depths == 1)] + offset
        if len(closing):
            yield commas, offset + int(places[-1])
            return
        yield commas, -1
        depth = int(depths[-1]) if len(depths) else depth
    raise malformed("Missing a comma or ] after an array element", len(text))


def _quotes(block: np.ndarray, backslashes: int) -> tuple[np.ndarray, int]:
    """The places of quotes with no backslash before them that counts.

    Args:
        block: [n] bytes.
        backslashes: How many are before the block.

    Returns:
        The places, and how many backslashes are at the block's end.
    """
    quotes = np.flatnonzero(block == _QUOTE)
    others = np.flatnonzero(block != _BACKSLASH)
    if len(others) == len(block) and not backslashes:
        return quotes, 0
    # Of the bytes before each quote, the last that is no backslash.
    before = np.searchsorted(others, quotes) - 1
    run = np.where(before >= 0, quotes - others[before] - 1, quotes + backslashes)
    if not len(others):
        return quotes, backslashes + len(block)
    return quotes[run % 2 == 0], len(block) - 1 - int(others[-1])


def malformed(message: str, place: int) -> ServingError:
    """The refusal of what is no JSON."""
    return ServingError(Code.INVALID_ARGUMENT, f"JSON Parse error: {message} at offset: {place}")
