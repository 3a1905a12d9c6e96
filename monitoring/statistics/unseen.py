"""How many rows have a value that the reference does not name, and how many that is too many."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from monitoring.statistics.hypergeometric import tails


def expected_unseen(counts: Mapping[str, int], other_rows: int) -> int:
    """Rows of the reference whose value it would not name without them.

    Each row, left out in turn, is a new row to the others. So the share of such rows is what to
    expect of new rows of the same data (Good 1953, Biometrika 40, 237-264). Where all values are
    named, they are those whose value occurs once. Where only the most frequent are, they are those
    with another value, and those whose value is so hardly named that one row less might undo it.

    Args:
        counts: Of the values that the reference names.
        other_rows: Rows with other values.
    """
    hardly = min(counts.values(), default=0) + 1 if other_rows else 1
    return other_rows + sum(count for count in counts.values() if count <= hardly)


def unseen_p_value(
    expected: int,
    reference_rows: int,
    unseen: int,
    served_rows: int,
    *,
    most: int,
    hidden: int,
    distinct: int,
) -> float:
    """Against more unseen values than new rows of the same data have; one-sided.

    Twice the smaller of two: of all of them together, and of the most frequent one alone.

    Args:
        expected: As `expected_unseen` says, of the reference.
        reference_rows: All values of the reference.
        unseen: Served values that the reference does not name.
        served_rows: All served values.
        most: How often the most frequent of them occurs.
        hidden: How often it may be in the reference without being named: 0, if all values are.
        distinct: How many distinct values both have together.
    """
    if not unseen or not reference_rows:
        return 1.0
    # A value that the reference lacks by chance comes in clusters, the larger, the more served rows
    # there are; no cluster is large in as many rows as the reference has.
    rows = min(served_rows, reference_rows)
    counts = [unseen * rows // served_rows, most]
    together, alone = tails(
        np.array([expected, hidden]),
        reference_rows,
        np.array(counts),
        np.array([rows, served_rows]),
    ).upper
    # The weight that `values_p_value` gives it.
    frequency = (hidden + most) / (reference_rows + served_rows)
    return float(min(1.0, 2 * min(together, 2 * alone / (1 / distinct + frequency))))
