"""The lines by which two texts differ."""

from __future__ import annotations

import difflib
from typing import Any

MAX_LINES = 4000
_AROUND = 3
"""Lines shown before and after a change."""


def hunks(before: str, after: str) -> list[list[dict[str, Any]]]:
    """Groups of lines around each change.

    Returns:
        For each line its `kind` (`same`, `removed`, `added`), `text`, and its numbers `before` and
        `after`, from 1, where it has them. None of all this if the texts are the same.

    Raises:
        ValueError: A text is too long to compare.
    """
    old, new = before.splitlines(), after.splitlines()
    if max(len(old), len(new)) > MAX_LINES:
        raise ValueError(f"A file of more than {MAX_LINES} lines is not compared line by line.")
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    return [
        [
            line
            for kind, old_start, old_end, new_start, new_end in group
            for line in _lines(kind, old, new, (old_start, old_end), (new_start, new_end))
        ]
        for group in matcher.get_grouped_opcodes(_AROUND)
    ]


def _lines(
    kind: str,
    old: list[str],
    new: list[str],
    of_old: tuple[int, int],
    of_new: tuple[int, int],
) -> list[dict[str, Any]]:
    if kind == "equal":
        numbers = zip(range(*of_old), range(*of_new), strict=True)
        return [
            {"kind": "same", "text": old[one], "before": one + 1, "after": other + 1}
            for one, other in numbers
        ]
    removed = [
        {"kind": "removed", "text": old[number], "before": number + 1} for number in range(*of_old)
    ]
    added = [
        {"kind": "added", "text": new[number], "after": number + 1} for number in range(*of_new)
    ]
    return removed + added
