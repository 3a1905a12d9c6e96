"""Mistakes in a model's folder and data that are told before anything runs."""

from __future__ import annotations

import dataclasses
import datetime
import itertools
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import models
from components.tables import TableSummary
from models.common import model_folder
from models.common.errors import ConfigError, DataError, ModelCodeError, ProjectError, RunError
from pipeline.config import preflight, project
from pipeline.config.loading import load
from pipeline.config.model_config import ModelConfig
from tests.components.bigquery import bigquery_service
from tests.components.bigquery.bigquery_service import BigQueryService

CONFIG = """\
data: {path: data/*.csv}
label: {name: big, columns: [tip]}
evaluation:
  slices: [city]
  metrics: {AUC: {at_least: 0.5}}
"""
ROWS = "fare,city,tip\n" + "".join(f"{i}.5,Rome,{i % 3}\n" for i in range(20))
SCHEMA = """\
feature { name: "fare" type: FLOAT }
feature { name: "city" type: BYTES }
feature { name: "tip" type: INT }
feature { name: "when" type: TYPE_UNKNOWN }
"""

_numbers = itertools.count()


@dataclasses.dataclass
class Project:
    """A project in a folder of its own, with one model that has nothing wrong."""

    root: Path
    model: str

    def write(self, name: str, content: str | bytes) -> Project:
        """Writes a file of the model's folder, or below `data/`."""
        folder = self.root if name.startswith("data/") else self.root / "models" / self.model
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
        return self

    def remove(self, name: str) -> Project:
        """Removes a file of the model's folder."""
        (self.root / "models" / self.model / name).unlink()
        return self

    def config(self, *overrides: str) -> ModelConfig:
        """The model's configuration."""
        return load(self.model, overrides, self.root)

    def check(self, *overrides: str) -> TableSummary | None:
        """Runs the check."""
        return preflight.check(self.model, self.config(*overrides), self.root)


@pytest.fixture
def good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    # Another name each time, because Python imports a module once.
    made = Project(tmp_path, f"m{next(_numbers)}")
    for name in ("preprocessing.py", "model.py", "search_space.py"):
        made.write(name, "")
    made.write("features.py", 'INPUTS = ("fare", "city")\n')
    made.write("config.yaml", CONFIG)
    made.write("data/t.csv", ROWS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(models, "__path__", [*models.__path__, str(tmp_path / "models")])
    monkeypatch.setattr(model_folder, "MODELS", tmp_path / "models")
    return made


def test_nothing_wrong_gives_what_the_data_holds(good: Project) -> None:
    summary = good.check()
    assert summary is not None
    assert summary.rows == 20
    assert summary.names == ("fare", "city", "tip")
    assert not (good.root / "runs").exists()


BIGQUERY = CONFIG.replace("{path: data/*.csv}", "{path: p.d.trips, format: bigquery}")


@pytest.fixture
def trips(good: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[BigQueryService]:
    """The good model's data as a table of BigQuery."""
    good.write("config.yaml", BIGQUERY).remove("../../data/t.csv")
    with bigquery_service.running() as service:
        for name, value in service.variables.items():
            monkeypatch.setenv(name, value)
        table = {"fare": [1.5], "city": ["Rome"], "tip": [1], "day": [datetime.date(2026, 1, 1)]}
        service.put("p.d.trips", pa.table(table))
        yield service


def test_a_table_of_bigquery_is_looked_at_and_not_read(
    good: Project, trips: BigQueryService
) -> None:
    assert good.check() is None
    assert trips.asked and not trips.sessions
    assert good.check("splits.time={column: day}") is None


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["data.path=p.d.other"], "BigQuery has no such table, or no longer: p.d.other"),
        (["label.columns=[tpi]"], "label.columns: the data has no column 'tpi'"),
        (["evaluation.slices=[day]"], "p.d.trips: the column 'day' has a type that an example"),
        (["splits.by=day"], "splits.by: the column 'day' has a type that an example cannot hold"),
        (["splits.time={column: dya}"], "splits.time.column: the data has no column 'dya'"),
        (["data.path=data/q.sql"], "data/q.sql, which data.path names, cannot be read"),
    ],
)
def test_what_is_wrong_with_a_table_of_bigquery_is_told(
    good: Project, trips: BigQueryService, overrides: list[str], said: str
) -> None:
    with pytest.raises(ProjectError) as caught:
        good.check(*overrides)
    assert said in caught.value.headline
    assert caught.value.detail and caught.value.remedy


