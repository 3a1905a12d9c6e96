"""Whom to ask about which film, and the ranking of what the model answers."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.common.errors import DataError
from models.movielens import recommend
from tests.helpers.paths import ROOT

RATINGS = "user,item,rating,timestamp\n1,7,5,100\n1,8,3,120\n2,8,4,300\n"
PREDICTIONS = "user,item,timestamp,output_outputs\n"


def read(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


@pytest.mark.parametrize(
    ("users", "time", "expected"),
    [
        (None, None, [["2", "7", "300"]]),
        (["3"], 9, [["3", "7", "9"], ["3", "8", "9"]]),
        (["1"], None, []),
    ],
)
def test_users_are_asked_about_films_that_they_have_not_rated(
    tmp_path: Path, users: list[str] | None, time: int | None, expected: list[list[str]]
) -> None:
    (tmp_path / "ratings.csv").write_text(RATINGS)
    output = tmp_path / "candidates.csv"
    assert recommend.candidates(tmp_path / "ratings.csv", output, users, time) == len(expected)
    assert read(output) == [["user", "item", "timestamp"], *expected]


stars = st.floats(0, 5, width=32)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.lists(st.tuples(st.integers(1, 3), st.integers(1, 50), stars), max_size=60),
    number=st.integers(1, 4),
    parts=st.integers(1, 3),
)
def test_the_best_of_each_user_are_those_with_the_most_stars(
    tmp_path: Path, rows: list[tuple[int, int, float]], number: int, parts: int
) -> None:
    for part in range(parts):
        lines = [f"{u},{f},1,{s!r}\n" for u, f, s in rows[part::parts]]
        (tmp_path / f"part-{part}.csv").write_text(PREDICTIONS + "".join(lines))
    for stale in range(parts, 3):
        (tmp_path / f"part-{stale}.csv").unlink(missing_ok=True)
    found = list(recommend.top(tmp_path, number))
    for user in {row[0] for row in rows}:
        mine = [(rank, given) for name, rank, _, given in found if name == str(user)]
        expected = sorted((s for u, _, s in rows if u == user), reverse=True)[:number]
        assert mine == list(enumerate(expected, start=1))
    assert {name for name, *_ in found} == {str(row[0]) for row in rows}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "lacks user, item, output_outputs"),
        ("user,item\n1,2\n", "lacks output_outputs"),
        (PREDICTIONS + "1,2,3,many\n", "'output_outputs' has a value that is no number"),
        (PREDICTIONS + "1,2,3\n", "'output_outputs' has a value that is no number"),
    ],
)
def test_files_without_predictions_are_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "part.csv").write_text(text)
    with pytest.raises(DataError, match=said):
        list(recommend.top(tmp_path))


def test_the_commands_print_a_table_or_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "part.csv").write_text(PREDICTIONS + "1,7,3,4.5\n1,8,3,4.75\n")
    recommend.main(["top", str(tmp_path), "--number", "1"])
    assert capsys.readouterr().out == "user,rank,item,stars\n1,1,8,4.75\n"
    for wrong in (["top", str(tmp_path / "none")], ["top", str(tmp_path), "--number", "0"]):
        with pytest.raises(SystemExit) as left:
            recommend.main(wrong)
        assert left.value.code == 2
    (tmp_path / "r.csv").write_text(RATINGS)
    with pytest.raises(SystemExit):
        recommend.main(["candidates", str(tmp_path / "r.csv"), "--output", str(tmp_path / "x/y")])
    assert "cannot be written" in capsys.readouterr().err


def test_a_reader_that_has_had_enough_is_no_error(tmp_path: Path) -> None:
    lines = "".join(f"{user},1,1,2.0\n" for user in range(20_000))
    (tmp_path / "part.csv").write_text(PREDICTIONS + lines)
    command = (sys.executable, "-m", "models.movielens.recommend", "top", str(tmp_path))
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout and process.stderr
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
