"""Which column of the ratings is what."""

USER = "user"
FILM = "item"
TIME = "timestamp"
"""Seconds since 1970."""

INPUTS = (USER, FILM, TIME)

LABEL = "rating"
MOST_STARS = 5.0

IDS = (USER, FILM)
TIMES = 10
"""The times of the training split are cut into so many stretches with as many ratings each."""
