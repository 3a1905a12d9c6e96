"""What each account does with the bucket, through the clients that do it; run as a program.

    python -m tests.delivery.bucket_uses ACCOUNT=BUCKET...

Prints a JSON object: for each bucket, the first use that fails with its error, or null.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import google.auth
from google.auth.credentials import AnonymousCredentials

Use = Callable[[str], object]
"""Takes the bucket's name."""
PART = "serving_models/model/1/assets.extra/known_answers.json"
"""What there is to read for those who only read."""


def upload_code_and_data(bucket: str) -> None:
    """As a submission does; the second one finds it there."""
    from pipeline.cloud.submission import uploads

    for _ in range(2):
        uploads.put(f"gs://{bucket}/data", {"0.csv": b"a,b\n"})


def stage_source(bucket: str) -> None:
    """As `gcloud builds submit --gcs-source-staging-dir`: it looks whether there is the bucket."""
    from google.cloud import storage

    found = storage.Client(project=None).get_bucket(bucket)
    found.blob("source/1.tgz").upload_from_string(b"source")


def read(bucket: str) -> None:
    """As a build its source, and the server its model."""
    from google.cloud import storage

    (only,) = storage.Client(project=None).list_blobs(bucket)
    assert only.name == PART and only.download_as_bytes()


def push(bucket: str) -> None:
    """As the Pusher does into an empty bucket."""
    from tfx.types import standard_artifacts
    from tfx.types.experimental.simple_artifacts import File

    from components import pusher

    model, pushed = standard_artifacts.Model(), standard_artifacts.PushedModel()
    folder = Path(tempfile.mkdtemp())
    saved = folder / "Format-Serving" / "saved_model.pb"
    saved.parent.mkdir()
    saved.write_bytes(b"model")
    model.uri, pushed.uri = str(folder), f"gs://{bucket}/runs/pushed_model"
    place = {"filesystem": {"baseDirectory": f"gs://{bucket}/serving_models/model"}}
    properties = {"push_destination": json.dumps(place)}
    profile = File()
    profile.uri = str(folder / "profile")
    Path(profile.uri).mkdir()
    Path(profile.uri, "reference_profile.json").write_text("{}", encoding="utf-8")
    blessing = standard_artifacts.ModelBlessing()
    blessing.set_int_custom_property("blessed", 1)
    inputs = {"model": [model], "model_blessing": [blessing], "profile": [profile]}
    pusher.BucketExecutor().Do(inputs, {"pushed_model": [pushed]}, properties)


def write_examples(bucket: str) -> None:
    """As ExampleGen does."""
    from tfx.dsl.components.base import base_beam_executor
    from tfx.types import standard_artifacts

    from components import example_gen, tables

    table = Path(tempfile.mkdtemp(), "table.csv")
    table.write_text("number\n" + "".join(f"{row}\n" for row in range(20)), encoding="utf-8")
    node = example_gen.ExampleGen(tables.TableSource(str(table)), {"train": 1, "eval": 1})
    examples = standard_artifacts.Examples()
    examples.uri = f"gs://{bucket}/runs/examples"
    context = base_beam_executor.BaseBeamExecutor.Context(
        beam_pipeline_args=["--runner=FnApiRunner"], tmp_dir=str(table.parent), unique_id="1"
    )
    example_gen.Executor(context).Do({}, {"examples": [examples]}, node.exec_properties)


def write_by_beam(bucket: str) -> None:
    """As the nodes do that compute statistics, transform and evaluate; twice, as if tried again."""
    import apache_beam as beam

    for _ in range(2):
        with beam.Pipeline("FnApiRunner") as pipeline:
            rows = pipeline | beam.Create([b"row"])
            _ = rows | beam.io.WriteToTFRecord(f"gs://{bucket}/runs/statistics/part")


def export(bucket: str) -> None:
    """As the Trainer does; twice, as if tried again."""
    import tensorflow as tf

    for _ in range(2):
        tf.saved_model.save(tf.Module(), f"gs://{bucket}/runs/model")