def test_a_query_is_tried_without_being_run(good: Project, trips: BigQueryService) -> None:
    good.write("data/q.sql", "SELECT fare, city FROM d.trips")
    result = pa.table({"fare": [1.5], "city": ["Rome"]})
    trips.queries["SELECT fare, city FROM d.trips"] = (["p.d.trips"], result)
    with pytest.raises(ConfigError, match=r"label\.columns: the data has no column 'tip'"):
        good.check("data.path=data/q.sql")
    good.write("data/q.sql", "SELEC")
    with pytest.raises(DataError, match=r"data/q\.sql: BigQuery does not take it") as caught:
        good.check("data.path=data/q.sql")
    assert "Syntax error: Unexpected identifier at [1:1]" in caught.value.detail
    assert trips.ran == []


LABELLED = CONFIG.replace("{name: big, columns: [tip]}", "{name: tip, columns: [tip]}")


@pytest.mark.parametrize(
    ("cells", "overrides", "message"),
    [
        (["yes", ""], [], "The label column 'tip' has one value alone, 'yes'"),
        (["yes", ""], ["label.missing=keep"], None),
        (["yes", "no", ""], [], None),
        (["1", "2", ""], ["label.weight=one"], None),
        (["1", "2"], ["label.weight=tpi"], "label.weight: the data has no column 'tpi'"),
        (["1", "2"], ["label.weight=city"], "the column 'city' does not weigh every row"),
        (["1", "2"], ["label.weight=gap"], "the column 'gap' does not weigh every row"),
    ],
)
def test_labels_and_weights(
    good: Project, cells: list[str], overrides: list[str], message: str | None
) -> None:
    rows = [f"{i}.5,Rome,{cells[i % len(cells)]},{i if i else ''},1" for i in range(60)]
    good.write("config.yaml", LABELLED).write(
        "data/t.csv", "fare,city,tip,gap,one\n" + "\n".join(rows) + "\n"
    )
    good.write("features.py", 'INPUTS = ("fare",)\n')
    if message is None:
        good.check(*overrides)
        return
    with pytest.raises(ProjectError) as caught:
        good.check(*overrides)
    assert message in caught.value.headline and caught.value.detail and caught.value.remedy


def test_rows_without_a_label_do_not_count_as_rows(good: Project) -> None:
    rows = "".join(f"{i}.5,Rome,{i % 3 if i < 6 else ''}\n" for i in range(60))
    good.write("config.yaml", LABELLED).write("data/t.csv", f"fare,city,tip\n{rows}")
    with pytest.raises(DataError, match="6 rows are too few to be split"):
        good.check()


def test_a_weight_is_no_input(good: Project) -> None:
    with pytest.raises(ConfigError, match=r"INPUTS has 'fare', which label\.weight names"):
        good.check("label.weight=fare")


def test_the_shipped_model_passes() -> None:
    assert preflight.check("taxi", load("taxi")) is not None


Mistake = Callable[[Project], object]

