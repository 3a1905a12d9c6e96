"""Before it answers, a version is asked what its folder holds, as TensorFlow Serving asks."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.tfx

CLASSIFY, REGRESS = "tensorflow/serving/classify", "tensorflow/serving/regress"


@pytest.fixture
def version(conformance_models: Path, tmp_path: Path) -> Path:
    """A version of `half_plus_two` without anything to warm up with."""
    folder = tmp_path / "half_plus_two" / "1"
    shutil.copytree(conformance_models / "half_plus_two" / "123", folder)
    (folder / "assets.extra").mkdir()
    return folder


@pytest.fixture
def warm_up(version: Path) -> Iterator[Callable[[], int]]:
    from serving.engine import warm_up
    from serving.model.loaded_model import LoadedModel

    model = LoadedModel(version)
    yield lambda: warm_up.warm_up(model)
    model.close()


def predict(x: float = 1.0, signature: str = "") -> Any:
    import tensorflow as tf
    from tensorflow_serving.apis import prediction_log_pb2

    log = prediction_log_pb2.PredictionLog()
    request = log.predict_log.request
    request.model_spec.name = "whatever it was called"
    request.model_spec.signature_name = signature
    request.inputs["x"].CopyFrom(tf.make_tensor_proto([[x]], tf.float32))
    return log


def of_examples(kind: str, *signatures: tuple[str, str]) -> Any:
    """A log of a classification, a regression or both: signatures with their methods."""
    from tensorflow_serving.apis import prediction_log_pb2

    log = prediction_log_pb2.PredictionLog()
    request = getattr(log, kind).request
    for signature, method in signatures:
        if kind == "multi_inference_log":
            task = request.tasks.add(method_name=method)
            task.model_spec.name, task.model_spec.signature_name = "half_plus_two", signature
        else:
            request.model_spec.signature_name = signature
    example = request.input.example_list.examples.add()
    example.features.feature["x"].float_list.value.append(2.0)
    return log


def empty(kind: str) -> Any:
    from tensorflow_serving.apis import prediction_log_pb2

    log = prediction_log_pb2.PredictionLog()
    if kind:
        getattr(log, kind).SetInParent()
    return log


def write(version: Path, *logs: Any) -> Path:
    """Writes the logs, or records that are none, as TensorFlow Serving's documentation says."""
    import tensorflow as tf

    path = version / "assets.extra" / "tf_serving_warmup_requests"
    with tf.io.TFRecordWriter(str(path)) as writer:
        for log in logs:
            writer.write(log if isinstance(log, bytes) else log.SerializeToString())
    return path


REGRESSION = ("regress_x_to_y", REGRESS)
CLASSIFICATION = ("classify_x_to_y", CLASSIFY)


@pytest.mark.parametrize(
    "log",
    [
        lambda: predict(),
        lambda: of_examples("regress_log", REGRESSION),
        lambda: of_examples("classify_log", CLASSIFICATION),
        lambda: of_examples("multi_inference_log", REGRESSION, CLASSIFICATION),
    ],
    ids=["predict", "regress", "classify", "multi_inference"],
)
def test_each_kind_of_request_is_asked(
    version: Path, warm_up: Callable[[], int], log: Callable[[], Any]
) -> None:
    assert warm_up() == 0
    write(version, log(), log())
    assert warm_up() == 2


@pytest.mark.parametrize(
    ("logs", "code", "told"),
    [
        (lambda: [predict(), b"\xff"], "INVALID_ARGUMENT", "record 2 of {path}: Failed to parse"),
        (lambda: [predict(signature="x")], "FAILED_PRECONDITION", "record 1 of {path}: Serving"),
        (
            lambda: [of_examples("regress_log", CLASSIFICATION)],
            "INVALID_ARGUMENT",
            "No regression outputs found",
        ),
        (
            lambda: [of_examples("classify_log", REGRESSION)],
            "INVALID_ARGUMENT",
            "at least one of",
        ),
        (
            lambda: [of_examples("multi_inference_log", REGRESSION, REGRESSION)],
            "INVALID_ARGUMENT",
            "Duplicate evaluation",
        ),
        (lambda: [empty("regress_log")], "INVALID_ARGUMENT", "No regression inputs found"),
        (lambda: [empty("session_run_log")], "UNIMPLEMENTED", "log_type for warmup: session_run"),
        (lambda: [predict()] * 1001, "INVALID_ARGUMENT", r"exceeds the maximum \(1000\)"),
    ],
)
def test_what_tensorflow_serving_refuses_is_refused(
    version: Path, warm_up: Callable[[], int], logs: Callable[[], list[Any]], code: str, told: str
) -> None:
    from serving.core.errors import ServingError

    path = write(version, *logs())
    with pytest.raises(ServingError, match=told.replace("{path}", str(path))) as refusal:
        warm_up()
    assert refusal.value.code.name == code


