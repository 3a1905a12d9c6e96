"""Served rows, summed up: mergeable counts of a window, whatever its number of rows."""
