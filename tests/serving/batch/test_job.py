"""Batch prediction: every format to the same; restarts change nothing; refusals have reasons."""

from __future__ import annotations

import csv
import fcntl
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from serving.batch import job
from serving.commands.main import command_line
from serving.core.errors import ServingError
from serving.model.loaded_model import LoadedModel
from tests.helpers import small_model

pytestmark = [pytest.mark.tfx, pytest.mark.slow]

ROWS: list[dict[str, Any]] = [
    {"x": 1.5, "name": "ab", "other": "kept"},
    {"x": 5.0, "name": None, "other": "kept"},
]
ANSWERS = [
    {"output_y": 5.0, "output_both": [5.0, 0.0], "output_kind": "small"},
    {"output_y": 10.0, "output_both": [10.0, 0.0], "output_kind": "small"},
]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("serving_models")
    small_model.write(folder / "small" / "1")
    return folder


@pytest.fixture
def batch(models: Path, tmp_path: Path) -> Callable[..., Result]:
    def call(*words: object, output: str = "out") -> Result:
        return CliRunner().invoke(
            command_line(),
            ["batch", "small", "--models", str(models), "--output", str(tmp_path / output)]
            + [str(word) for word in words],
        )

    return call


def write_csv(path: Path) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(ROWS[0]))
        writer.writeheader()
        writer.writerows(ROWS)


def read_csv(path: Path) -> list[dict[str, Any]]:
    with path.open(newline="") as file:
        rows: list[dict[str, Any]] = list(csv.DictReader(file))
    for row in rows:
        row.update(x=float(row["x"]), name=row["name"] or None, output_y=float(row["output_y"]))
        row["output_both"] = json.loads(row["output_both"])
    return rows


def write_parquet(path: Path) -> None:
    pq.write_table(pa.Table.from_pylist(ROWS), path)


def write_jsonl(path: Path) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def write_tfrecord(path: Path) -> None:
    import tensorflow as tf

    with tf.io.TFRecordWriter(str(path)) as writer:
        for row in ROWS:
            example = tf.train.Example()
            example.features.feature["x"].float_list.value.append(row["x"])
            for name in ("name", "other"):
                if row[name] is not None:
                    example.features.feature[name].bytes_list.value.append(row[name].encode())
            writer.write(example.SerializeToString())


def read_tfrecord(path: Path) -> list[dict[str, Any]]:
    import tensorflow as tf

    def text(features: Any, name: str) -> str | None:
        values = features[name].bytes_list.value
        return values[0].decode() if values else None

    rows = []
    for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
        features = tf.train.Example.FromString(record).features.feature
        rows.append(
            {
                "x": features["x"].float_list.value[0],
                "name": text(features, "name"),
                "other": text(features, "other"),
                "output_y": features["output_y"].float_list.value[0],
                "output_both": list(features["output_both"].float_list.value),
                "output_kind": text(features, "output_kind"),
            }
        )
    return rows


@pytest.mark.parametrize(
    ("ending", "write", "read"),
    [
        ("csv", write_csv, read_csv),
        ("parquet", write_parquet, lambda path: pq.read_table(path).to_pylist()),
        ("jsonl", write_jsonl, read_jsonl),
        ("tfrecord", write_tfrecord, read_tfrecord),
    ],
)
def test_a_file_becomes_the_same_with_predictions(
    batch: Callable[..., Result],
    tmp_path: Path,
    ending: str,
    write: Callable[[Path], None],
    read: Callable[[Path], list[dict[str, Any]]],
) -> None:
    write(tmp_path / f"rows.{ending}")
    result = batch("--input", tmp_path / f"rows.{ending}")
    assert result.exit_code == 0, (result.output, result.exception)
    assert "2 rows answered by version 1 of small" in result.output
    (part,) = (
        (tmp_path / "out").glob(f"*.{ending}")
        if ending != "jsonl"
        else [tmp_path / "out" / "rows-00000.jsonl"]
    )
    assert read(part) == [row | answer for row, answer in zip(ROWS, ANSWERS, strict=True)]
    assert (tmp_path / "out" / "refused.jsonl").read_text() == ""


def test_examples_can_be_asked_as_they_are(batch: Callable[..., Result], tmp_path: Path) -> None:
    write_tfrecord(tmp_path / "rows.tfrecord")
    result = batch("--input", tmp_path / "rows.tfrecord", "--signature", "serving_examples")
    assert result.exit_code == 0, result.exception
    assert [row["output_y"] for row in read_tfrecord(tmp_path / "out/rows-00000.tfrecord")] == [
        5,
        10,
    ]