def answer(bucket: str) -> None:
    """As each task tells the orchestrator what it has made."""
    from tfx.dsl.io import fileio

    fileio.makedirs(f"gs://{bucket}/runs/task")
    with fileio.open(f"gs://{bucket}/runs/task/executor_output.json", "wb") as file:
        file.write(b"{}")


MODELS_CONFIG = b"""model_config_list { config { name: "taxi" base_path: "/models/taxi"
  model_platform: "tensorflow" model_version_policy { specific { versions: 1 versions: 2 } }
  version_labels { key: "stable" value: 1 } version_labels { key: "canary" value: 2 } } }"""
ROUTING = b'{"version": 1, "models": {"taxi": {"canary_share": 0.1}}}'
STAGED = {
    "taxi/models.config": MODELS_CONFIG,
    "taxi/routing.json": ROUTING,
    "taxi/taxi/1/saved_model.pb": b"",
    "taxi/taxi/2/saved_model.pb": b"",
}
"""A serving folder with a canary, for those who only follow or watch it."""


def release(bucket: str) -> None:
    """As the job that deploys: a first version, and a canary that is rolled back."""
    from serving.release.stages import Release
    from serving.release.store import Store

    made = Release(Store(f"gs://{bucket}/rents"), "rents", "deployer")
    for version in (1, 2):
        folder = Path(tempfile.mkdtemp(), "rents", str(version))
        folder.mkdir(parents=True)
        (folder / "saved_model.pb").write_bytes(b"")
        made.stage(str(folder), "c0ffee")
        made.begin(version, 0.1)
    made.roll_back(2)


def follow(bucket: str) -> None:
    """As a server: it takes over what is there, and reports, more than once."""
    from serving.release.follow import Follower
    from serving.release.store import Store
    from serving.release.uploads import Uploads
    from tests.helpers.log_entries import entry, write

    store, folder = Store(f"gs://{bucket}/taxi"), Path(tempfile.mkdtemp())
    follower = Follower(store, folder)
    for number in range(2):
        # Under one name, as its observations are.
        store.write(".routing/server.json", b"%d" % number)
    follower.close()
    write(folder / "log", entry())
    if not Uploads(folder / "log", store).upload():
        store.write("what the upload has told to its log", b"")


def watch(bucket: str) -> None:
    """As the job that looks at canaries."""
    from serving.release.stages import Release
    from serving.release.store import Store

    watcher = Release(Store(f"gs://{bucket}/taxi"), "taxi", "watcher")
    assert watcher.promote(2).stage == "promoted"


SERVING_USES: dict[str, list[Use]] = {
    **{account: [release] for account in ("deployer", "production")},
    **{account: [follow] for account in ("server", "production-server")},
    "watcher": [watch],
}
"""Of the bucket with the serving folders."""
USES: dict[str, list[Use]] = {
    "deployer": [upload_code_and_data, stage_source],
    "pipeline": [push, write_examples, write_by_beam, export, answer],
    **{account: [read] for account in ("builder", "server", "production", "production-server")},
}


def main() -> None:
    """Tries all uses of the buckets that the arguments name."""
    # Beam would look for a login for half a minute.
    google.auth.default = lambda *_, **__: (AnonymousCredentials(), "project")
    found: dict[str, str | None] = {}
    for argument in sys.argv[1:]:
        account, bucket = argument.split("=")
        uses = SERVING_USES if "-serving-" in bucket else USES
        errors = (_error(use, bucket) for use in uses[account])
        found[bucket] = next(filter(None, errors), None)
    print(json.dumps(found))


def _error(use: Use, bucket: str) -> str | None:
    try:
        use(bucket)
    except Exception as error:  # Each client has its own.
        return f"{use.__name__}: {type(error).__name__}: {error}"
    return None


if __name__ == "__main__":
    main()
