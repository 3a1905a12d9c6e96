"""ExampleGen: the same examples and splits from every format, and a cache that sees content."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from components.tables import TableSource, parts
from components.tables.quality import findings
from models.common.errors import DataError
from tests.components.bigquery import bigquery_service

pytestmark = [pytest.mark.tfx, pytest.mark.slow]

ROWS = 400
SPLITS = {"train": 6, "eval": 2, "test": 2}
TABLE = pa.table(
    {
        "whole number": pa.array([None if i % 7 == 0 else i * 31 % 101 for i in range(ROWS)]),
        "half": pa.array([None if i % 5 == 0 else i * 0.37 for i in range(ROWS)]),
        "text": pa.array([None if i % 11 == 0 else f"Straße {i % 13}, \n{i}" for i in range(ROWS)]),
        "rare": pa.array([3.5 if i == 250 else None for i in range(ROWS)]),
        "nothing": pa.array([None] * ROWS, pa.string()),
    }
)
AVRO_TYPES = {
    "whole number": "long",
    "half": "double",
    "text": "string",
    "rare": "double",
    "nothing": None,
}


def write_csv(path: Path, table: pa.Table = TABLE) -> TableSource:
    pa.csv.write_csv(table, path)
    return TableSource(str(path))


def write_parquet(path: Path) -> TableSource:
    # A type without any value says no more than an empty CSV column.
    table = TABLE.set_column(4, "nothing", pa.nulls(ROWS))
    # The order of columns is not content.
    pq.write_table(table.select(table.column_names[::-1]), path, row_group_size=150)
    return TableSource(str(path), "parquet")


def write_avro(path: Path) -> TableSource:
    fields = [
        {"name": name, "type": ["null", kind] if kind else "null"}
        for name, kind in AVRO_TYPES.items()
    ]
    for field in fields:
        field["name"] = str(field["name"]).replace(" ", "_")
    schema = {"type": "record", "name": "Row", "fields": fields}
    rows = [
        {name.replace(" ", "_"): value for name, value in row.items()} for row in TABLE.to_pylist()
    ]
    with path.open("wb") as file:
        fastavro.writer(file, schema, rows)
    return TableSource(str(path), "avro")


def write_tfrecord(path: Path, compression: str = "GZIP") -> TableSource:
    import tensorflow as tf

    with tf.io.TFRecordWriter(str(path), compression) as writer:
        for row in TABLE.to_pylist():
            example = tf.train.Example()
            for name, value in row.items():
                feature = example.features.feature
                # Three ways to say that there is no value.
                if value is None and name == "half":
                    feature[name].float_list.SetInParent()
                elif value is None and name == "text":
                    feature[name].SetInParent()
                elif isinstance(value, int):
                    feature[name].int64_list.value.append(value)
                elif isinstance(value, float):
                    feature[name].float_list.value.append(value)
                elif value is not None:
                    feature[name].bytes_list.value.append(value.encode())
            writer.write(example.SerializeToString())
    return TableSource(str(path), "tfrecord")


@pytest.fixture
def generate(tmp_path: Path) -> Any:
    """Runs the executor on a table and returns the folder of its splits."""
    from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
    from tfx.types import standard_artifacts

    from components.example_gen import ExampleGen, Executor

    numbers = itertools.count()

    def run(source: TableSource, **arguments: Any) -> Path:
        node = ExampleGen(source, arguments.pop("splits", SPLITS), **arguments)
        artifact = standard_artifacts.Examples()
        artifact.uri = str(tmp_path / f"examples-{next(numbers)}")
        # Otherwise TFX packs itself up, for workers elsewhere.
        beam = ["--runner=FnApiRunner", "--sdk_container_image=none"]
        context = BaseBeamExecutor.Context(beam_pipeline_args=beam, tmp_dir=str(tmp_path))
        Executor(context).Do({}, {"examples": [artifact]}, dict(node.exec_properties))
        return Path(artifact.uri)

    return run


def examples(folder: Path, split: str) -> Iterator[Any]:
    import tensorflow as tf

    files = sorted(str(path) for path in (folder / f"Split-{split}").iterdir())
    for record in tf.data.TFRecordDataset(files, "GZIP").as_numpy_iterator():
        yield tf.train.Example.FromString(record)


def values(feature: Any) -> list[Any]:
    return list(getattr(feature, feature.WhichOneof("kind")).value)


def rows_of(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of each split, sorted; features by name, with Avro's underscores as spaces."""
    found = {}
    for split in SPLITS:
        rows = [
            tuple(
                (name.replace("whole_", "whole "), feature.WhichOneof("kind"), values(feature))
                for name, feature in sorted(example.features.feature.items())
            )
            for example in examples(folder, split)
        ]
        found[split] = sorted(rows, key=str)
    return found