BAD: dict[str, tuple[Mistake, type[ProjectError], str, str]] = {
    # what: (how, the error, its headline with M for the model's name, a part of the rest)
    "no network": (
        lambda p: p.remove("model.py"),
        ConfigError,
        "models/M/model.py does not exist",
        "models/taxi/model.py is an example",
    ),
    "a file misspelt": (
        lambda p: p.remove("preprocessing.py").write("preprocesing.py", ""),
        ConfigError,
        "models/M/preprocessing.py does not exist; did you mean 'preprocesing.py'?",
        "The folder has: config.yaml, features.py, model.py, preprocesing.py, search_space.py.",
    ),
    "code from outside of models": (
        lambda p: p.write("preprocessing.py", "from data import words\n"),
        ModelCodeError,
        "models/M/preprocessing.py:1 imports 'data', which no hash covers",
        "Move what it needs under models/",
    ),
    "code that depends on the environment": (
        lambda p: p.write("metrics.py", "import os\nSCALE = os.getenv('SCALE')\n"),
        ModelCodeError,
        "models/M/metrics.py:2 reads os.getenv, which no hash covers",
        "Write the value into the code",
    ),
    "no search space": (
        lambda p: p.remove("search_space.py"),
        ConfigError,
        "models/M/search_space.py does not exist",
        "Write it",
    ),
    "frozen, without hyperparameters": (
        lambda p: p.write("config.yaml", CONFIG + "tuning: {mode: frozen}\n"),
        ConfigError,
        "models/M/hyperparameters.json cannot be read, which 'tuning.mode: frozen' needs",
        "python -m pipeline freeze-hyperparameters M",
    ),
    "hyperparameters that are not JSON": (
        lambda p: p.write("hyperparameters.json", '{\n"a" 1\n}'),
        ConfigError,
        "models/M/hyperparameters.json:2: not valid JSON",
        "Expected: a mapping of hyperparameters.",
    ),
    "hyperparameters that are a list": (
        lambda p: p.write("hyperparameters.json", "[1]"),
        ConfigError,
        "models/M/hyperparameters.json is not a mapping",
        "Received: [1]",
    ),
    "features that do not parse": (
        lambda p: p.write("features.py", "x = 1\nINPUTS = (\n"),
        ModelCodeError,
        "models/M/features.py:2: importing models/M/features.py failed with SyntaxError",
        "'(' was never closed",
    ),
    "features that cannot be imported": (
        lambda p: p.write("features.py", "x = 1\nimport nonsense_\n"),
        ModelCodeError,
        "models/M/features.py:2: importing models/M/features.py failed with ModuleNotFoundError",
        "No module named 'nonsense_'",
    ),
    "no INPUTS": (
        lambda p: p.write("features.py", "INPUT = ()\n"),
        ModelCodeError,
        "models/M/features.py does not say which columns the model reads",
        "Received: no such name.",
    ),
    "INPUTS that is one name": (
        lambda p: p.write("features.py", 'INPUTS = ("fare")\n'),
        ModelCodeError,
        "models/M/features.py does not say which columns the model reads",
        "Received: 'fare'.",
    ),
    "an input twice": (
        lambda p: p.write("features.py", 'INPUTS = ("fare", "city", "fare")\n'),
        ModelCodeError,
        "models/M/features.py: INPUTS has 'fare' twice",
        "Received: ('fare', 'city', 'fare').",
    ),
    "a formula of a column that there is not": (
        lambda p: p.write("config.yaml", CONFIG + "monitoring: {label: tip > 0.2 * fair}\n"),
        ConfigError,
        "models/M/config.yaml: monitoring.label: there is no column 'fair'; did you mean 'fare'?",
        "Expected: a column of label.columns, or of INPUTS in features.py: tip, fare, city.",
    ),
    "a feature to ignore that there is not": (
        lambda p: p.write("config.yaml", CONFIG + "monitoring: {ignore: [tip]}\n"),
        ConfigError,
        "models/M/config.yaml: monitoring.ignore: there is no column 'tip'",
        "Expected: a column of INPUTS in features.py: fare, city.",
    ),
    "a label among the inputs": (
        lambda p: p.write("features.py", 'INPUTS = ("fare", "tip")\n'),
        ConfigError,
        "models/M/features.py: INPUTS has 'tip', which label.columns has too",
        "Remove it from INPUTS",
    ),
    "an input that the data lacks": (
        lambda p: p.write("features.py", 'INPUTS = ("fares",)\n'),
        ModelCodeError,
        "models/M/features.py: INPUTS: the data has no column 'fares'; did you mean 'fare'?",
        "data/t.csv has: fare, city, tip.",
    ),
    "a label that the data lacks": (
        lambda p: p.write("config.yaml", CONFIG.replace("[tip]", "[tips]")),
        ConfigError,
        "models/M/config.yaml: label.columns: the data has no column 'tips'; did you mean 'tip'?",
        "data/t.csv has: fare, city, tip.",
    ),
    "a slice that the data lacks": (
        lambda p: p.write("config.yaml", CONFIG.replace("[city]", "[[city, day]]")),
        ConfigError,
        "models/M/config.yaml: evaluation.slices: the data has no column 'day'",
        "data/t.csv has: fare, city, tip.",
    ),
    "a column to leave out of the worst rows that the data lacks": (
        lambda p: p.write(
            "config.yaml",
            CONFIG.replace("slices: [city]", "slices: [city]\n  worst_rows:\n    without: [cite]"),
        ),
        ConfigError,
        "models/M/config.yaml: evaluation.worst_rows.without: the data has no column 'cite'; did "
        "you mean 'city'?",
        "data/t.csv has: fare, city, tip.",
    ),
    "a column of images that the data lacks": (
        lambda p: p.write(
            "config.yaml", CONFIG.replace("slices: [city]", "slices: [city]\n  images: cite")
        ),
        ConfigError,
        "models/M/config.yaml: evaluation.images: the data has no column 'cite'; did you mean "
        "'city'?",
        "data/t.csv has: fare, city, tip.",
    ),
    "a constant label": (
        lambda p: p.write("data/t.csv", "fare,city,tip\n" + "1,Rome,0\n2,Bonn,0\n" * 10),
        DataError,
        "The label column 'tip' is constant: there is nothing to learn",
        "Received: the value 0 in all 20 rows.",
    ),
    "a label without values": (
        lambda p: p.write("data/t.csv", "fare,city,tip\n" + "1,Rome,\n2,Bonn,\n" * 10),
        DataError,
        "The label column 'tip' is constant: there is nothing to learn",
        "Received: no value in all 20 rows.",
    ),
    "an input without values": (
        lambda p: p.write("data/t.csv", "fare,city,tip\n" + ",Rome,0\n,Bonn,1\n" * 10),
        DataError,
        "The column 'fare' has no value in any row",
        "Received: 20 missing values.",
    ),
    "too few rows": (
        lambda p: p.write("data/t.csv", ROWS[: ROWS.index("9.5")]),
        DataError,
        "9 rows are too few to be split",
        "Expected: at least 10, so that 'eval' gets one (1 of 10). Received: 9 in data/t.csv.",
    ),
    "no data": (
        lambda p: p.write("config.yaml", CONFIG.replace("*.csv", "u.csv")),
        DataError,
        "No file matches data/u.csv; did you mean 't.csv'?",
        "The folder data has: t.csv.",
    ),
    "data that cannot be read": (
        lambda p: p.write("data/t.csv", "fare,city,tip\n1,2\n"),
        DataError,
        "data/t.csv:2: 2 cells where the header has 3",
        "Received 2: 1,2",
    ),
    "empty TFRecord": (
        lambda p: p.write("data/t.tfrecord", "").write(
            "config.yaml", CONFIG.replace("*.csv", "t.tfrecord, format: tfrecord")
        ),
        DataError,
        "data/t.tfrecord is empty",
        "Expected: TFRecord",
    ),
    "a schema that does not parse": (
        lambda p: p.write("schema.pbtxt", 'feature { name: "fare" type: FLOTE }'),
        ConfigError,
        "models/M/schema.pbtxt is not a schema",
        "python -m pipeline freeze-schema M",
    ),
    "a file where the runs go": (
        lambda p: (p.root / "runs").write_text(""),
        RunError,
        "runs is not a folder",
        "Make runs a folder",
    ),
    "a file where the models go": (
        lambda p: (p.root / "serving_models").write_text(""),
        RunError,
        "serving_models is not a folder",
        "Make serving_models a folder",
    ),
    "a link to nowhere where the runs go": (
        lambda p: (p.root / "runs").symlink_to("gone"),
        RunError,
        "runs is not a folder",
        "Received: a link to gone, where there is no folder.",
    ),
    "a link to itself where the runs go": (
        lambda p: (p.root / "runs").symlink_to(p.root / "runs"),
        RunError,
        "runs is not a folder",
        "where there is no folder.",
    ),
    "a file where the model's artifacts go": (
        lambda p: file_in(p.root / "runs", p.model),
        RunError,
        "runs/M is not a folder",
        "Received: a file.",
    ),
    "a file where the model's versions go": (
        lambda p: file_in(p.root / "serving_models", p.model),
        RunError,
        "serving_models/M is not a folder",
        "Received: a file.",
    ),
    "a named pipe as data": (
        lambda p: named_pipe(p.root / "data" / "t.csv"),
        DataError,
        "data/t.csv cannot be read",
        "Received: it is a named pipe, not a file.",
    ),
    "a folder as data": (
        lambda p: p.write("config.yaml", CONFIG.replace("data/*.csv", "data")).write(
            "data/u.csv/t.csv", ROWS
        ),
        DataError,
        "data/u.csv cannot be read",
        "Received: it is a folder, not a file.",
    ),
    "folders that match": (
        lambda p: p.write("config.yaml", CONFIG.replace("*.csv", "*.d")).write("data/u.d/x", ""),
        DataError,
        "No file matches data/*.d",
        "Folders do that have no csv file in them: data/u.d.",
    ),
    "a named pipe as code": (
        lambda p: named_pipe(p.root / "models" / p.model / "model.py"),
        ConfigError,
        "models/M/model.py is not a file",
        "Received: it is a named pipe, not a file.",
    ),
    "a link to nowhere as code": (
        lambda p: link_to_nowhere(p.root / "models" / p.model / "features.py"),
        ConfigError,
        "models/M/features.py is not a file",
        "Received: a link to gone: No such file or directory.",
    ),
    "a link to nowhere as configuration": (
        lambda p: link_to_nowhere(p.root / "models" / p.model / "config.yaml"),
        ConfigError,
        "models/M/config.yaml is a link to gone, where there is no file",
        "Correct the link",
    ),
    "data with a name that is no text": (
        lambda p: (p.root / "data" / os.fsdecode(b"\xff.csv")).write_text(ROWS),
        DataError,
        "'data/\\udcff.csv' has a name that is not UTF-8 text",
        "Rename the file",
    ),
    "a file of the model with a name that is no text": (
        lambda p: p.write(os.fsdecode(b"\xff.txt"), ""),
        ModelCodeError,
        "'models/M/\\udcff.txt' has a name that is not UTF-8 text",
        "Rename it",
    ),
    "a link to nowhere as the schema": (
        lambda p: (p.root / "models" / p.model / "schema.pbtxt").symlink_to("gone"),
        ConfigError,
        "models/M/schema.pbtxt is not a schema",
        "No such file or directory",
    ),
    "another model that serves under its name": (
        lambda p: other_model(p, f"serving: {{name: {p.model}}}"),
        ConfigError,
        "models/M/config.yaml: serving.name: 'MODEL' is the model other's too",
        "here or in models/other/config.yaml",
    ),
    "another model of the name that it serves under": (
        lambda p: other_model(p, "").write("config.yaml", CONFIG + "serving: {name: other}\n"),
        ConfigError,
        "models/M/config.yaml: serving.name: 'other' is the model other's too",
        "go to serving_models/other",
    ),
}