@pytest.mark.parametrize(
    "damaged", [lambda content: content[:-1], lambda content: b"x" + content, lambda _: b"{}" * 20]
)
def test_a_file_that_is_damaged_is_refused(
    version: Path, warm_up: Callable[[], int], damaged: Callable[[bytes], bytes]
) -> None:
    from serving.core.errors import ServingError

    path = write(version, predict(), predict())
    path.write_bytes(damaged(path.read_bytes()))
    with pytest.raises(ServingError, match="verify your warmup data is in TFRecord") as refusal:
        warm_up()
    assert refusal.value.code.name == "DATA_LOSS"


def test_a_thousand_records_are_asked(version: Path, warm_up: Callable[[], int]) -> None:
    write(version, *[predict()] * 1000)
    assert warm_up() == 1000


def test_kinds_that_tensorflow_serving_skips_are_skipped_and_told(
    version: Path, warm_up: Callable[[], int], capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(version, empty("predict_streamed_log"), predict(), empty(""))
    assert warm_up() == 1
    (event,) = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert (event["event"], event["file"]) == ("warm-up skipped", str(path))
    assert event["records"] == {"predict_streamed_log": 1, "none": 1}


@pytest.mark.parametrize(
    ("answers", "expected", "same"),
    [
        ([0.5], [0.502], True),
        ([0.5], [0.51], False),
        ([0.002, 0.003, 0.001, 0.6], [0.002, 0.003, 0.001, 0.603], True),
        ([0.004, 0.003, 0.001, 0.6], [0.002, 0.003, 0.001, 0.6], False),
        ([2e-6, 1e-6, 5e-6], [2.1e-6, 1e-6, 5e-6], False),
        ([1e-7, 0.5, -0.5], [0.0, 0.5, -0.5], True),
        ([0.0, 0.0], [0.0, 0.0], True),
        ([0.001], [0.0], False),
        ([float("nan"), float("inf")], [float("nan"), float("inf")], True),
        ([float("nan")], [0.5], False),
        ([0.5, 0.5], [0.5], False),
    ],
)
def test_answers_agree_within_a_percent_also_near_zero(
    answers: list[float], expected: list[float], same: bool
) -> None:
    from serving.engine.warm_up import agree

    assert agree(np.array(answers, np.float32), np.array(expected)) is same


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ({"rows": [{"x": [1.0]}, {"x": [2.0]}], "outputs": {"y": [[2.5], [3.02]]}}, None),
        ({"rows": [{"x": [1.0]}], "outputs": {"y": [[2.6]]}}, "otherwise than training did"),
        ({"rows": [{"x": [1.0]}], "outputs": {"z": [[2.5]]}}, "Output 'z'"),
        ({"rows": [{"x": ["a"]}], "outputs": {"y": [[2.5]]}}, "not of expected type"),
        ({"rows": [], "outputs": {}}, None),
        ([], None),
    ],
)
def test_known_answers_must_come(
    version: Path, warm_up: Callable[[], int], answers: Any, told: str | None
) -> None:
    from serving.core.errors import ServingError

    (version / "assets.extra" / "known_answers.json").write_text(json.dumps(answers))
    if told is None:
        assert warm_up() == bool(answers and answers["rows"])
        return
    with pytest.raises(ServingError) as refusal:
        warm_up()
    assert told in str(refusal.value)


def test_a_version_that_fails_its_warm_up_is_not_served(version: Path) -> None:
    from serving.core.metrics import Metrics
    from serving.core.settings import Limits
    from serving.engine.versions import Versions

    write(version, b"\xff")
    versions = Versions(version.parents[1], Limits(), Metrics())
    versions.scan()
    status = versions.statuses["half_plus_two"][1]
    assert not versions.snapshot
    assert (status.state.name, status.error and status.error.code.name) == (
        "END", "INVALID_ARGUMENT",
    )  # fmt: skip
