"""Filters, sorting and columns of the list of runs."""