def test_refused_rows_have_their_line_and_reason(
    batch: Callable[..., Result], tmp_path: Path
) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(b'x,name\n1,"two\nlines"\nmany,a\n2\n,a\n13,a\n3,\xff\n4,ok\n')
    result = batch("--input", path)
    assert result.exit_code == 1
    assert "2 rows answered" in result.output and "5 rows refused" in result.output
    refused = {item["line"]: item["reason"] for item in read_jsonl(tmp_path / "out/refused.jsonl")}
    assert list(refused) == [4, 5, 6, 7, 8]
    assert refused[4] == "x: 'many' is not of the type float"
    assert refused[5] == "has 1 cells; the header has 2"
    assert "keys must be equal to: name,tags,x" in refused[6]
    assert "13 is out of luck" in refused[7]
    assert refused[8] == "is not UTF-8"


def test_lists_of_several_lengths_are_no_mistake(
    batch: Callable[..., Result], tmp_path: Path
) -> None:
    tags = [list(range(n % 4)) for n in range(20)]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps({"x": 0, "tags": one}) + "\n" for one in tags) + "{bad\n")
    assert batch("--input", path).exit_code == 1
    answers = read_jsonl(tmp_path / "out" / "rows-00000.jsonl")
    assert [item["output_both"][1] for item in answers] == [sum(one) for one in tags]


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*") if path.is_file()}


def test_an_interrupted_job_ends_with_the_same_files(
    batch: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from serving.batch import job

    path = tmp_path / "rows.jsonl"
    lines = [json.dumps({"x": n}) if n % 7 else "{" for n in range(100)]
    path.write_text("\n".join(lines))
    words = ("--input", path, "--rows-in-part", 20)
    assert batch(*words, output="whole").exit_code == 1

    asked = []
    ask = job.answers

    def interrupted(model: Any, signature: Any, rows: Any) -> Any:
        asked.append(rows[0].number)
        if len(asked) == 4:
            raise KeyboardInterrupt
        return ask(model, signature, rows)

    monkeypatch.setattr(job, "answers", interrupted)
    batch(*words)
    finished = content(tmp_path / "out")
    assert {"rows-00000.jsonl", "rows-00001.jsonl", "rows-00002.jsonl"} < set(finished)
    assert "rows-00003.jsonl" not in finished
    assert batch(*words).exit_code == 1
    assert asked == [1, 21, 41, 61, 61, 81], "finished parts were not asked again"
    assert content(tmp_path / "out") == content(tmp_path / "whole")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--input", "none-*.csv"], "There is no file none-*.csv"),
        (["--input", "{dir}/rows.csv", "--version", "9"], "'small' has no version 9"),
        (["--input", "{dir}/rows.csv", "--label", "canary"], "'small' has no version canary"),
        (
            ["--input", "{dir}/rows.csv", "--signature", "x"],
            'Serving signature name: "x" not found',
        ),
        (["--input", "{dir}/rows.csv", "--format", "csw"], "did you mean 'csv'?"),
        (["--input", "{dir}/rows.csv", "--format", "parquet"], "is not Parquet"),
        (["--input", "{dir}/rows.csv", "--format", "tfrecord"], "damaged, or not TFRecord"),
        (["--input", "{dir}/rows.txt"], "Name it: --format"),
        (["--input", "{dir}/other.csv"], "lacks x\nIt has: xx, name; did you mean"),
    ],
)
def test_a_mistake_is_told_in_words(
    batch: Callable[..., Result], tmp_path: Path, words: list[str], said: str
) -> None:
    write_csv(tmp_path / "rows.csv")
    (tmp_path / "rows.txt").write_text("x")
    (tmp_path / "other.csv").write_text("xx,name\n1,a\n")
    result = batch(*(word.replace("{dir}", str(tmp_path)) for word in words))
    assert isinstance(result.exception, ServingError)
    assert said in str(result.exception)


def test_a_folder_of_another_job_is_left_alone(
    batch: Callable[..., Result], tmp_path: Path
) -> None:
    write_csv(tmp_path / "rows.csv")
    assert batch("--input", tmp_path / "rows.csv").exit_code == 0
    before = content(tmp_path / "out")
    (tmp_path / "rows.csv").write_text("x\n7\n")
    result = batch("--input", tmp_path / "rows.csv")
    assert "has the predictions of another job" in str(result.exception)
    assert content(tmp_path / "out") == before


