"""Many comparisons and many looks, with one bound on false alarms.

At look number k the window is compared, and wherever k is a multiple of 2, 4, 8, ... so are the
last 2, 4, 8, ... windows together: what changes a little is found in the long ones, what changes
much in the short ones. The j-th comparison of 2^l windows may err with the share

    1 / ((l + 1) (l + 2))  *  j^-1.5 / zeta(1.5)

of the whole bound. These shares add up to one over all l and j, so by the union bound any number of
looks errs at most as often as the bound says; that all share one reference does not matter, as it
would if evidence were multiplied from look to look. (Alpha spending: Lan and DeMets 1983,
Biometrika 70, 659-663. On looks without end: Ramdas et al. 2023, Statistical Science 38, 576-601.)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import zeta

_EXPONENT = 1.5


def windows_together(look: int) -> list[int]:
    """How many windows, up to the last one, are compared together at a look: 1, 2, 4, ...

    Args:
        look: Its number, from 1.
    """
    return [2**level for level in range(look.bit_length()) if look % 2**level == 0]


def allowance(look: int, windows: int) -> float:
    """The share of the bound on false alarms that a comparison may use.

    Args:
        look: The number of the look, from 1.
        windows: How many windows are compared together; a power of two that divides `look`.
    """
    level = windows.bit_length() - 1
    return spent(look // windows) / ((level + 1) * (level + 2))


def spent(look: int) -> float:
    """The share of the bound for a comparison that is made at each look, of one window only."""
    return look**-_EXPONENT / float(zeta(_EXPONENT))


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusts p-values so that all together err with the probability of one.

    Holm's step-down procedure (1979, Scandinavian Journal of Statistics 6, 65-70); valid whatever
    depends on what.
    """
    if not p_values:
        return []
    order = np.argsort(p_values, kind="stable")
    ranked = np.asarray(p_values, dtype=float)[order] * np.arange(len(p_values), 0, -1)
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(ranked))
    return [float(each) for each in adjusted]
