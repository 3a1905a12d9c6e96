"""Which version answers: labels, shares of the traffic, mirroring, and what came of it."""
