"""Makes the sample up: ratings of films by users with tastes, in the place of MovieLens.

    python data/movielens/generate.py

A rating is a film's quality, a user's mildness, and how well the user's taste and the film agree,
with something left to chance. Users come one after the other and rate for a few days, so that
splits by time have users that training has not seen; some films come late, too.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

SEED = 7
USERS, FILMS, RATINGS, TASTES = 300, 400, 20_000, 3
BEGIN, DAYS = 883_612_800, 200
"""The first day, in seconds since 1970 (1 January 1998), and how many days follow."""

Rating = tuple[int, int, int, int]


def main() -> None:
    """Writes `data/movielens/sample/ratings.csv`, the same each time."""
    path = Path(__file__).parent / "sample" / "ratings.csv"
    path.parent.mkdir(exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["user", "item", "rating", "timestamp"])
        table.writerows(rows())


def rows() -> list[Rating]:
    """User, film, rating from 0 to 5, and seconds since 1970, in the order of time."""
    random = np.random.RandomState(SEED)
    quality = random.normal(3.4, 0.6, FILMS)
    fame = random.gamma(0.7, 1.0, FILMS)
    mildness = random.normal(0, 0.45, USERS)
    user_taste = random.normal(0, 1, (USERS, TASTES))
    film_taste = random.normal(0, 0.45, (FILMS, TASTES))
    released = np.where(random.rand(FILMS) < 0.85, 0, random.uniform(0, DAYS, FILMS))
    joined = np.sort(random.uniform(0, DAYS - 5, USERS))
    # Half of the users come back until the end.
    stays = np.where(random.rand(USERS) < 0.5, DAYS - joined, random.uniform(1, 10, USERS))
    count = random.multinomial(RATINGS, random.dirichlet(np.full(USERS, 1.5)))
    found: list[Rating] = []
    for user in range(USERS):
        there = fame * (released <= joined[user])
        most = min(count[user], int((there > 0).sum()))
        films = random.choice(FILMS, most, replace=False, p=there / there.sum())
        days = np.minimum(joined[user] + stays[user] * random.rand(most), DAYS)
        agrees = film_taste[films] @ user_taste[user]
        scores = quality[films] + mildness[user] + agrees + random.normal(0, 0.7, most)
        stars = np.clip(np.round(scores), 0, 5).astype(int)
        times = BEGIN + (days * 86_400).astype(int)
        found += [
            (user + 1, int(film) + 1, int(star), int(time))
            for film, star, time in zip(films, stars, times, strict=True)
        ]
    return sorted(found, key=lambda row: (row[3], row))


if __name__ == "__main__":
    main()
