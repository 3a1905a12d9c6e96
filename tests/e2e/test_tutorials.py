"""The tutorials' models, from their samples to answers: trained for a moment, served, asked."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

import components.tables  # noqa: F401  (no file runs code)
from models.fashion.features import CLASSES
from models.movielens import recommend
from serving.core.settings import Settings
from tests.e2e.project_copy import ManyRuns, Project, copy_project

pytestmark = pytest.mark.e2e

SHORT = {
    "fashion": ("training.epochs=8", "evaluation.metrics.SparseCategoricalAccuracy={at_least: 0.3}",
                "evaluation.metrics.SparseCategoricalCrossentropy=null"),
    "movielens": ("training.epochs=3", "evaluation.metrics.RootMeanSquaredError.at_most=1.2",
                  "evaluation.metrics.MeanAbsoluteError.at_most=1.1"),
    "salary": (),
}  # fmt: skip


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy in which each of them has been pushed."""
    copy = copy_project(tmp_path_factory.mktemp("tutorials"))
    fewer_images(copy)
    with ManyRuns(copy) as runs:
        for model, overrides in SHORT.items():
            record = runs.run(model, *overrides)
            assert record["status"] == "pushed", (model, record["failure"], record["refusals"])
    return copy


def fewer_images(copy: Project) -> None:
    """Leaves of each split what a few epochs learn enough of in seconds."""
    for path in (copy.root / "data" / "fashion" / "sample").iterdir():
        pq.write_table(pq.read_table(path).slice(0, 600), path)


@pytest.fixture(scope="module")
def app(project: Project) -> Iterator[Any]:
    """The server's application over what was pushed."""
    from serving.core.hooks import Hooks
    from serving.core.metrics import Metrics
    from serving.engine.engine import Engine
    from serving.engine.versions import Versions
    from serving.rest.inference_app import InferenceApp

    folder = project.root / "serving_models"
    (folder / "aliases.yaml").write_text("aliases: {'/sal/{x}': salary}")
    metrics, settings = Metrics(), Settings(folder)
    versions = Versions(folder, settings.limits, metrics, interval=0.05)
    versions.start()
    assert versions.scanned.wait(60)
    assert not versions.unready()
    yield InferenceApp(Engine(versions, Hooks(), metrics, timeout=30), settings)
    versions.stop()


def ask(app: Any, path: str, body: Any = None, query: bytes = b"") -> Any:
    import asyncio

    from serving.http.messages import Request

    sent = b"" if body is None else json.dumps(body).encode()
    answer = asyncio.run(app(Request("POST" if sent else "GET", path, query, {}, sent)))
    return json.loads(answer.body)


def images(project: Project) -> np.ndarray:
    """Five of the test split, [5, 28, 28] from 0 to 255."""
    table = pq.read_table(project.root / "data" / "fashion" / "sample" / "test.parquet")
    return np.array(table["image"].slice(0, 5).to_pylist(), float).reshape(5, 28, 28)


def test_images_are_answered_however_the_tutorials_send_them(project: Project, app: Any) -> None:
    pixels = images(project)
    answers = [
        ask(app, "/v1/models/fashion:predict",
            {"signature_name": "serving_default", "instances": sent.tolist()})["predictions"]
        for sent in (pixels, pixels / 255, pixels[..., None] / 255, pixels[..., None])
    ]  # fmt: skip
    assert np.shape(answers[0]) == (5, 10)
    np.testing.assert_allclose(np.sum(answers[0], axis=1), 1, atol=1e-5)
    for other in answers[1:]:
        np.testing.assert_allclose(answers[0], other, atol=1e-5)
    path = "/v1/models/fashion:predict"
    refused = ask(app, path, {"instances": pixels.reshape(5, 784).tolist()})["error"]
    assert "'image': expected shape [-1, 28, 28], received [5, 784]" in refused


def test_classes_come_with_their_names(project: Project, app: Any) -> None:
    pixels = images(project)
    body = {
        "signature_name": "classify",
        "examples": [{"image": one.ravel().tolist()} for one in pixels],
    }
    found = ask(app, "/v1/models/fashion:classify", body)["results"]
    scores = ask(app, "/v1/models/fashion:predict", {"instances": pixels.tolist()})["predictions"]
    assert [name for name, _ in found[0]] == list(CLASSES)
    np.testing.assert_allclose([[score for _, score in row] for row in found], scores, atol=1e-5)