@pytest.mark.slow
def test_every_format_gives_the_same_examples_splits_and_statistics(
    tmp_path: Path, generate: Any
) -> None:
    from tensorflow_data_validation.statistics import stats_impl, stats_options
    from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

    sources = [
        write_csv(tmp_path / "t.csv"),
        write_parquet(tmp_path / "t.parquet"),
        write_avro(tmp_path / "t.avro"),
        write_tfrecord(tmp_path / "t.tfrecord.gz"),
        write_tfrecord(tmp_path / "t.tfrecord", ""),
    ]
    folders = [generate(source) for source in sources]
    expected = rows_of(folders[0])
    assert sum(map(len, expected.values())) == ROWS
    assert all(len(expected[split]) > 40 for split in SPLITS)
    for folder in folders[1:]:
        assert rows_of(folder) == expected

    def statistics(folder: Path) -> list[Any]:
        records = sorted(e.SerializeToString(deterministic=True) for e in examples(folder, "train"))
        batch = ExamplesToRecordBatchDecoder().DecodeBatch(records)
        options = stats_options.StatsOptions()
        found = stats_impl.generate_statistics_in_memory(batch, options).datasets[0]
        for feature in found.features:
            feature.path.step[0] = feature.path.step[0].replace("whole_", "whole ")
        return sorted(found.features, key=lambda feature: str(feature.path))

    first = statistics(folders[0])
    assert [feature.path.step[0] for feature in first] == ["half", "rare", "text", "whole number"]
    for folder in folders[1:]:
        assert statistics(folder) == first


def test_a_missing_value_is_a_typed_empty_list(tmp_path: Path, generate: Any) -> None:
    folder = generate(write_csv(tmp_path / "t.csv"), hints={"nothing": "FLOAT"})
    kinds = {
        "whole number": "int64_list",
        "half": "float_list",
        "text": "bytes_list",
        "rare": "float_list",
        "nothing": "float_list",
    }
    counts = dict.fromkeys(kinds, 0)
    for split in SPLITS:
        for example in examples(folder, split):
            features = example.features.feature
            assert {name: f.WhichOneof("kind") for name, f in features.items()} == kinds
            for name, feature in features.items():
                counts[name] += len(values(feature))
    assert counts == {name: ROWS - TABLE[name].null_count for name in kinds}


@pytest.mark.slow
def test_splits_do_not_depend_on_the_run_or_on_other_rows(tmp_path: Path, generate: Any) -> None:
    first = rows_of(generate(write_csv(tmp_path / "t.csv")))
    again = rows_of(generate(write_csv(tmp_path / "half.csv", TABLE.slice(0, 300))))
    for split in SPLITS:
        assert [row for row in again[split] if row not in first[split]] == []


def test_several_files_with_other_types_have_one_type(tmp_path: Path, generate: Any) -> None:
    (tmp_path / "a.csv").write_text("a,b\n" + "".join(f"{i},x\n" for i in range(100)))
    (tmp_path / "b.csv").write_text("b,a\nx,0.5\n")
    folder = generate(TableSource(str(tmp_path / "*.csv")))
    kinds = {
        example.features.feature["a"].WhichOneof("kind")
        for split in SPLITS
        for example in examples(folder, split)
    }
    assert kinds == {"float_list"}


def test_lists_keep_their_values(tmp_path: Path, generate: Any) -> None:
    lists = [[i] * (i % 4) for i in range(100)]
    pq.write_table(pa.table({"list": lists, "i": list(range(100))}), tmp_path / "t.parquet")
    folder = generate(TableSource(str(tmp_path), "parquet"))
    found = {}
    for split in SPLITS:
        for example in examples(folder, split):
            features = example.features.feature
            found[values(features["i"])[0]] = values(features["list"])
    assert [found[i] for i in range(100)] == lists