def file_in(folder: Path, name: str) -> None:
    """An empty file in a folder of its own."""
    folder.mkdir()
    (folder / name).write_text("")


def named_pipe(path: Path) -> None:
    """A named pipe in a file's place."""
    path.unlink()
    os.mkfifo(path)


def link_to_nowhere(path: Path) -> None:
    """A link to nowhere in a file's place."""
    path.unlink()
    path.symlink_to("gone")


def other_model(project: Project, text: str) -> Project:
    """Another model beside it, with this in its configuration."""
    path = project.root / "models" / "other" / "config.yaml"
    path.parent.mkdir()
    path.write_text(CONFIG + text)
    return project


@pytest.mark.parametrize("what", BAD)
def test_a_mistake_is_told(what: str, good: Project) -> None:
    make, kind, headline, more = BAD[what]
    make(good)
    with pytest.raises(ProjectError) as caught:
        good.check()
    assert type(caught.value) is kind
    expected = headline.replace("M/", f"{good.model}/").replace("MODEL", good.model)
    assert caught.value.headline == expected.replace("/M is", f"/{good.model} is")
    rest = f"{caught.value.detail} {caught.value.remedy}"
    assert (
        more.replace("freeze-schema M", f"freeze-schema {good.model}").replace(
            "hyperparameters M", f"hyperparameters {good.model}"
        )
        in rest
    )
    assert caught.value.remedy


