"""The best films of each user: what to ask the model, and the ranking of what it answers.

python -m models.movielens.recommend candidates data/movielens/sample --output candidates.csv
python -m serving batch movielens --input candidates.csv --output predictions
python -m models.movielens.recommend top predictions
"""

from __future__ import annotations

import argparse
import csv
import heapq
import os
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from models.common.errors import MISTAKE, DataError, ProjectError
from models.movielens.features import FILM, TIME, USER

STARS = "output_outputs"
"""What batch prediction calls the model's answer."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs one of the two commands; exit status 2 where a file is not as it should be."""
    parser = argparse.ArgumentParser(prog="python -m models.movielens.recommend")
    commands = parser.add_subparsers(dest="command", required=True)
    asked = commands.add_parser("candidates", help="write each user with each film not rated yet")
    asked.add_argument("ratings", type=Path, help="a CSV file of ratings, or a folder of them")
    asked.add_argument("--output", type=Path, required=True, help="the CSV file to write")
    asked.add_argument("--users", nargs="+", help="these alone; one without ratings is a cold user")
    asked.add_argument("--time", type=int, help="seconds since 1970; by default the latest rating")
    ranked = commands.add_parser("top", help="print the films with the most stars for each user")
    ranked.add_argument("predictions", type=Path, help="the folder that batch prediction wrote")
    ranked.add_argument("--number", type=_count, default=10, help="films of a user, by default 10")
    options = parser.parse_args(arguments)
    try:
        if options.command == "candidates":
            candidates(options.ratings, options.output, options.users, options.time)
            return
        found = list(top(options.predictions, options.number))
        table = csv.writer(sys.stdout, lineterminator="\n")
        table.writerow([USER, "rank", FILM, "stars"])
        table.writerows(found)
        sys.stdout.flush()
    except BrokenPipeError:  # Whoever reads it, such as `head`, has had enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except ProjectError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(MISTAKE)


def candidates(
    ratings: Path, output: Path, users: Sequence[str] | None = None, time: int | None = None
) -> int:
    """Writes a row for each user and film that the user has not rated; returns how many.

    Args:
        ratings: A CSV file with a header, or a folder of such files.
        output: The CSV file to write.
        users: Whom to ask for; None: everybody who has rated.
        time: When they would watch, in seconds since 1970; None: the latest rating's.

    Raises:
        DataError: There are no ratings, a file lacks a column or has a time that is no number, or
            the candidates cannot be written.
    """
    seen: dict[str, set[str]] = defaultdict(set)
    films: dict[str, None] = {}
    latest = 0
    for row in _rows(ratings, (USER, FILM, TIME)):
        seen[row[USER]].add(row[FILM])
        films[row[FILM]] = None
        latest = max(latest, int(_number(row, TIME)))
    count = 0
    try:
        with output.open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow([USER, FILM, TIME])
            for user in users or list(seen):
                left = [film for film in films if film not in seen.get(user, ())]
                table.writerows([user, film, latest if time is None else time] for film in left)
                count += len(left)
    except OSError as error:
        raise DataError(f"{output} cannot be written", str(error), "Name another file.") from error
    return count


def top(predictions: Path, number: int = 10) -> Iterator[tuple[str, int, str, float]]:
    """User, rank, film and stars of the best films of each user; of equal ones the first.

    Args:
        predictions: The folder that batch prediction wrote, or one of its files.
        number: So many of each user.

    Raises:
        DataError: There are no predictions, a file lacks a column, or has stars that are no number.
    """
    best: dict[str, list[tuple[float, int, str]]] = defaultdict(list)
    for place, row in enumerate(_rows(predictions, (USER, FILM, STARS))):
        found = best[row[USER]]
        heapq.heappush(found, (_number(row, STARS), -place, row[FILM]))
        if len(found) > number:
            heapq.heappop(found)
    for user, found in best.items():
        for rank, (stars, _, film) in enumerate(sorted(found, reverse=True), start=1):
            yield user, rank, film, stars


def _number(row: dict[str, str], column: str) -> float:
    try:
        return float(row[column])
    except (TypeError, ValueError):
        raise DataError(
            f"'{column}' has a value that is no number",
            f"Received: {row[column]!r:.80}, in the row {row!r:.200}.",
            "Correct the row, or leave it out.",
        ) from None


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number above 0, received {text!r}")
    return int(text)


def _rows(path: Path, columns: Sequence[str]) -> Iterator[dict[str, str]]:
    """The rows of the CSV files at a path."""
    files = sorted(path.glob("*.csv")) if path.is_dir() else [path]
    if not files or not files[0].is_file():
        raise DataError(f"There is no CSV file at {path}", "", "Name a file, or a folder of them.")
    for file in files:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            table = csv.DictReader(opened)
            header = table.fieldnames or []
            lacking = [column for column in columns if column not in header]
            if lacking:
                raise DataError(
                    f"{file} lacks {', '.join(lacking)}",
                    f"It has: {', '.join(header) or 'no header'}.",
                    f"Name a file with the columns {', '.join(columns)}.",
                )
            yield from table


if __name__ == "__main__":
    main()
