"""Which column is what."""

INPUTS = ("miles", "hour", "payment", "position", "latitude", "area", "company", "stops")
LABEL = "generous"
