"""The gate on real statistics of small tables: what stops a run, and how each anomaly is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from tensorflow_data_validation.statistics import stats_impl
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2
from tfx.types import standard_artifacts
from tfx.types.experimental.simple_artifacts import File

from components import data_gate
from components.data_gate import DataGate
from components.tables.quality import findings
from components.tables.quality.findings import Finding
from models.common.errors import AnomalyError

pytestmark = pytest.mark.tfx

SCHEMA = """
feature {
  name: "fare" type: FLOAT
  presence { min_fraction: 1 min_count: 1 } shape { dim { size: 1 } }
}
feature {
  name: "payment" type: BYTES domain: "payment"
  presence { min_fraction: 1 min_count: 1 } shape { dim { size: 1 } }
}
feature { name: "company" type: BYTES presence { min_fraction: 0.6 } }
feature { name: "area" type: INT int_domain { min: 1 max: 77 } presence { min_fraction: 0.8 } }
feature { name: "tips" type: FLOAT presence { min_fraction: 1 } shape { dim { size: 1 } } }
string_domain { name: "payment" value: "Cash" value: "Card" }
"""
TYPES = {
    "fare": pa.float32(),
    "payment": pa.string(),
    "company": pa.string(),
    "area": pa.int64(),
    "tips": pa.float32(),
}
ROWS = 100
Columns = dict[str, Any]


def good() -> Columns:
    """Columns by name; each has a cell for each row, None where it is missing."""
    return {
        "fare": [10.0 + row for row in range(ROWS)],
        "payment": ["Cash" if row % 3 else "Card" for row in range(ROWS)],
        "company": [None if row % 4 == 0 else "Blue" for row in range(ROWS)],
        "area": [1 + row % 77 for row in range(ROWS)],
        "tips": [float(row % 5) for row in range(ROWS)],
    }


def statistics(columns: Columns) -> Any:
    """As StatisticsGen makes them of what ExampleGen writes: missing cells are empty lists."""
    arrays = []
    for name, cells in columns.items():
        kind = TYPES[name] if not isinstance(cells, pa.Array) else cells.type
        cells = cells.to_pylist() if isinstance(cells, pa.Array) else cells
        is_list = pa.types.is_list(kind)
        rows = cells if is_list else [[] if cell is None else [cell] for cell in cells]
        arrays.append(pa.array(rows, kind if is_list else pa.list_(kind)))
    batch = pa.RecordBatch.from_arrays(arrays, list(columns))
    return stats_impl.generate_statistics_in_memory(batch, tfdv.StatsOptions())


class Gate:
    """The gate's node with its artifacts in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.schema = text_format.Parse(SCHEMA, schema_pb2.Schema())
        self.splits: list[str] = []
        self.told: list[Finding] = []
        """What ExampleGen found."""

    def add(self, split: str, columns: Columns) -> None:
        """Writes what StatisticsGen and ExampleValidator say of a split."""
        self.splits.append(split)
        described = statistics(columns)
        anomalies = tfdv.validate_statistics(described, self.schema)
        for kind, name, message in (
            ("statistics", "FeatureStats.pb", described),
            ("anomalies", "SchemaDiff.pb", anomalies),
        ):
            path = self.folder / kind / f"Split-{split}" / name
            path.parent.mkdir(parents=True)
            path.write_bytes(message.SerializeToString())

    def run(self, stop_on: str = "error", labels: tuple[str, ...] = ("tips",)) -> list[Any]:
        """Runs the component and returns its report."""
        anomalies = standard_artifacts.ExampleAnomalies()
        statistics = standard_artifacts.ExampleStatistics()
        for artifact, kind in ((anomalies, "anomalies"), (statistics, "statistics")):
            artifact.uri = str(self.folder / kind)
            artifact.split_names = json.dumps(self.splits)
        report = File()
        report.uri = str(self.folder / "report")
        examples = standard_artifacts.Examples()
        examples.uri = str(self.folder / "examples")
        (self.folder / "examples").mkdir(exist_ok=True)
        (self.folder / "examples" / findings.FILE).write_text(findings.to_json(self.told))
        DataGate.EXECUTOR_SPEC.executor_class._FUNCTION(
            examples=examples,
            anomalies=anomalies,
            statistics=statistics,
            stop_on=stop_on,
            inputs=json.dumps(["fare", "payment", "company", "area"]),
            label_columns=json.dumps(labels),
            weight="",
            least_present=json.dumps(
                {feature.name: feature.presence.min_fraction for feature in self.schema.feature}
            ),
            scalars=json.dumps(["company", "area"]),
            report=report,
        )
        return json.loads((self.folder / "report" / data_gate.REPORT).read_text())

    def stops(self, stop_on: str = "error", **options: Any) -> AnomalyError:
        """Runs the component, which is to fail, and returns its error."""
        with pytest.raises(AnomalyError) as caught:
            self.run(stop_on, **options)
        assert not (self.folder / "report").exists(), "a report of a run that was stopped"
        return caught.value


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    return Gate(tmp_path)