def parquet(project: Project, **more: pa.Array) -> None:
    """The good table in Parquet, with further columns."""
    columns = {
        "fare": [float(i) for i in range(20)],
        "city": ["Rome", "Bonn"] * 10,
        "tip": [i % 2 for i in range(20)],
    }
    pq.write_table(pa.table({**columns, **more}), project.root / "data" / "t.parquet")
    project.write(
        "config.yaml", CONFIG.replace("*.csv", "t.parquet").replace("}", ", format: parquet}", 1)
    )


UNUSABLE: dict[str, tuple[pa.Array, str]] = {
    # what: (the column, what is said of it)
    "a time": (pa.array([0] * 20, pa.timestamp("us")), "an example cannot hold: timestamp[us]"),
    "a record": (pa.array([{"x": 1}] * 20), "an example cannot hold: struct<x: int64>"),
    "lists of lists": (pa.array([[[1]]] * 20), "an example cannot hold: lists of lists"),
    "beyond 64 bits": (pa.array([2**63] * 20, pa.uint64()), "uint64, with a value that does not"),
    "infinity": (pa.array([float("inf")] + [0.5] * 19), "has infinity for 1 values in 20 rows"),
    "beyond 32 bits": (pa.array([1e300] + [0.5] * 19), "infinity as a 32-bit float, such as `1e"),
}