def test_the_report_shows_what_was_wrong(project: Project) -> None:
    [run] = project.root.glob("runs/fashion-*")
    plots = json.loads((run / "details.json").read_text())["plots"]
    counts = np.array(plots["confusion"]["counts"])
    assert plots["mistakes"]["wrong"] == counts.sum() - np.trace(counts) > 0
    rows = plots["mistakes"]["rows"]
    assert all(row["label"] in CLASSES and row["label"] != row["predicted"] for row in rows)
    report = (run / "report.html").read_text()
    assert report.count("data:image/png;base64,") == len(rows) > 0


def predict_for(project: Project, model: str, file: Path, output: Path) -> None:
    """Batch prediction, in this process."""
    from serving.batch import formats, job
    from serving.model.loaded_model import LoadedModel

    [folder] = [one for one in project.versions(model) if one.is_dir()]
    work = job.Job(model, int(folder.name), "serving_default", formats.of_file(file), (str(file),))
    loaded = LoadedModel(folder)
    try:
        assert job.run(work, loaded, output, lambda counts: None).refused == 0
    finally:
        loaded.close()


def test_files_of_flat_images_are_predicted_for(project: Project, tmp_path: Path) -> None:
    file = project.root / "data" / "fashion" / "sample" / "test.parquet"
    predict_for(project, "fashion", file, tmp_path / "out")
    [part] = (tmp_path / "out").glob("*.parquet")
    table = pq.read_table(part)
    found = np.argmax(table["output_outputs"].to_pylist(), axis=1)
    right = [CLASSES[number] for number in found] == np.array(table["label"].to_pylist())
    assert np.mean(right) > 0.3


def test_cold_users_and_films_get_stars(app: Any) -> None:
    rows: list[dict[str, int]] = [
        {"user": 1, "item": 1, "timestamp": 883612800},
        {"user": 10**9, "item": 1, "timestamp": 883612800},
        {"user": 1, "item": 10**9},
        {"user": -5, "item": 0, "timestamp": 2**40},
    ]
    stars = ask(app, "/v1/models/movielens:predict", {"instances": rows})["predictions"]
    assert np.shape(stars) == (4, 1) and all(0 < one < 5 for [one] in stars)


def test_batch_prediction_makes_the_best_films_of_each_user(
    project: Project, tmp_path: Path
) -> None:
    ratings = project.root / "data" / "movielens" / "sample"
    asked = recommend.candidates(ratings, tmp_path / "candidates.csv", ["1", "2", "999999"])
    predict_for(project, "movielens", tmp_path / "candidates.csv", tmp_path / "out")
    found = list(recommend.top(tmp_path / "out"))
    assert [rank for _, rank, _, _ in found] == [*range(1, 11)] * 3
    with next(ratings.iterdir()).open(encoding="utf-8", newline="") as file:
        rated = {(row["user"], row["item"]) for row in csv.DictReader(file)}
    assert not rated & {(user, film) for user, _, film, _ in found}
    assert asked > 1000


def test_a_salary_is_that_of_the_least_squares(project: Project, app: Any) -> None:
    import tensorflow as tf

    folder = max(project.root.glob("runs/salary/ExampleGen/examples/*/Split-train"))
    files = [str(path) for path in folder.iterdir()]
    rows = [
        tf.train.Example.FromString(record).features.feature
        for record in tf.data.TFRecordDataset(files, "GZIP").as_numpy_iterator()
    ]
    years, salaries = ([row[name].float_list.value[0] for row in rows] for name in "xy")
    slope, intercept = np.polyfit(years, salaries, 1)
    [[at_0], [at_10]] = ask(
        app, "/v1/models/salary:predict", {"instances": [{"x": 0.0}, {"x": 10.0}]}
    )["predictions"]
    assert (at_10 - at_0) / 10 == pytest.approx(slope, rel=0.001)
    assert at_0 == pytest.approx(intercept, rel=0.001)
    by_query = ask(app, "/v1/models/salary/predict", query=b"x=25")
    assert by_query == ask(app, "/sal/25")
    assert by_query["predictions"][0][0] == pytest.approx(intercept + 25 * slope, rel=0.001)
