"""From a node's artifacts to the run's record."""
