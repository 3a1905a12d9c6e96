"""`make demo-drift`: the whole loop on one desk, from ordinary traffic to a promoted version."""