def test_good_data_passes(gate: Gate) -> None:
    for split in ("train", "eval", "test"):
        gate.add(split, good())
    assert gate.run(stop_on="warning") == []


def with_cells(name: str, cells: Any) -> Columns:
    return good() | {name: cells}


def without(name: str) -> Columns:
    return {column: cells for column, cells in good().items() if column != name}


BAD = {
    "a category outside the domain": (
        with_cells("payment", ["Crypto"] * 3 + ["Cash"] * 97),
        {"payment": ("Unexpected string values", "Crypto")},
    ),
    "a required column gone": (without("fare"), {"fare": ("Column dropped", "completely missing")}),
    "an optional column gone": (without("company"), {"company": ("Column dropped", "")}),
    "a number that became text": (
        with_cells("fare", pa.array([f"${row}" for row in range(ROWS)])),
        {"fare": ("", "FLOAT")},
    ),
    "a text that became a number": (
        with_cells("company", pa.array(range(ROWS))),
        {"company": ("", "BYTES")},
    ),
    "a whole number that became a fraction": (
        with_cells("area", pa.array([row + 0.5 for row in range(1, 1 + ROWS)], pa.float32())),
        {"area": ("", "FLOAT")},
    ),
    "a number outside its range": (
        with_cells("area", [1 + row % 78 for row in range(ROWS)]),
        {"area": ("Out-of-range values", "78")},
    ),
    "values mostly missing": (
        with_cells("company", ["Blue" if row < 20 else None for row in range(ROWS)]),
        {"company": ("Values missing", "20.0% of the rows have a value")},
    ),
    "all values missing": (
        with_cells("company", [None] * ROWS),
        {"company": ("Values missing", "0.0% of the rows have a value")},
    ),
    "a constant label": (
        with_cells("tips", [0.0] * ROWS),
        {"tips": ("Label is constant", "Every row")},
    ),
    "no label": (without("tips"), {"tips": ("Column dropped", "completely missing")}),
    "two at once": (
        with_cells("payment", ["Crypto"] * ROWS) | {"tips": [1.0] * ROWS},
        {"payment": ("Unexpected string values", ""), "tips": ("Label is constant", "")},
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_data_stops(gate: Gate, case: str) -> None:
    columns, expected = BAD[case]
    gate.add("train", columns)
    error = gate.stops()
    assert error.headline.startswith(f"The data has {len(expected)} anomal")
    assert {anomaly["feature"] for anomaly in error.anomalies} == expected.keys()
    for anomaly in error.anomalies:
        headline, detail = expected[anomaly["feature"]]
        assert anomaly["split"] == "train" and anomaly["severity"] == "error"
        assert headline in anomaly["headline"] and detail in anomaly["detail"], anomaly
        assert f"{anomaly['feature']} (train): {anomaly['headline']}" in error.detail
    assert "schema.pbtxt" in error.remedy


def test_a_missing_cell_in_a_required_column_stops(gate: Gate) -> None:
    gate.add("train", with_cells("fare", [None, *good()["fare"][1:]]))
    [anomaly] = gate.stops().anomalies
    assert anomaly["feature"] == "fare"


def test_an_anomaly_of_one_split_names_it(gate: Gate) -> None:
    gate.add("train", good())
    gate.add("eval", with_cells("payment", ["Crypto"] * ROWS))
    [anomaly] = gate.stops().anomalies
    assert anomaly["split"] == "eval" and "payment (eval): " in str(gate.stops())


def test_absent_values_are_found_in_every_split(gate: Gate) -> None:
    gate.add("train", good())
    gate.add("test", with_cells("area", [None] * ROWS))
    [anomaly] = gate.stops().anomalies
    assert (anomaly["feature"], anomaly["split"]) == ("area", "test")


def test_a_label_may_be_constant_outside_of_training(gate: Gate) -> None:
    gate.add("train", good())
    gate.add("eval", with_cells("tips", [0.0] * ROWS))
    assert gate.run() == []


def test_a_column_that_neither_schema_nor_data_has_stops(gate: Gate) -> None:
    gate.add("train", good())
    [anomaly] = gate.stops(labels=("tips", "tolls")).anomalies
    assert (anomaly["feature"], anomaly["headline"]) == ("tolls", "Column missing")
    assert "area, company, fare, payment, tips" in anomaly["detail"]


def test_a_constant_text_label_stops(gate: Gate) -> None:
    gate.add("train", with_cells("payment", ["Cash"] * ROWS))
    [anomaly] = gate.stops(labels=("payment",)).anomalies
    assert anomaly["headline"] == "Label is constant"


@pytest.mark.parametrize(
    ("values", "constant"),
    [
        ([1.0] * ROWS, True),
        ([None] * ROWS, True),
        # What a missing value means is for preprocessing to say, so it counts as a second value.
        ([1.0] * 99 + [None], False),
        ([1.0] * 99 + [2.0], False),
    ],
)
def test_a_constant_label(gate: Gate, values: list[Any], constant: bool) -> None:
    [described] = statistics(with_cells("tips", values)).datasets
    found = data_gate.column_anomalies(described, [], ["tips"])
    assert ("Label is constant" in [anomaly["headline"] for anomaly in found]) == constant


def warning(gate: Gate) -> None:
    """Data with one anomaly that is a warning."""
    gate.add("train", good())
    path = gate.folder / "anomalies" / "Split-train" / "SchemaDiff.pb"
    anomalies = anomalies_pb2.Anomalies()
    anomalies.anomaly_info["payment"].severity = anomalies_pb2.AnomalyInfo.WARNING
    anomalies.anomaly_info["payment"].short_description = "High Linfty distance"
    path.write_bytes(anomalies.SerializeToString())


@pytest.mark.parametrize(
    ("stop_on", "of_warning", "of_error"),
    [("error", False, True), ("warning", True, True), ("never", False, False)],
)
def test_the_config_says_what_stops(
    tmp_path: Path, stop_on: str, of_warning: bool, of_error: bool
) -> None:
    for severity, stops in (("warning", of_warning), ("error", of_error)):
        gate = Gate(tmp_path / severity)
        if severity == "warning":
            warning(gate)
        else:
            gate.add("train", with_cells("payment", ["Crypto"] * ROWS))
        found = gate.stops(stop_on).anomalies if stops else gate.run(stop_on)
        assert [(one["feature"], one["severity"]) for one in found] == [("payment", severity)]


def test_a_stopped_run_lists_what_did_not_stop_it_too(gate: Gate) -> None:
    warning(gate)
    gate.add("eval", with_cells("payment", ["Crypto"] * ROWS))
    error = gate.stops()
    assert [anomaly["severity"] for anomaly in error.anomalies] == ["warning", "error"]
    assert error.headline.startswith("The data has 1 anomaly;")


def test_an_anomaly_of_the_whole_data_set_is_told() -> None:
    anomalies = anomalies_pb2.Anomalies()
    anomalies.dataset_anomaly_info.severity = anomalies_pb2.AnomalyInfo.ERROR
    anomalies.dataset_anomaly_info.short_description = "Low num examples in dataset."
    [found] = data_gate.schema_anomalies("train", anomalies)
    assert (found["feature"], found["severity"]) == ("(data set)", "error")
    assert found["headline"] == "Low num examples in dataset."


def test_each_reason_of_a_feature_is_told_by_itself() -> None:
    anomalies = anomalies_pb2.Anomalies()
    info = anomalies.anomaly_info["fare"]
    info.severity = anomalies_pb2.AnomalyInfo.ERROR
    for text in ("one", "two"):
        info.reason.add(short_description=text, description=f"{text}, at length")
    found = data_gate.schema_anomalies("train", anomalies)
    assert [(one["headline"], one["detail"]) for one in found] == [
        ("one", "one, at length"),
        ("two", "two, at length"),
    ]


@pytest.mark.parametrize(
    ("cells", "headline", "severity"),
    [
        ([1, 2, 0.5], None, None),
        ([1, 2, 0], "Weight is 0", "warning"),
        ([1, -2, 3], "Weight below 0", "error"),
        ([1, -0.5, 3.5], "Weight below 0", "error"),
        ([0, 0, 0], "Weight is 0 in every row", "error"),
        ([1, None, 2], "Weight missing", "error"),
        (["1", "x", "2"], "Weight is text", "error"),
        ([1.0, float("inf"), 2.0], "Weight is no finite number", "error"),
        (None, "Weight missing", "error"),
    ],
)
def test_a_weight_that_weighs_no_row(
    cells: list[Any] | None, headline: str | None, severity: str | None
) -> None:
    frame = pd.DataFrame({"a": [1, 2, 3]} if cells is None else {"w": cells})
    [statistics] = tfdv.generate_statistics_from_dataframe(frame).datasets
    if cells and None in cells:  # ExampleGen writes an empty list, which TFDV counts as present.
        common = statistics.features[0].num_stats.common_stats
        common.tot_num_values = 2
    found = data_gate.unusable_weights("train", statistics, "w")
    assert [one["headline"] for one in found] == ([headline] if headline else [])
    assert all(one["severity"] == severity and one["feature"] == "w" for one in found)


def test_what_examples_do_not_hold_stops_a_model_that_reads_it(tmp_path: Path) -> None:
    gate = Gate(tmp_path)
    gate.add("train", good())
    gate.told = [
        Finding("fare", "has infinity for 3 values in 100 rows", "Correct them.", stops=True),
        Finding(
            "placed", "has a type that an example cannot hold: date", "Convert it.", stops=True
        ),
        Finding("area", "has NaN for 1 values in 100 rows", "They count as missing."),
    ]
    error = gate.stops()
    assert error.headline == "The data has 1 anomaly; nothing was trained"
    assert error.detail == "fare (all): Has infinity for 3 values in 100 rows. Correct them."
    assert [(one["feature"], one["severity"]) for one in error.anomalies] == [
        ("fare", "error"), ("placed", "note"), ("area", "note"),
    ]  # fmt: skip


@pytest.mark.parametrize("stop_on", ["error", "warning", "never"])
def test_what_nobody_reads_is_told_and_stops_nothing(tmp_path: Path, stop_on: str) -> None:
    gate = Gate(tmp_path)
    gate.add("train", good())
    gate.told = [Finding("placed", "has a type", "Convert it.", stops=True)]
    assert gate.run(stop_on) == [
        {
            "feature": "placed",
            "split": "all",
            "severity": "note",
            "headline": "Has a type",
            "detail": "Convert it.",
        }
    ]


def test_a_note_hides_no_anomaly(tmp_path: Path) -> None:
    gate = Gate(tmp_path)
    gate.add("train", {**good(), "tips": [1.0] * ROWS})
    gate.told = [Finding("tips", "has NaN for 1 values in 100 rows", "They count as missing.")]
    assert [one["headline"] for one in gate.stops().anomalies] == [
        "Label is constant",
        "Has NaN for 1 values in 100 rows",
    ]


def test_several_values_where_a_frozen_schema_expects_one_stop(tmp_path: Path) -> None:
    gate = Gate(tmp_path)
    gate.add("train", {**good(), "area": pa.array([[1, 2]] * ROWS)})
    [anomaly] = gate.stops().anomalies
    assert anomaly["feature"] == "area" and anomaly["headline"] == "Several values in a row"
    assert "value_count { min: 0 }" in anomaly["detail"]
