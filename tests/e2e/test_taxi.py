"""The shipped model from its CSV to a pushed version, and the ways in which a run may end."""

from __future__ import annotations

import argparse
import importlib
import json
import re
import shlex
import shutil
import sys
from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import requests

from monitoring.profile.reference_profile import read_profile
from pipeline import nodes
from tests.e2e.project_copy import REPOSITORY, Outcome, Project
from tests.helpers import neptune_files
from tests.helpers.model_server import running
from tests.helpers.pipeline_nodes import NODES

pytestmark = pytest.mark.e2e

ONLY_THE_COMPARISON = "evaluation.metrics={AUC: {at_least: 0.2, max_regression: 0.01}}"


def details(project: Project, outcome: Outcome) -> Any:
    return json.loads((project.run_folder(outcome) / "details.json").read_text())


def test_the_shipped_model_is_blessed_and_pushed(pushed: tuple[Project, Outcome]) -> None:
    project, outcome = pushed
    assert outcome.status == 0, outcome.stdout + outcome.stderr
    assert set(outcome.nodes()) == set(NODES)
    assert set(outcome.nodes().values()) == {"done"}
    [version] = project.versions()
    assert (version / "saved_model.pb").is_file()
    assert outcome.record["pushed_version"] == int(version.name)
    assert f"serving_models/taxi/{version.name}" in outcome.stdout
    assert sum(outcome.record["rows"].values()) == 15_002
    overall = {
        m["metric"]: m["value"] for m in outcome.record["metrics"] if m["slice"] == "overall"
    }
    assert overall["AUC"] > 0.94
    sliced = {m["slice"].partition("=")[0] for m in outcome.record["metrics"]}
    assert sliced == {"overall", "payment_type", "trip_start_day"}


def test_the_pushed_version_says_what_it_was_trained_on(pushed: tuple[Project, Outcome]) -> None:
    from tensorflow.data import TFRecordDataset
    from tensorflow.train import Example

    project, outcome = pushed
    [version] = project.versions()
    profile = read_profile(version)
    rows = outcome.record["rows"]
    assert (profile.model, profile.run) == ("taxi", outcome.record["id"])
    assert (profile.training_rows, profile.test_rows) == (rows["train"], rows["test"])
    [folder] = (project.root / "runs/taxi/ExampleGen/examples").iterdir()
    train = [
        Example.FromString(record).features.feature
        for path in (folder / "Split-train").iterdir()
        for record in TFRecordDataset(str(path), "GZIP").as_numpy_iterator()
    ]
    inputs = importlib.import_module("models.taxi.features").INPUTS
    assert set(profile.features) == set(inputs)
    for name, one in profile.features.items():
        values = [value for row in train for value in values_of(row, name)]
        assert (one.rows, one.missing) == (len(train), len(train) - len(values)), name
        if one.categories is not None:
            assert one.categories.counts == Counter(map(str, values)), name
        else:
            assert one.numbers is not None
            bins = Counter(sum(edge < value for edge in one.numbers.edges) for value in values)
            assert one.numbers.counts == tuple(bins[n] for n in range(len(one.numbers.counts)))
    by_slice = {m["slice"]: m for m in outcome.record["metrics"] if m["metric"] == "ExampleCount"}
    for name, part in profile.slices.items():
        assert part.rows == by_slice[name]["value"], name
    for m in outcome.record["metrics"]:
        found = profile.metrics[m["metric"]]
        told = found if m["slice"] == "overall" else found.slices[m["slice"]]
        assert (told.value, told.lower, told.upper) == (m["value"], m["at_least"], m["at_most"])
    assert profile.label is not None and profile.label.formula == "tips > 0.2 * fare"


def values_of(row: Any, name: str) -> list[Any]:
    """What an example has of a feature, text as text."""
    found = row[name]
    kind = found.WhichOneof("kind")
    values = getattr(found, kind).value if kind else []
    return [value.decode() if isinstance(value, bytes) else value for value in values]


def test_the_screen_has_no_log_line_of_tfx(pushed: tuple[Project, Outcome]) -> None:
    project, outcome = pushed
    assert "ML metadata" not in outcome.stdout + outcome.stderr
    assert outcome.stderr == ""
    assert len(outcome.stdout.splitlines()) < 80
    assert "Epoch 1/" in outcome.log(project)


def test_the_files_of_a_run_are_as_their_schemas_say(pushed: tuple[Project, Outcome]) -> None:
    project, outcome = pushed
    for name in ("run", "details"):
        schema = json.loads((REPOSITORY / f"docs/generated/{name}.schema.json").read_text())
        content = json.loads((project.run_folder(outcome) / f"{name}.json").read_text())
        jsonschema.Draft202012Validator(schema).validate(content)