def test_a_folder_that_another_process_writes_to_is_left_alone(
    batch: Callable[..., Result], tmp_path: Path
) -> None:
    write_csv(tmp_path / "rows.csv")
    (tmp_path / "out").mkdir()
    handle = os.open(tmp_path / "out", os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    result = batch("--input", tmp_path / "rows.csv")
    os.close(handle)
    assert "Another process is writing" in str(result.exception)
    assert content(tmp_path / "out") == {}


def test_files_of_the_same_name_have_parts_of_their_own(
    batch: Callable[..., Result], tmp_path: Path
) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "rows.jsonl").write_text(f'{{"x": 1, "name": "{folder}"}}')
    assert batch("--input", tmp_path / "*" / "rows.jsonl").exit_code == 0
    parts = sorted((tmp_path / "out").glob("rows*.jsonl"))
    assert sorted(row["name"] for path in parts for row in read_jsonl(path)) == ["a", "b"]


def test_a_finished_part_of_several_batches_is_passed_over(models: Path, tmp_path: Path) -> None:
    from serving.batch import job
    from serving.model.loaded_model import LoadedModel

    rows = tmp_path / "rows.jsonl"
    rows.write_text("".join(json.dumps({"x": n + 100}) + "\n" for n in range(50)))
    work = job.Job("small", 1, "serving_default", "jsonl", (str(rows),), 20, 5)
    model = LoadedModel(models / "small" / "1")
    counted: list[int] = []
    for _ in range(2):
        counts = job.run(work, model, tmp_path / "out", lambda now: counted.append(now.answered))
        assert (counts.answered, counts.refused) == (50, 0)
        parts = [tmp_path / "out" / f"rows-0000{number}.jsonl" for number in range(3)]
        found = [[row["x"] for row in read_jsonl(part)] for part in parts]
        assert found == [[*range(100, 120)], [*range(120, 140)], [*range(140, 150)]]
        parts[1].unlink()
    model.close()
    # Ten batches and three parts; then the first part, four batches and so on.
    assert counted[13:] == [20, 25, 30, 35, 40, 40, 50]


def test_floats_have_no_more_digits_than_the_model_means(
    batch: Callable[..., Result], tmp_path: Path
) -> None:
    (tmp_path / "rows.csv").write_text("x\n0.05\n")
    assert batch("--input", tmp_path / "rows.csv").exit_code == 0
    assert (tmp_path / "out" / "rows-00000.csv").read_text().splitlines()[1].split(",")[-1] == "0.1"


