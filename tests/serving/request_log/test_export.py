"""The log as Parquet: typed columns, one row for each instance, nothing lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from typer.testing import CliRunner

from serving.commands.main import command_line
from serving.model.registry import Tensor
from serving.request_log import export, rows
from serving.request_log.columns import columns
from serving.request_log.settings import FILE
from tests.helpers.log_entries import entry, write


def exported(logged: Path, folder: Path, to: Path, **selection: Any) -> dict[str, pa.Table]:
    wanted = export.Selection(**selection)
    parts = list(export.export(logged, folder, to, wanted, folder / "runs"))
    assert all(pq.read_metadata(path).num_rows == count for path, count in parts)
    return {path.parent.relative_to(to).as_posix(): pq.read_table(path) for path, _ in parts}


def test_features_and_predictions_are_typed_columns(
    logged: Path, serving_folder: Path, tmp_path: Path
) -> None:
    tables = exported(logged, serving_folder, tmp_path / "to")
    assert set(tables) == {"taxi/1", "_refused"}
    table = tables["taxi/1"]
    assert table.schema.field("input_fare").type == pa.float32()
    assert table.schema.field("input_stops").type == pa.list_(pa.int64())
    assert table.schema.field("time").type == pa.timestamp("us", tz="UTC")
    assert table.select(["id", "row", "input_company", "output_outputs"]).to_pylist() == [
        {"id": "request-1", "row": 0, "input_company": "A", "output_outputs": 0.25},
        {"id": "request-1", "row": 1, "input_company": None, "output_outputs": 0.75},
        {"id": "request-2", "row": 0, "input_company": "B", "output_outputs": 0.5},
        {"id": "request-2", "row": 1, "input_company": "C", "output_outputs": 1.0},
    ]
    assert table["input_fare"].to_pylist() == [2.5, None, 1.0, 2.0]
    assert table["input_stops"].to_pylist() == [None, [1, 2], None, None]
    assert json.loads(table["request"][1].as_py())["fare"] == "x", "what does not fit stays JSON"
    assert table["request"].null_count == 3


def test_a_model_that_nobody_has_is_no_path(
    logged: Path, serving_folder: Path, tmp_path: Path
) -> None:
    (refused,) = exported(logged, serving_folder, tmp_path / "to")["_refused"].to_pylist()
    assert refused["model"] == "../../etc" and refused["error"] == "Servable not found"
    assert refused["request"] == "{" and refused["version"] is None


def test_times_and_models_select(logged: Path, serving_folder: Path, tmp_path: Path) -> None:
    early = exported(logged, serving_folder, tmp_path / "early", until=150)
    assert early["taxi/1"]["id"].to_pylist() == ["request-1"] * 2
    late = exported(logged, serving_folder, tmp_path / "late", since=150, model="taxi")
    assert list(late) == ["taxi/1"] and late["taxi/1"]["id"].to_pylist() == ["request-2"] * 2


@pytest.mark.parametrize(
    "body",
    [
        {"signature_name": "other", "instances": [{"fare": 2.5}]},
        {"instances": [{"fare": 2.5, "unknown": 1}]},
        {"instances": [{"fare": True}]},
    ],
)
def test_what_the_signature_does_not_have_stays_json(
    log_folder: Path, serving_folder: Path, tmp_path: Path, body: dict[str, Any]
) -> None:
    write(log_folder, entry(request=json.dumps(body).encode()))
    (row,) = exported(log_folder, serving_folder, tmp_path / "to")["taxi/1"].to_pylist()
    kept = json.loads(row["request"])
    assert kept == body if "signature_name" in body else kept == body["instances"][0]


def test_rows_are_written_in_groups(
    logged: Path, serving_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "_ROWS_IN_A_GROUP", 2)
    to, wanted = tmp_path / "to", export.Selection(model="taxi")
    ((path, count),) = export.export(logged, serving_folder, to, wanted, tmp_path / "runs")
    assert (count, pq.ParquetFile(path).num_row_groups) == (4, 3)


def test_an_export_that_breaks_off_leaves_nothing(
    logged: Path, serving_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    error, seen = rows.error, []

    def fails(one: Any) -> Any:
        seen.append(one)
        if len(seen) == 2:
            raise KeyboardInterrupt
        return error(one)

    monkeypatch.setattr(rows, "error", fails)
    with pytest.raises(KeyboardInterrupt):
        exported(logged, serving_folder, tmp_path / "to")
    assert not [path for path in (tmp_path / "to").rglob("*") if path.is_file()]


def test_without_a_signature_bodies_stay_json(logged: Path, tmp_path: Path) -> None:
    table = exported(logged, tmp_path, tmp_path / "to")["taxi/1"]
    assert table.num_rows == 2
    assert "instances" in json.loads(table["request"][0].as_py())


@pytest.mark.parametrize(
    ("request_body", "response", "expected"),
    [
        ({"instances": [1, 2]}, {"predictions": [3, 4]},
         [({"x": 1}, {"y": 3}), ({"x": 2}, {"y": 4})]),
        ({"instances": [{"x": 1}]}, {"error": "no"}, [({"x": 1}, {})]),
        ({"inputs": [1, 2]}, {"outputs": {"y": [3, 4]}},
         [({"x": 1}, {"y": 3}), ({"x": 2}, {"y": 4})]),
        ({"inputs": {"x": [1], "z": [2]}}, {"outputs": [3]}, [({"x": 1, "z": 2}, {"y": 3})]),
        ({"context": {"c": 1}, "examples": [{"x": 2}]}, {"results": [[["a", 0.5]]]},
         [({"c": 1, "x": 2}, {"y": [["a", 0.5]]})]),
        ({"context": {"x": 1}, "examples": [{"x": 2}]}, {"results": [3]}, [({"x": 2}, {"y": 3})]),
        ({"instances": [1]}, {"predictions": [2, 3]}, [({"x": 1}, {"y": 2})]),
        ({"instances": [1, 2]}, {"predictions": [3]}, [({"x": 1}, {"y": 3}), ({"x": 2}, {})]),
        ({"instances": [{"b64": "QQ=="}]}, {"predictions": [1]},
         [({"x": {"b64": "QQ=="}}, {"y": 1})]),
        ({"instances": None}, {}, []),
        ([1], {}, []),
    ],
)  # fmt: skip
def test_rows_of_every_form_of_request(request_body: Any, response: Any, expected: Any) -> None:
    one = entry(request=json.dumps(request_body).encode(), response=json.dumps(response).encode())
    assert list(rows.rows(one, ["x"], ["y"])) == expected


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


@example(10**400, "DT_FLOAT")
@example(2**64, "DT_INT64")
@given(_JSON, st.sampled_from(["DT_STRING", "DT_FLOAT", "DT_INT64", "DT_UINT8", "DT_BOOL"]))
def test_a_value_fits_its_column_or_is_refused(value: Any, dtype: str) -> None:
    for shape in ((-1,), (-1, -1)):
        (column,) = columns({"x": Tensor(dtype=dtype, shape=shape)})
        try:
            fitting = column.value(value)
        except (ValueError, pa.ArrowException):
            continue
        pa.array([fitting], column.type)


def test_the_command_says_what_it_wrote(logged: Path, serving_folder: Path, tmp_path: Path) -> None:
    (serving_folder / FILE).write_text(f"folder: {logged}")
    words = ["log", "export", "--to", str(tmp_path / "to"), "--models", str(serving_folder)]
    result = CliRunner().invoke(command_line(), words)
    assert result.exit_code == 0, result.output
    assert "5 rows in all" in result.output
    assert not list(tmp_path.rglob("*.part"))
