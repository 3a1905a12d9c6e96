"""`add`, and what it adds by all protocols."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from serving.core.errors import ServingError
from tests.helpers import small_model
from tests.serving.model import onnx_examples

pytestmark = pytest.mark.tfx


def run(*arguments: object) -> str:
    from serving.commands.main import command_line

    ended = CliRunner().invoke(command_line(), [*map(str, arguments)], catch_exceptions=True)
    if isinstance(ended.exception, ServingError):
        raise ended.exception
    assert ended.exit_code == 0, ended.output
    return ended.output


@pytest.fixture
def models(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    folder.mkdir()
    return folder


@pytest.fixture
def onnx_file(tmp_path: Path) -> Path:
    return onnx_examples.save(tmp_path / "given.onnx", onnx_examples.linear())


def test_versions_are_added_one_after_the_other(
    models: Path, onnx_file: Path, tmp_path: Path
) -> None:
    small_model.write(tmp_path / "saved")
    told = run("add", "m", onnx_file, "--models", models)
    assert f"{onnx_file} is version 1 of m" in told
    assert "answers with it from now on" in told
    run("add", "m", tmp_path / "saved", "--models", models)
    assert sorted(path.name for path in (models / "m").iterdir()) == ["1", "1.json", "2", "2.json"]
    records = json.loads(run("versions", "m", "--json", "--verify", "--models", models))
    newest, first = records
    assert (newest["origin"]["format"], first["origin"]["format"]) == ("savedmodel", "onnx")
    assert first["origin"]["path"] == str(onnx_file)
    assert first["signatures"]["serving_default"]["inputs"]["x"] == {
        "dtype": "DT_FLOAT", "shape": [-1, 2]
    }  # fmt: skip
    assert (newest["damage"], first["damage"]) == (None, None)
    run("promote", "m", "1", "--models", models, "--runs", tmp_path / "runs")
    record = json.loads((models / "m" / "1.json").read_text())
    assert (record["origin"]["format"], len(record["promotions"])) == ("onnx", 1)
    told = run("add", "m", onnx_file, "--models", models)
    assert f"python -m serving canary m --models {models}" in told


@pytest.mark.parametrize(
    ("name", "source", "told"),
    [
        ("m", "none.onnx", "There is no"),
        ("../m", "given.onnx", "cannot be called '../m'"),
        ("", "given.onnx", "cannot be called ''"),
        ("m", "reciprocal.onnx", "not finite"),
        ("m", "outside.onnx", "outside of its folder"),
        ("m", "junk.onnx", "ONNX"),
        ("m", "junk.keras", "is no model in Keras' format"),
    ],
)
def test_what_is_refused_changes_nothing(
    models: Path, onnx_file: Path, name: str, source: str, told: str
) -> None:
    place = onnx_file.parent
    onnx_examples.save(place / "reciprocal.onnx", onnx_examples.unary("Reciprocal"))
    onnx_examples.save(place / "outside.onnx", onnx_examples.with_weights_in("/etc/passwd"))
    (place / "junk.onnx").write_bytes(b"junk")
    (place / "junk.keras").write_bytes(b"junk")
    with pytest.raises(ServingError) as raised:
        run("add", name, place / source, "--models", models)
    assert told in str(raised.value)
    assert list(models.iterdir()) == []
    with pytest.raises(ServingError, match="There is no serving folder"):
        run("add", "m", onnx_file, "--models", place / "nowhere")


def test_a_damaged_saved_model_is_refused(models: Path, tmp_path: Path) -> None:
    from serving.model import manifest

    small_model.write(tmp_path / "saved")
    manifest.write(tmp_path / "saved")
    (tmp_path / "saved" / "saved_model.pb").write_bytes(b"x")
    with pytest.raises(ServingError, match="another size than was pushed"):
        run("add", "m", tmp_path / "saved", "--models", models)
    assert list(models.iterdir()) == []


def test_versions_that_are_added_at_once_get_numbers_of_their_own(
    models: Path, onnx_file: Path
) -> None:
    from serving.commands.add import _added

    with ThreadPoolExecutor(4) as pool:
        each = [pool.submit(_added, onnx_file, models / "m", "m", None) for _ in range(8)]
        numbers = [one.result() for one in each]
    assert sorted(numbers) == list(range(1, 9))
    assert not [path for path in (models / "m").iterdir() if path.name.startswith(".")]


def test_a_model_in_onnx_answers_as_any_other(models: Path, onnx_file: Path) -> None:
    from serving.core.hooks import Hooks
    from serving.core.metrics import Metrics
    from serving.core.settings import Settings
    from serving.engine.engine import Engine
    from serving.engine.versions import Versions
    from serving.http.messages import Request
    from serving.rest.inference_app import InferenceApp

    run("add", "m", onnx_file, "--models", models)
    metrics, settings = Metrics(), Settings(models)
    versions = Versions(models, settings.limits, metrics, interval=0.05)
    versions.start()
    assert versions.scanned.wait(60)
    app = InferenceApp(Engine(versions, Hooks(), metrics, timeout=30), settings)

    def ask(path: str, body: str = "", **headers: str) -> tuple[int, Any]:
        sent = {name.replace("_", "-").encode(): one.encode() for name, one in headers.items()}
        request = Request("POST" if body else "GET", path, b"", sent, body.encode())
        answer = asyncio.run(app(request))
        is_json = dict(answer.headers)[b"content-type"] == b"application/json"
        return answer.status, json.loads(answer.body) if is_json else answer.body

    try:
        row = {"x": [1, 2], "name": "a"}
        rows = json.dumps({"instances": [row]})
        answer = {"predictions": [{"named": "a", "y": [8.0]}]}
        assert ask("/v1/models/m:predict", rows) == (200, answer)
        assert ask("/v1/models/m/versions/1:predict", rows) == (200, answer)
        text = 'x,name\n"[1,2]",a'
        given = ask("/v1/models/m:predict", text, content_type="text/csv", accept="text/csv")
        assert given == (200, b"named,y\r\na,8.0\r\n")
        tensors = [
            {"name": "x", "datatype": "FP32", "shape": [1, 2], "data": [1, 2]},
            {"name": "name", "datatype": "BYTES", "shape": [1], "data": ["a"]},
        ]
        status, told = ask("/v2/models/m/infer", json.dumps({"inputs": tensors}))
        assert (status, [one["data"] for one in told["outputs"]]) == (200, [["a"], [8.0]])
        assert ask("/v2/models/m")[1]["platform"] == "onnx_onnxv1"
        signature = ask("/v1/models/m/metadata")[1]["metadata"]["signature_def"]["signature_def"]
        assert signature["serving_default"]["inputs"]["x"]["dtype"] == "DT_FLOAT"
        status, told = ask("/v1/models/m:predict", '{"instances": [{"x": [1], "name": "a"}]}')
        assert status == 400
        assert "Input 'x': expected shape [-1, 2], received [1, 1]" in told["error"]
    finally:
        versions.stop()


def test_batch_prediction_asks_a_model_in_onnx(
    models: Path, onnx_file: Path, tmp_path: Path
) -> None:
    run("add", "m", onnx_file, "--models", models)
    table = tmp_path / "rows.csv"
    table.write_text('x,name\n"[1,2]",a\n"[0,1]",b\n')
    run("batch", "m", "--input", table, "--output", tmp_path / "out", "--models", models)
    (part,) = (tmp_path / "out").glob("*.csv")
    answered = part.read_text().splitlines()[1:]
    assert "8.0" in answered[0]
    assert "3.0" in answered[1]
