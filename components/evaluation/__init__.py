"""What the Evaluator computes beside TFMA's metrics."""