def test_the_neptune_record_holds_what_the_run_found(pushed: tuple[Project, Outcome]) -> None:
    project, outcome = pushed
    folder = project.run_folder(outcome)
    record, written = outcome.record, neptune_files.read(folder)
    assert written.fields["run/id"] == record["id"] and written.fields["run/complete"] is True
    for metric in record["metrics"]:
        path = f"metrics/{metric['slice']}/{metric['metric']}"
        for key in ("value", "at_least", "at_most"):
            assert written.fields.get(f"{path}/{key}") == metric[key], path
    for name, value in record["hyperparameters"].items():
        assert written.fields[f"hyperparameters/{name}"] == value
    assert written.fields["pushed/version"] == record["pushed_version"]
    assert written.fields["model/parameters"] == record["trained"]["parameters"] > 1000
    assert written.fields["model/bytes"] == record["trained"]["bytes"] > 100_000
    found = details(project, outcome)
    curves = {f"training/{c['split']}/{c['metric']}" for c in found["curves"]}
    assert curves == set(neptune_files.of_model(written.series))
    assert len(written.series["training/eval/loss"]) >= 2
    assert [t["best"] for t in found["trials"]].count(True) == 1
    model = (project.root / "models/taxi/model.py").read_bytes()
    assert written.files["code/files/models/taxi/model.py"].read_bytes() == model
    assert written.fields["code/sha256/models%2Ftaxi%2Fmodel.py"] == sha256(model).hexdigest()


def test_a_second_run_takes_everything_from_the_cache(pushed: tuple[Project, Outcome]) -> None:
    project, first = pushed
    before = project.versions()
    outcome = project.run("taxi")
    assert outcome.status == 0, outcome.stdout + outcome.stderr
    for key in ("hyperparameters", "trained", "metrics", "rows", "data"):
        assert outcome.record[key] == first.record[key], f"{key}, from the cache"
    for key in ("curves", "plots"):
        assert details(project, outcome)[key] == details(project, first)[key], key
    trials = [
        [
            (trial["number"], trial["score"], trial["best"])
            for trial in details(project, run)["trials"]
        ]
        for run in (first, outcome)
    ]
    assert trials[0] == trials[1] != []
    ran = {name for name, status in outcome.nodes().items() if status != "cached"}
    # A Resolver has no cache; it finds that nothing else was blessed.
    assert ran == {nodes.RESOLVER}
    assert outcome.record["metrics"] == first.record["metrics"]
    assert project.versions() == before
    assert outcome.log(project).startswith("Nothing has changed"), "TFX was not started"


def test_a_run_with_nothing_to_do_records_what_the_pipeline_would(
    pushed: tuple[Project, Outcome],
) -> None:
    project, _ = pushed
    quick = project.run("taxi", tracked=True)
    (project.root / "runs" / "taxi" / "unchanged.json").unlink()
    ordinary = project.run("taxi", tracked=True)
    assert "Nothing has changed" in quick.log(project)
    assert "Nothing has changed" not in ordinary.log(project)
    assert timeless(quick.record) == timeless(ordinary.record)
    found = [details(project, run) for run in (quick, ordinary)]
    assert found[1]["drift_from"] == quick.record["id"]
    own = {"run", "drift_from"}
    assert [{key: one[key] for key in one.keys() - own} for one in found[:1]] == [
        {key: one[key] for key in one.keys() - own} for one in found[1:]
    ]
    written = [neptune_files.read(project.run_folder(run)) for run in (quick, ordinary)]
    assert written[0].fields.keys() == written[1].fields.keys()
    first, second = (neptune_files.of_model(one.series) for one in written)
    assert first == second
    assert written[0].files.keys() == written[1].files.keys()


def timeless(record: dict[str, Any]) -> dict[str, Any]:
    """A record without what is each run's own."""
    own = ("id", "number", "started", "finished", "nodes")
    nodes_alone = [(one["name"], one["status"], one["why"]) for one in record["nodes"]]
    kept = {key: value for key, value in record.items() if key not in own}
    return {**kept, "nodes": nodes_alone}


def test_a_pushed_version_that_was_deleted_comes_back(pushed: tuple[Project, Outcome]) -> None:
    project, first = pushed
    shutil.rmtree(project.root / "serving_models" / "taxi")
    outcome = project.run("taxi")
    assert outcome.status == 0
    assert outcome.nodes()[nodes.PUSHER] == "cached"
    [version] = project.versions()
    assert version.name == str(first.record["pushed_version"])
    assert (version / "saved_model.pb").is_file()


def test_a_model_or_a_slice_below_its_absolute_bound_is_refused(
    pushed: tuple[Project, Outcome],
) -> None:
    project, _ = pushed
    before = project.versions()
    bounds = (
        "evaluation.metrics.AUC.at_least=0.999",
        "evaluation.metrics.BinaryAccuracy.per_slice={'payment_type=Credit Card': "
        "{at_least: 0.99}}",
    )
    outcome = project.run("taxi", *(word for bound in bounds for word in ("--set", bound)))
    assert outcome.status == 3
    assert outcome.record["blessed"] is False
    refusals = {one["slice"]: one for one in outcome.record["refusals"]}
    assert {name: (one["metric"], one["bound"]) for name, one in refusals.items()} == {
        "overall": ("AUC", "at least 0.999"),
        "payment_type=Credit Card": ("BinaryAccuracy", "at least 0.99"),
    }
    for name, refusal in refusals.items():
        assert name in outcome.stdout and f"{refusal['value']:.4f}" in outcome.stdout
    assert len(outcome.record["refusals"]) == 2
    assert project.versions() == before


