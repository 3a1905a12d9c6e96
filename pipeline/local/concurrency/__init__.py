"""Nodes that run at once: one in the run's process, and one in a copy of it."""