def test_an_output_without_a_value_for_each_row_is_refused(
    conformance_models: Path, tmp_path: Path
) -> None:
    from serving.batch import job
    from serving.batch.formats import Row
    from serving.model.loaded_model import LoadedModel

    model = LoadedModel(conformance_models / "types" / "123")
    rows = [Row(number, float(number), None) for number in (1, 2)]
    results = job.answers(model, model.signature("scalar_output"), rows)
    model.close()
    assert [row.refused for row in results if isinstance(row, Row)] == [
        "Output 'sum' has no value for each row"
    ] * 2


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    "damage",
    [
        lambda out: (out / "rows-00001.jsonl").unlink(),
        lambda out: _flip(out / "rows-00001.jsonl"),
        lambda out: (out / "rows-00001.jsonl").write_bytes(b""),
        lambda out: (out / ".parts" / "rows-00001.jsonl.json").unlink(),
        lambda out: (out / ".parts" / "rows-00001.jsonl.json").write_text("{"),
        lambda out: (out / ".parts" / "rows-00001.jsonl.json").write_text('{"answered": 1}'),
        lambda out: (out / ".parts" / "rows-00001.jsonl.refused").unlink(),
        lambda out: _flip(out / ".parts" / "rows-00001.jsonl.refused"),
        lambda out: shutil.rmtree(out / ".parts"),
        lambda out: (out / "batch.json").write_text(""),
        lambda out: (out / "refused.jsonl").unlink(),
    ],
)
def test_a_part_that_is_gone_or_damaged_is_made_again(
    models: Path, tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    from serving.batch import job
    from serving.model.loaded_model import LoadedModel

    rows = tmp_path / "rows.jsonl"
    rows.write_text("".join(json.dumps({"x": n}) + "\n" if n % 7 else "{\n" for n in range(50)))
    work = job.Job("small", 1, "serving_default", "jsonl", (str(rows),), 20, 20)
    model = LoadedModel(models / "small" / "1")
    first = job.run(work, model, tmp_path / "out", lambda _: None)
    before = content(tmp_path / "out")
    damage(tmp_path / "out")
    again = job.run(work, model, tmp_path / "out", lambda _: None)
    model.close()
    assert again.rows == first.rows
    assert content(tmp_path / "out") == before


def test_damaged_parts_are_counted(models: Path, tmp_path: Path) -> None:
    from serving.batch import job
    from serving.model.loaded_model import LoadedModel

    rows = tmp_path / "rows.jsonl"
    rows.write_text("".join(json.dumps({"x": n}) + "\n" for n in range(50)))
    work = job.Job("small", 1, "serving_default", "jsonl", (str(rows),), 20, 20)
    model = LoadedModel(models / "small" / "1")
    counts = [job.run(work, model, tmp_path / "out", lambda _: None).damaged_parts]
    _flip(tmp_path / "out" / "rows-00001.jsonl")
    counts += [job.run(work, model, tmp_path / "out", lambda _: None).damaged_parts for _ in "12"]
    model.close()
    assert counts == [0, 1, 0]


def test_parts_of_another_job_are_not_believed(models: Path, tmp_path: Path) -> None:
    from serving.batch import job
    from serving.model.loaded_model import LoadedModel

    rows = tmp_path / "rows.jsonl"
    model = LoadedModel(models / "small" / "1")
    for x in (1, 2):
        rows.write_text(json.dumps({"x": x}))
        os.utime(rows, (x, x))
        work = job.Job("small", 1, "serving_default", "jsonl", (str(rows),))
        job.run(work, model, tmp_path / "out", lambda _: None)
        (tmp_path / "out" / "batch.json").unlink()
    model.close()
    assert [row["x"] for row in read_jsonl(tmp_path / "out" / "rows-00000.jsonl")] == [2]


@pytest.mark.parametrize(
    "names",
    [
        ["a/rows.csv", "b/rows.csv", "c/rows~2.csv"],
        ["a/rows~2.csv", "b/rows.csv", "c/rows.csv"],
        ["a/rows.csv", "b/rows.csv", "c/rows.csv", "d/rows~2.csv", "e/rows~2~2.csv"],
        ["a/rows.1.csv", "a/rows.2.csv", "a/rows.csv"],
        ["a/rows.csv", "a/rows-00000.csv"],
    ],
)
def test_no_file_is_taken_for_another(
    batch: Callable[..., Result], tmp_path: Path, names: list[str]
) -> None:
    for number, name in enumerate(names):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"x,name\n{number}.5,ab\n")
    result = batch("--input", tmp_path / "*" / "*.csv")
    assert result.exit_code == 0, result.output
    assert f"{len(names)} rows of {len(names)} files were read" in result.output
    found = [row["x"] for path in (tmp_path / "out").glob("*.csv") for row in _rows(path)]
    assert sorted(found) == [f"{number}.5" for number in range(len(names))]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_file_that_changes_while_it_is_read_is_told(models: Path, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("x,name\n1.5,ab\n")

    def append(_: object) -> None:
        with path.open("a") as file:
            file.write("2.5,ab\n")

    work = job.Job("small", 1, "serving_default", "csv", (str(path),))
    with pytest.raises(ServingError, match=r"rows\.csv changed while it was read") as caught:
        job.run(work, LoadedModel(models / "small" / "1"), tmp_path / "out", append)
    assert "--output" in caught.value.remedy


@pytest.mark.parametrize("finished", [True, False])
def test_rows_that_get_lost_are_counted(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, finished: bool
) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("x,name\n1.5,ab\n2.5,ab\n")
    work = job.Job("small", 1, "serving_default", "csv", (str(path),))
    loaded = LoadedModel(models / "small" / "1")
    if finished:
        job.run(work, loaded, tmp_path / "out", lambda _: None)
        state = tmp_path / "out" / ".parts" / "rows-00000.csv.json"
        state.write_text(json.dumps({**json.loads(state.read_text()), "answered": 1}))
    else:
        real = job.answers
        monkeypatch.setattr(job, "answers", lambda *given: real(*given)[1:])
    with pytest.raises(ServingError, match="has not the rows of") as caught:
        job.run(work, loaded, tmp_path / "out", lambda _: None)
    assert "2 rows were read, 1 answered and 0 refused" in str(caught.value)