def test_only_the_comparison_refuses_a_worse_model(pushed: tuple[Project, Outcome]) -> None:
    project, first = pushed
    before = project.versions()
    short = ["--set", "training.epochs=1", "--set", "training.batch_size=8192"]
    outcome = project.run("taxi", *short, "--set", ONLY_THE_COMPARISON)
    assert outcome.status == 3, outcome.stdout + outcome.stderr
    [refusal] = outcome.record["refusals"]
    [metric] = [m for m in outcome.record["metrics"] if m["slice"] == "overall"]
    assert refusal["bound"].startswith("at most 0.01 below the latest blessed model's 0.9")
    assert metric["value"] > 0.2  # So the absolute bound alone would have let it pass.
    [blessed] = [
        m for m in first.record["metrics"] if (m["metric"], m["slice"]) == ("AUC", "overall")
    ]
    assert metric["baseline"] == pytest.approx(blessed["value"], abs=1e-6)
    assert project.versions() == before


TRIPS = """trip_miles,fare,trip_start_hour,trip_start_day,trip_start_month,payment_type
2.1,12.5,15,4,6,Cash
"""


def test_the_requests_on_the_pages_are_answered(pushed: tuple[Project, Outcome]) -> None:
    project, _ = pushed
    pages = [(REPOSITORY / page).read_text() for page in ("README.md", "docs/serving.md")]
    commands = [
        shlex.split(command)
        for page in pages
        for command in re.findall(r"^(curl .*?)\n(?=curl|```)", page, re.MULTILINE | re.DOTALL)
    ]
    assert len(commands) > 4
    curl = argparse.ArgumentParser()
    curl.add_argument("address")
    curl.add_argument("-H", action="append", default=[], dest="headers")
    curl.add_argument("-d", "--data-binary", dest="data")
    with running(project.root / "serving_models") as server:
        for command in commands:
            given = curl.parse_args([word for word in command[1:] if word.strip()])
            url = re.sub(r"^(http://)?[\w.]+:8501", server.url, given.address)
            headers = dict(header.split(": ") for header in given.headers)
            data = TRIPS if given.data == "@trips.csv" else given.data
            ask = requests.post if data else requests.get
            answer = ask(url, data=data, headers=headers, timeout=30)
            assert answer.status_code == 200, (given.address, answer.text)


def test_runs_are_listed(pushed: tuple[Project, Outcome]) -> None:
    project, first = pushed
    listed = project.pipeline("runs")
    assert listed.returncode == 0
    [row] = [line for line in listed.stdout.splitlines() if first.record["id"] in line]
    assert "blessed" in row
    shown = project.pipeline("show", first.record["id"])
    assert str(first.record["pushed_version"]) in shown.stdout


def test_schema_and_hyperparameters_can_be_frozen(pushed: tuple[Project, Outcome]) -> None:
    project, first = pushed
    taxi = project.root / "models" / "taxi"
    shipped = (taxi / "schema.pbtxt").read_bytes()
    assert project.pipeline("freeze-schema", "taxi").returncode == 0
    assert project.pipeline("freeze-hyperparameters", "taxi").returncode == 0
    frozen = (taxi / "schema.pbtxt").read_text()
    (taxi / "schema.pbtxt").write_bytes(shipped)
    assert 'not_in_environment: "SERVING"' in frozen
    try:
        outcome = project.run("taxi")
    finally:
        (taxi / "hyperparameters.json").unlink()
    assert outcome.status == 0
    assert nodes.TUNER not in outcome.nodes()
    # The same values as the Tuner's give the same model, so the same judgement.
    assert _auc(outcome) == pytest.approx(_auc(first), abs=0.01)


def test_the_tfx_command_line_runs_it(pushed: tuple[Project, Outcome], tmp_path: Path) -> None:
    project, _ = pushed
    tfx = str(Path(sys.executable).with_name("tfx"))
    engine = ("--engine", "local")
    path = ("--pipeline_path", "pipeline/local_runner.py")
    home = {"HOME": str(tmp_path)}
    runs = len(project.records())
    created = project.command(tfx, "pipeline", "create", *engine, *path, **home)
    assert created.returncode == 0, created.stdout + created.stderr
    assert len(project.records()) == runs
    ran = project.command(tfx, "run", "create", *engine, "--pipeline_name", "taxi", **home)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert len(project.records()) == runs + 1
    assert project.records()[-1]["status"] == "pushed"
    assert "Blessed and pushed" in ran.stdout


def _auc(outcome: Outcome) -> float:
    [value] = [
        m["value"]
        for m in outcome.record["metrics"]
        if (m["metric"], m["slice"]) == ("AUC", "overall")
    ]
    return float(value)
