"""Which column of the salaries is what."""

YEARS = "x"
"""Years of experience."""

INPUTS = (YEARS,)

LABEL = "y"
"""Salary, in dollars a year."""
