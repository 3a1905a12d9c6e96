"""From a request to outputs: versions, batches, routing."""
