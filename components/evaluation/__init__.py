"""The Evaluator, and what it computes beside TFMA's metrics."""

DROPPED = "dropped_as_baseline"
"""The custom property of a blessing whose model is no longer to be a baseline."""
