"""How large a network is and how long it may train, by the rows of the table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Budget:
    """What is sensible for a table of so many rows."""

    rows: int
    """Up to which it is."""
    members: int
    width: int
    """Of the embeddings of numbers and categories."""
    units: int
    layers: int
    dropout: float
    batch_size: int
    epochs: int
    patience: int
    trials: int
    trial_epochs: int
    rare: int
    """A category in fewer rows is together with others."""
    momentum: float
    """Of the average of the weights, which should reach over the steps of about an epoch."""
    words: int = 2_000
    bins: int = 32
    """Of the embeddings of numbers: few rows fill few."""


_BUDGETS = (
    Budget(2_000, 32, 8, 64, 2, 0.1, 32, 100, 30, 3, 10, 3, 0.95, bins=8),
    Budget(20_000, 8, 16, 192, 3, 0.1, 128, 12, 6, 2, 4, 5, 0.99),
    Budget(100_000, 8, 16, 128, 2, 0.0, 256, 25, 8, 2, 2, 10, 0.99),
    Budget(2**63, 8, 16, 128, 2, 0.0, 512, 20, 6, 2, 1, 20, 0.99),
)


def for_rows(rows: int) -> Budget:
    """The budget for a table.

    Args:
        rows: Its rows with a label.
    """
    return next(budget for budget in _BUDGETS if rows < budget.rows)
