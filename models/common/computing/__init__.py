"""On what and how a network computes while it is trained; what is served is the same for all."""
