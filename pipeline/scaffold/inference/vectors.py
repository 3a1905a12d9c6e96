"""Runs of columns that are one array, such as `pixel1` to `pixel784`."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping

import numpy as np

from pipeline.scaffold.inference.kinds import Choice
from pipeline.scaffold.reading.profile import TableProfile

_NUMBERED = re.compile(r"(.*?)(\d+)(?:[_x,-](\d+))?$", re.DOTALL)
_HINT = re.compile(
    r"(?:^|[^a-z])(?:pixels?|pix|px|bands?|wave\w*|wl|freq\w*|lag|emb\w*|dim|signal|spectr\w*)[^a-z]*$"
)
_FEWEST, _FEWEST_WITHOUT_HINT = 16, 64
_SCALE = 4.0


def together(table: TableProfile, choices: Mapping[str, Choice]) -> dict[str, Choice]:
    """The choices with runs of numbered columns of one scale as one vector.

    A column that is constant is a part of its run: the corner of a picture may always be black.

    Args:
        table: The table.
        choices: What each column is taken for by itself.
    """
    runs: dict[str, list[str]] = {}
    for name, choice in choices.items():
        match = _NUMBERED.fullmatch(name)
        column = table.columns[name].column
        plain = column.type in ("INT", "FLOAT") and not column.is_list and not choice.formats
        if match and plain and choice.kind in ("number", "code", "boolean", "constant"):
            runs.setdefault(match[1], []).append(name)
    found = dict(choices)
    for stem, names in runs.items():
        hinted = _HINT.search(stem.lower()) is not None
        if len(names) < (_FEWEST if hinted else _FEWEST_WITHOUT_HINT):
            continue
        if not _is_counted(names) or not (hinted or _has_one_scale(table, names)):
            continue
        vector = re.sub(r"[^\w]+$", "", stem) or "values"
        why = f"one of {len(names)} numbers, {names[0]} to {names[-1]}"
        for name in names:
            found[name] = dataclasses.replace(
                found[name], kind="vector", why=why, others=(), vector=vector.rstrip("_")
            )
    return found


def _is_counted(names: list[str]) -> bool:
    """Whether the numbers in the names leave none out, of one or of two dimensions."""
    matches = [_NUMBERED.fullmatch(name) for name in names]
    places = {(int(one[2]), int(one[3] or 0)) for one in matches if one}
    sizes = [len({place[axis] for place in places}) for axis in (0, 1)]
    spans = [
        max(place[axis] for place in places) - min(place[axis] for place in places) + 1
        for axis in (0, 1)
    ]
    return sizes == spans and len(places) == len(names) == sizes[0] * sizes[1]


def _has_one_scale(table: TableProfile, names: list[str]) -> bool:
    """Whether the columns' values are of one size, so that one scale fits all of them."""
    sizes = []
    for name in names:
        sample = table.columns[name].sample
        finite = np.abs(sample[np.isfinite(sample)])
        if len(finite) and finite.max() > 0:
            sizes.append(float(finite.max()))
    return bool(sizes) and float(np.quantile(sizes, 0.9)) <= _SCALE * float(np.quantile(sizes, 0.1))
