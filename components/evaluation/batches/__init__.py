"""Metrics of whole batches of rows at once: TFMA's own values, many times as fast.

TFMA hands each row to each metric of each slice, in Python. Here a batch is dealt out to its slices
once, and what a metric sums up is summed up in numpy, for all rows of a slice together. The sums go
into TFMA's own partial results, so whatever is derived from them, its validation and its files stay
TFMA's. Metrics and rows that are not of a common kind are handed to TFMA's combiners one by one.
"""
