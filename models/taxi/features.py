"""Which column of the taxi trips is what."""

NUMERIC = ("trip_miles", "fare", "trip_seconds")
"""Heavy-tailed and never negative: scaled on a logarithm."""

BUCKETED = ("pickup_latitude", "pickup_longitude", "dropoff_latitude", "dropoff_longitude")
BUCKETS = 10

CATEGORICAL = {
    "trip_start_hour": 24,
    "trip_start_day": 8,
    "trip_start_month": 13,
    "pickup_community_area": 78,
    "dropoff_community_area": 78,
}
"""Small integers, with one more than the largest."""

VOCABULARY = ("payment_type", "company")
VOCABULARY_SIZE = 50
OUT_OF_VOCABULARY = 2

INPUTS = (*NUMERIC, *BUCKETED, *CATEGORICAL, *VOCABULARY)
"""The columns that a prediction request may carry."""

LABEL = "big_tipper"


def transformed(column: str) -> str:
    """What a column is called after preprocessing; another name, so that slices see the raw one."""
    return f"{column}_xf"
