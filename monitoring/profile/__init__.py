"""The reference profile of a pushed version: what its training data and its answers were like."""