def test_what_examples_do_not_hold_is_beside_them(tmp_path: Path, generate: Any) -> None:
    table = pa.table(
        {
            "i": list(range(100)),
            "half": [float("nan")] * 3 + [0.5] * 97,
            "placed": pa.array([0] * 100, pa.timestamp("s")),
        }
    )
    pq.write_table(table, tmp_path / "t.parquet")
    folder = generate(TableSource(str(tmp_path), "parquet"))
    told = findings.from_json((folder / findings.FILE).read_text())
    assert [(one.column, one.stops) for one in told] == [("placed", True), ("half", False)]
    written = [example for split in SPLITS for example in examples(folder, split)]
    assert {name for example in written for name in example.features.feature} == {"i", "half"}
    assert sum(len(values(example.features.feature["half"])) for example in written) == 97


@pytest.mark.parametrize("is_here", [True, False])
@pytest.mark.parametrize("write", [write_csv, write_parquet])
def test_a_file_that_is_read_in_parts_gives_the_same_examples(
    tmp_path: Path,
    generate: Any,
    monkeypatch: pytest.MonkeyPatch,
    write: Callable[[Path], TableSource],
    is_here: bool,
) -> None:
    from components import example_gen

    source = write(tmp_path / "t.x")
    whole = rows_of(generate(source))
    monkeypatch.setattr(parts, "CSV_BYTES", 1_000)
    monkeypatch.setattr(parts, "PARQUET_ROWS", 60)
    monkeypatch.setattr(example_gen, "runs_in_process", lambda _: is_here)
    folder = generate(source)
    assert rows_of(folder) == whole
    files = sorted(path.name for path in (folder / "Split-train").iterdir())
    assert len(files) == len(parts.of_file(source, source.location)) > 5
    assert files[1] == "data_tfrecord-00000-00001-00000.gz"


def test_a_part_without_a_time_is_told_by_the_files_row(
    tmp_path: Path, generate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "CSV_BYTES", 100)
    days = [f"2025-01-{1 + row % 28:02}" for row in range(80)]
    days[70] = "soon"
    (tmp_path / "t.csv").write_text("when\n" + "".join(f"{day}\n" for day in days))
    splits = {**SPLITS, "time": {"column": "when"}}
    with pytest.raises(DataError, match=r"t\.csv: row 71 has no time in 'when'"):
        generate(TableSource(str(tmp_path / "t.csv")), splits=splits)


def test_a_bad_row_is_told_through_beam(tmp_path: Path, generate: Any) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,2\n3\n")
    with pytest.raises(DataError) as caught:
        generate(TableSource(str(tmp_path / "t.csv")))
    assert caught.value.headline == f"{tmp_path}/t.csv:3: 1 cell where the header has 2"
    assert caught.value.detail == "Expected: 2 cells separated by ','. Received 1: 3"


def members(folder: Path, column: str) -> dict[str, set[Any]]:
    """The values of a column in each split."""
    return {
        split: {
            value
            for example in examples(folder, split)
            for value in values(example.features.feature[column])
        }
        for split in SPLITS
    }


@pytest.mark.parametrize("way", ["by", "time", "cuts"])
def test_rows_are_split_by_groups_or_time_over_all_files(
    tmp_path: Path, generate: Any, way: str
) -> None:
    from datetime import datetime, timedelta

    start = datetime(2025, 1, 1)
    days = [start + timedelta(days=day % 60) for day in range(300)]
    table = pa.table({"user": [day % 60 for day in range(300)], "when": days, "i": range(300)})
    for part in range(3):
        pq.write_table(table.slice(part * 100, 100), tmp_path / f"{part}.parquet")
    time = {"column": "when"}
    if way == "cuts":
        time |= {"eval_from": "2025-02-10", "test_from": "2025-02-20"}
    how = {"by": ["user"]} if way == "by" else {"time": time}
    source = TableSource(str(tmp_path), "parquet", times=("when",))
    found = members(generate(source, splits={**SPLITS, **how}), "user")
    assert all(found.values())
    assert sum(map(len, found.values())) == len(set.union(*found.values())) == 60
    if way != "by":
        assert max(found["train"]) < min(found["eval"]) and max(found["eval"]) < min(found["test"])
    if way == "cuts":
        assert (min(found["eval"]), min(found["test"])) == (40, 50)