@pytest.mark.parametrize("what", UNUSABLE)
@pytest.mark.parametrize("place", ["INPUTS", "label.columns", "evaluation.slices", None])
def test_what_no_model_can_read_is_refused_where_it_is_used_and_told_elsewhere(
    good: Project, what: str, place: str | None
) -> None:
    column, said = UNUSABLE[what]
    parquet(good, x=column)
    text = (good.root / "models" / good.model / "config.yaml").read_text()
    if place == "INPUTS":
        good.write("features.py", 'INPUTS = ("fare", "x")\n')
    elif place == "label.columns":
        good.write("config.yaml", text.replace("[tip]", "[tip, x]"))
    elif place == "evaluation.slices":
        good.write("config.yaml", text.replace("[city]", "[city, x]"))
    if place is None:
        summary = good.check()
        [notice] = preflight.notices(good.model, summary, good.root)
        assert notice.startswith("`x` has ") and said in notice
        return
    with pytest.raises(DataError) as caught:
        good.check()
    assert caught.value.headline.startswith("data/t.parquet: the column 'x' has ")
    assert said in caught.value.headline
    assert place in caught.value.detail and caught.value.remedy


def test_text_because_of_a_few_cells_is_told_with_the_key_that_helps(good: Project) -> None:
    good.write("data/t.csv", ROWS.replace("\n1.5,", "\nNA,").replace("\n2.5,", "\nNA,"))
    summary = good.check()
    [notice] = preflight.notices(good.model, summary, good.root)
    assert notice.startswith("`fare` is text because 2 of 20 cells are `NA`. ")
    assert 'data.missing: ["NA"]' in notice
    summary = good.check("data.missing=[NA]")
    assert summary is not None and summary.column("fare").type == "FLOAT"
    assert preflight.notices(good.model, summary, good.root) == []


def test_so_many_notices_are_told_at_once(good: Project) -> None:
    parquet(good, **{f"x{i}": pa.array([0] * 20, pa.date32()) for i in range(30)})
    told = preflight.notices(good.model, good.check(), good.root)
    assert len(told) == 21 and told[-1] == "10 more are in the run's report."


def test_nothing_is_told_of_what_was_not_read(good: Project) -> None:
    assert preflight.notices(good.model, None, good.root) == []


@pytest.mark.parametrize(
    ("mode", "files"),
    [("frozen", {"hyperparameters.json": "{}"}), ("always", {"hyperparameters.json": "not read"})],
)
def test_only_what_the_tuning_mode_needs_is_asked_for(
    good: Project, mode: str, files: dict[str, str]
) -> None:
    if mode == "frozen":
        good.remove("search_space.py")
    for name, content in files.items():
        good.write(name, content)
    assert good.check(f"tuning.mode={mode}") is not None


@pytest.mark.parametrize(
    "gone", [pytest.param(column, id=column) for column in ("fare", "city", "tip")]
)
def test_a_column_that_the_frozen_schema_knows_is_left_to_the_gate(
    good: Project, gone: str
) -> None:
    good.write("schema.pbtxt", SCHEMA)
    good.write("data/t.csv", ROWS.replace(gone, "other", 1))
    assert good.check("splits.train=2") is not None


def test_a_column_that_nothing_knows_is_told_with_a_frozen_schema_too(good: Project) -> None:
    good.write("schema.pbtxt", SCHEMA)
    good.write("features.py", 'INPUTS = ("fare", "day")\n')
    with pytest.raises(ModelCodeError, match="the data has no column 'day'"):
        good.check()


def test_data_elsewhere_and_tfrecord_are_not_read(good: Project) -> None:
    assert good.check("data.path=gs://bucket/*.csv") is None
    good.write("data/t.tfrecord", b"anything")
    assert good.check("data.path=data/*.tfrecord", "data.format=tfrecord") is None


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_to_is_told(good: Project) -> None:
    (good.root / "runs").mkdir(mode=0o500)
    with pytest.raises(RunError, match="The folder runs cannot be written to"):
        good.check()


def test_what_the_system_says_of_a_folder_is_told(
    good: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    with pytest.raises(RunError) as caught:
        good.check()
    assert caught.value.headline == "The folder runs cannot be written to"
    assert caught.value.detail == "Received: No space left on device."


def test_nothing_heavy_is_imported() -> None:
    heavy = "{'tensorflow', 'tfx', 'apache_beam', 'tensorflow_data_validation'}"
    code = f"import sys, pipeline.config.preflight; print({heavy} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=project.ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"


def test_a_column_whose_name_cannot_be_kept(good: Project) -> None:
    import pyarrow
    from pyarrow import parquet

    columns = {"fare": [1.5] * 20, "a\0b": [1] * 20, "city": ["a"] * 20, "tip": [1, 2] * 10}
    (good.root / "data" / "t.csv").unlink()
    parquet.write_table(pyarrow.table(columns), good.root / "data" / "t.parquet")
    good.write("config.yaml", CONFIG.replace("*.csv", "*.parquet, format: parquet"))
    with pytest.raises(DataError) as refused:
        good.check()
    assert refused.value.headline.endswith("data/t.parquet: column 2 has NUL in its name")
    assert r"Received: 'a\x00b'." in refused.value.detail


ODD = [
    "Price\n(EUR)",
    "größe",
    "from:to",
    "a/b",
    "self",
    "_x",
    "1st",
    "A",
    "a",
    "😀",
    "x" * 300,
    "a,b",
]


def test_columns_of_any_other_name_pass(good: Project) -> None:
    rows = [",".join(f'"{name}"' for name in [*ODD, "tip", "city"])]
    rows += [
        ",".join([f"{number}.5"] * len(ODD) + [str(number % 2), "Rome"]) for number in range(20)
    ]
    good.write("data/t.csv", "\n".join(rows))
    good.write("features.py", f"INPUTS = {tuple(ODD)!r}\n")
    summary = good.check()
    assert summary is not None and list(summary.names) == [*ODD, "tip", "city"]


def test_another_models_mistakes_are_its_own(good: Project) -> None:
    other_model(good, "serving: [")
    (good.root / "models" / "pipe").mkdir()
    os.mkfifo(good.root / "models" / "pipe" / "config.yaml")
    assert good.check("serving.name=another") is not None


def test_a_project_whose_name_is_no_text(good: Project, tmp_path: Path) -> None:
    root = tmp_path / os.fsdecode(b"\xff")
    with pytest.raises(RunError, match="name that is not UTF-8 text"):
        preflight.check(good.model, good.config(), root)