def test_given_splits_are_kept(tmp_path: Path, generate: Any) -> None:
    given = {"train": "train", "eval": "v/*.csv", "test": "t.csv"}
    for name, first in (("train/a.csv", 0), ("train/b.csv", 10), ("v/x.csv", 20), ("t.csv", 30)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("i\n" + "".join(f"{first + n}\n" for n in range(10)))
    found = members(generate(TableSource(str(tmp_path), given=given)), "i")
    assert found == {
        "train": set(range(20)), "eval": set(range(20, 30)), "test": set(range(30, 40)),
    }  # fmt: skip


def test_a_column_to_split_by_that_is_not_there_is_told(tmp_path: Path, generate: Any) -> None:
    with pytest.raises(DataError, match=r"splits\.by: the data has no column 'user'"):
        generate(write_csv(tmp_path / "t.csv"), splits={**SPLITS, "by": ["user"]})


def test_the_spans_are_a_property_of_the_examples(tmp_path: Path) -> None:
    from tfx.types import standard_artifacts

    from components import example_gen
    from components.tables import spans

    artifact = standard_artifacts.Examples()
    artifact.set_string_custom_property(example_gen.SPANS, spans.in_words(["1", "2"]))
    properties = artifact.mlmd_artifact.custom_properties
    assert properties[example_gen.SPANS].string_value == "1 to 2 (2 spans)"


def test_avros_times_are_split_by(tmp_path: Path, generate: Any) -> None:
    from datetime import datetime, timedelta, timezone

    kind = {"type": "long", "logicalType": "timestamp-micros"}
    fields = [{"name": "when", "type": ["null", kind]}, {"name": "i", "type": "long"}]
    start = datetime(2025, 1, 1, tzinfo=timezone.utc)
    rows = [{"when": start + timedelta(hours=i), "i": i} for i in range(50)]
    with (tmp_path / "t.avro").open("wb") as file:
        fastavro.writer(file, {"type": "record", "name": "R", "fields": fields}, rows)
    source = TableSource(str(tmp_path / "t.avro"), "avro", times=("when",))
    found = members(generate(source, splits={**SPLITS, "time": {"column": "when"}}), "i")
    assert found["train"] == set(range(30)) and found["test"] == set(range(40, 50))


def test_a_split_without_rows_is_told(tmp_path: Path, generate: Any) -> None:
    (tmp_path / "t.csv").write_text("a\n1\n")
    with pytest.raises(DataError, match="has no rows"):
        generate(TableSource(str(tmp_path / "t.csv")))


@pytest.mark.parametrize(
    ("records", "headline"),
    [
        ([b"\x0a\x01\x0a"], "record 2 is not a tf.Example"),
        ([], "is damaged or not TFRecord, after record 0"),
    ],
)
def test_a_wrong_record_is_told(
    tmp_path: Path, generate: Any, records: list[bytes], headline: str
) -> None:
    import tensorflow as tf

    path = tmp_path / "t.tfrecord"
    good = tf.train.Example()
    good.features.feature["a"].int64_list.value.append(1)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for record in [good.SerializeToString(), *records, good.SerializeToString()]:
            writer.write(record)
    if not records:
        path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(DataError, match=headline):
        generate(TableSource(str(path), "tfrecord"))


def test_csv_as_tfrecord_is_told(tmp_path: Path, generate: Any) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,2\n" * 10)
    with pytest.raises(DataError, match="damaged or not TFRecord"):
        generate(TableSource(str(tmp_path / "t.csv"), "tfrecord"))


def test_changed_content_runs_again_and_a_touched_file_does_not(tmp_path: Path) -> None:
    from ml_metadata.metadata_store import MetadataStore
    from tfx.orchestration.local.local_dag_runner import LocalDagRunner
    from tfx.orchestration.metadata import sqlite_metadata_connection_config
    from tfx.orchestration.pipeline import Pipeline

    from components.example_gen import ExampleGen

    connection = sqlite_metadata_connection_config(str(tmp_path / "metadata.db"))

    def run() -> int:
        """Runs the pipeline and says how many examples artifacts there are now."""
        pipeline = Pipeline(
            pipeline_name="p",
            pipeline_root=str(tmp_path / "root"),
            components=[ExampleGen(source, SPLITS)],
            enable_cache=True,
            metadata_connection_config=connection,
            beam_pipeline_args=["--runner=FnApiRunner", "--sdk_container_image=none"],
        )
        LocalDagRunner().run(pipeline)
        return len(MetadataStore(connection).get_artifacts_by_type("Examples"))

    source = write_csv(tmp_path / "t.csv")
    assert run() == 1
    os.utime(tmp_path / "t.csv", (0, 0))
    assert run() == 1
    write_csv(tmp_path / "t.csv", TABLE.slice(1))
    assert run() == 2


def append(path: Path) -> None:
    with path.open("a") as file:
        file.write("9,9\n")


def replace_by_the_same_size(path: Path) -> None:
    status = path.stat()
    path.write_text(path.read_text().replace("1", "7"))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


CHANGES: dict[str, Callable[[Path], object]] = {
    "appended": append,
    "replaced": replace_by_the_same_size,
    "another file": lambda path: (path.parent / "more.csv").write_text("a,b\n1,2\n"),
    "deleted": lambda path: path.unlink(),
}


@pytest.mark.parametrize("when", ["before", "scanned", "written"])
@pytest.mark.parametrize("how", CHANGES)
def test_nothing_is_kept_of_data_that_changes_meanwhile(
    tmp_path: Path, generate: Any, monkeypatch: pytest.MonkeyPatch, how: str, when: str
) -> None:
    from components import example_gen

    (tmp_path / "data").mkdir()
    for name in ("one", "two"):
        (tmp_path / "data" / f"{name}.csv").write_text("a,b\n1,2\n3,4\n" * 20)
    source = TableSource(str(tmp_path / "data"))
    file = tmp_path / "data" / "one.csv"
    if when == "before":
        # After the node's parameters were made from the data.
        arguments = {"data_hash": example_gen.fingerprint(source)}
        CHANGES[how](file)
    else:
        arguments = {}
        step = {"scanned": "_merge", "written": "_write_number"}[when]
        real = getattr(example_gen, step)

        def change(*given: Any) -> Any:
            CHANGES[how](file)
            return real(*given)

        monkeypatch.setattr(example_gen, step, change)
    with pytest.raises(DataError) as caught:
        generate(source, **arguments)
    assert "data changed while it was read" in caught.value.headline or how == "deleted"


def test_a_table_of_bigquery_gives_the_same_examples_as_a_file(
    tmp_path: Path, generate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from components import example_gen

    pq.write_table(TABLE, tmp_path / "t.parquet")
    expected = rows_of(generate(TableSource(str(tmp_path / "t.parquet"), "parquet")))
    source = TableSource("p.d.t", "bigquery")
    with bigquery_service.running() as service:
        for name, value in service.variables.items():
            monkeypatch.setenv(name, value)
        service.put("p.d.t", TABLE, int(time.time() * 1000) - 5000)
        assert rows_of(generate(source)) == expected
        version = example_gen.fingerprint(source)
        # Whatever comes after the version in the cache's key, that is what is read.
        service.put("p.d.t", TABLE.slice(0, 1), int(time.time() * 1000) - 1000)
        assert rows_of(generate(source, data_hash=version)) == expected
        # In the cloud it may be that nobody has looked.
        service.put("p.d.t", TABLE, int(time.time() * 1000))
        assert rows_of(generate(source, data_hash="unknown")) == expected
        assert {session.max_stream_count for session in service.sessions} == {1}


@pytest.mark.parametrize(
    ("args", "most"),
    [
        (["--runner=FnApiRunner"], 1),
        (["--runner=DirectRunner", "--direct_num_workers=4"], 4),
        (["--runner=DataflowRunner", "--project=p"], 0),
        (["--runner=FlinkRunner", "--parallelism=4"], 0),
    ],
)
def test_other_machines_read_as_many_streams_as_bigquery_thinks_right(
    args: list[str], most: int
) -> None:
    from components import example_gen

    assert example_gen._most_streams(args) == most
