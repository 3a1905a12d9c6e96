"""What gRPC's methods answer, log and count, through the official stubs."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

from serving.core.errors import Code, ServingError
from serving.request_log import database
from serving.routing import changes
from tests.helpers.grpc_in_process import Served, model_service, prediction_service, serving

pytestmark = pytest.mark.tfx

MODEL = "half_plus_two"
REGRESSION = ("regress_x_to_y", "tensorflow/serving/regress")
CLASSIFICATION = ("classify_x_to_y", "tensorflow/serving/classify")


@pytest.fixture(scope="module")
def folder(conformance_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`half_plus_two` in two versions, and the model of all types."""
    models = tmp_path_factory.mktemp("grpc") / "models"
    for number in ("1", "2"):
        shutil.copytree(conformance_models / MODEL / "123", models / MODEL / number)
    shutil.copytree(conformance_models / "types", models / "types")
    return models


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[Served]:
    with serving(folder, rows=10, body_bytes=2**16) as started:
        yield started


def stub(served: Served) -> Any:

    return prediction_service(served.channel)


def predict(value: Any = (1.0,), model: str = MODEL, signature: str = "", name: str = "x") -> Any:
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2

    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = model, signature
    dtype = tf.float32 if isinstance(value, tuple) else None
    request.inputs[name].CopyFrom(tf.make_tensor_proto(value, dtype))
    return request


def classify(count: int = 1, label: str = "") -> Any:
    from tensorflow_serving.apis import classification_pb2

    request = classification_pb2.ClassificationRequest()
    request.model_spec.name, request.model_spec.signature_name = MODEL, CLASSIFICATION[0]
    request.model_spec.version_label = label
    for _ in range(count):
        example = request.input.example_list.examples.add()
        example.features.feature["x"].float_list.value.append(2.0)
    return request


def multi_inference(count: int = 1) -> Any:
    from tensorflow_serving.apis import inference_pb2

    request = inference_pb2.MultiInferenceRequest(input=classify(count).input)
    for signature, method in (REGRESSION, CLASSIFICATION):
        task = request.tasks.add(method_name=method)
        task.model_spec.name, task.model_spec.signature_name = MODEL, signature
    return request


def refused(call: Any, request: Any, **options: Any) -> tuple[str, str]:
    with pytest.raises(grpc.RpcError) as refusal:
        call(request, timeout=20, **options)
    return refusal.value.code().name, refusal.value.details()


# Two of each: a single one never comes as bytes.
VALUES = {
    "float32": [[1.5], [-2.0]], "float64": [1e300, 0.1], "int8": [-128, 127], "uint8": [0, 255],
    "int16": [-32768, 1], "int32": [2**31 - 1, 0], "int64": [2**63 - 1, -1],
    "uint32": [2**32 - 1, 0], "uint64": [2**64 - 1, 0], "bool": [True, False],
    "string": [b"\xff", b""],
}  # fmt: skip


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("kind", ["vector", "scalar", "none"])
def test_each_type_comes_back_value_by_value(served: Served, name: str, kind: str) -> None:
    import tensorflow as tf

    dtype = object if name == "string" else name
    value = np.array(VALUES[name], dtype=dtype)
    value = {"vector": value, "scalar": value.ravel()[0], "none": value[:0]}[kind]
    proto = tf.make_tensor_proto(value, dtype=tf.as_dtype(name), shape=np.shape(value))
    request = predict(model="types", signature=f"{name}_tensor")
    request.inputs["x"].CopyFrom(proto)
    answered = stub(served).Predict(request, timeout=20).outputs["y"]
    assert not answered.tensor_content
    assert answered.HasField("tensor_shape")
    assert answered.dtype == proto.dtype
    assert [dim.size for dim in answered.tensor_shape.dim] == list(np.shape(value))
    np.testing.assert_array_equal(tf.make_ndarray(answered), value)


@pytest.mark.parametrize("given", ["tensor_content", "one value for all"])
def test_the_short_forms_of_a_tensor_are_taken(served: Served, given: str) -> None:
    request = predict()
    tensor = request.inputs["x"]
    tensor.tensor_shape.dim[0].size = 3
    del tensor.float_val[:]
    if given == "tensor_content":
        tensor.tensor_content = np.array([1, 1, 1], np.float32).tobytes()
    else:
        tensor.float_val.append(1.0)
    assert list(stub(served).Predict(request, timeout=20).outputs["y"].float_val) == [2.5] * 3


@pytest.mark.parametrize(
    ("request_", "code", "told"),
    [
        (lambda: predict(name="z"), "INVALID_ARGUMENT", "Signature input alias: x(feed name: x:0)"),
        (lambda: predict(np.ones(1)), "INVALID_ARGUMENT", "to be float but float64 is provided"),
        (lambda: predict((1.0,) * 11), "INVALID_ARGUMENT", "Task size 11 is larger"),
        (lambda: predict((1.0,) * 2**15), "RESOURCE_EXHAUSTED", "larger than max"),
        (lambda: predict(model="m" * 9000), "NOT_FOUND", "Servable not found for request: Latest"),
        (lambda: predict(name="ä" * 9000), "INVALID_ARGUMENT", "Signature input alias"),
        (
            lambda: predict(model="types", signature="several", name="int_tensor"),
            "INVALID_ARGUMENT",
            "Sent extra: {}. Missing but required: {float_tensor,str_tensor}.",
        ),
    ],
)
def test_predict_refuses(served: Served, request_: Any, code: str, told: str) -> None:
    found, details = refused(stub(served).Predict, request_())
    assert found == code and told in details


def test_too_many_examples_are_refused(served: Served) -> None:
    for call, request in (
        (stub(served).Classify, classify(11)),
        (stub(served).MultiInference, multi_inference(11)),
    ):
        code, details = refused(call, request)
        assert (code, "Task size 11 is larger" in details) == ("INVALID_ARGUMENT", True)


def test_an_answer_says_who_gave_it(served: Served) -> None:
    spec = stub(served).Classify(classify(), timeout=20).model_spec
    assert (spec.name, spec.signature_name, spec.version.value) == (MODEL, CLASSIFICATION[0], 2)
    regress = classify()
    regress.model_spec.signature_name = REGRESSION[0]
    from tensorflow_serving.apis import regression_pb2

    request = regression_pb2.RegressionRequest.FromString(regress.SerializeToString())
    spec = stub(served).Regress(request, timeout=20).model_spec
    assert (spec.name, spec.signature_name, spec.version.value) == (MODEL, REGRESSION[0], 2)
    for result, name in zip(
        stub(served).MultiInference(multi_inference(), timeout=20).results,
        (REGRESSION[0], CLASSIFICATION[0]),
        strict=True,
    ):
        spec = result.model_spec
        assert (spec.name, spec.signature_name, spec.version.value) == (MODEL, name, 2)


@pytest.mark.parametrize("fields", [[], ["other"], ["signature_def", "other"]])
def test_metadata_has_signatures_and_nothing_else(served: Served, fields: list[str]) -> None:
    from tensorflow_serving.apis import get_model_metadata_pb2

    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=fields)
    request.model_spec.name = MODEL
    assert refused(stub(served).GetModelMetadata, request)[0] == "INVALID_ARGUMENT"


def test_a_status_names_the_error_of_a_version_that_failed(folder: Path, tmp_path: Path) -> None:
    from tensorflow_serving.apis import get_model_status_pb2

    models = tmp_path / "models"
    shutil.copytree(folder / MODEL / "1", models / MODEL / "1")
    (models / MODEL / "7").mkdir()
    (models / MODEL / "7" / "saved_model.pb").write_bytes(b"not a model")
    (models / "models.config").write_text(
        f'model_config_list {{ config {{ name: "{MODEL}" model_version_policy {{ all {{}} }} '
        'version_labels { key: "stable" value: 1 } } }'
    )
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = MODEL
    with serving(models) as served:
        get = model_service(served.channel).GetModelStatus
        found = {v.version: v for v in get(request, timeout=20).model_version_status}
        assert {number: (v.state, bool(v.status.error_code)) for number, v in found.items()} == {
            1: (30, False), 7: (50, True),
        }  # fmt: skip
        assert "saved_model.pb" in found[7].status.error_message
        request.model_spec.version_label = "stable"
        (only,) = get(request, timeout=20).model_version_status
        assert only.version == 1
        request.model_spec.version_label = "other"
        assert refused(get, request)[0] == "INVALID_ARGUMENT"
        request.model_spec.version.value = 9
        assert refused(get, request) == (
            "NOT_FOUND", f"Could not find version 9 of model {MODEL}",
        )  # fmt: skip


def test_requests_are_counted_and_logged_with_their_id(served: Served, folder: Path) -> None:
    _, call = stub(served).Predict.with_call(
        predict((1.0, 2.0)), timeout=20, metadata=[("x-request-id", "mine" * 100)]
    )
    trailing = dict(call.trailing_metadata())
    assert (trailing["x-request-id"], trailing["x-model-version"]) == (("mine" * 100)[:128], "2")
    request = predict(model="types", signature="complex")
    request.inputs["x"].dtype = 8  # DT_COMPLEX64, which JSON has no form for.
    request.inputs["x"].ClearField("tensor_content")
    request.inputs["x"].scomplex_val.extend([1.0, 1.0])
    assert refused(stub(served).Predict, request, metadata=[("x-request-id", "complex")])[0] == (
        "INVALID_ARGUMENT"
    )
    entries: dict[str, Any] = {}
    deadline = time.monotonic() + 20
    while "complex" not in entries and time.monotonic() < deadline:  # No refusal waits for the log.
        files = database.files(folder / ".request_log")
        entries = {entry.id: entry for path in files for _, entry in database.read(path)}
    good, bad = entries[("mine" * 100)[:128]], entries["complex"]
    assert (good.model, good.version, good.status) == (MODEL, 2, 200)
    assert json.loads(good.request) == {
        "signature_name": "serving_default",
        "inputs": {"x": [1, 2]},
    }
    assert json.loads(good.response) == {"outputs": [2.5, 3.0]}
    assert (bad.status, bad.version) == (400, None)
    assert "complex64" in json.loads(bad.request)["error"]
    text = served.engine.metrics.text()
    assert f'request_count{{model_name="{MODEL}",status="OK"}}' in text
    assert 'request_count{model_name="types",status="INVALID_ARGUMENT"} ' in text
    assert 'API="Predict",entrypoint="GRPC"' in text
    assert "m" * 9000 not in text, "names that clients make up are no labels"


@pytest.mark.parametrize("method", ["Classify", "Regress", "MultiInference"])
def test_requests_with_examples_are_logged_as_rest_has_them(
    served: Served, folder: Path, method: str
) -> None:
    from tensorflow_serving.apis import regression_pb2

    asked = classify(2)
    one = asked.input.example_list.examples[1].features.feature
    one["words"].bytes_list.value.extend([b"a", b"\xff"])
    one["count"].int64_list.value.append(2**60)
    one["nothing"].SetInParent()
    one["x"].float_list.value[0] = 0.1
    regression = regression_pb2.RegressionRequest(model_spec=asked.model_spec, input=asked.input)
    regression.model_spec.signature_name = REGRESSION[0]
    both = multi_inference()
    both.input.CopyFrom(asked.input)
    request = {"Classify": asked, "Regress": regression, "MultiInference": both}[method]
    # On a busy machine an answer goes out before its entry is stored, and says so.
    for number in range(50):
        name = f"logged {method} {number}"
        _, call = getattr(stub(served), method).with_call(
            request, timeout=20, metadata=[("x-request-id", name)]
        )
        if dict(call.trailing_metadata())["x-request-logged"] == "true":
            break
    files = database.files(folder / ".request_log")
    (entry,) = [e for path in files for _, e in database.read(path) if e.id == name]
    body, response = json.loads(entry.request), json.loads(entry.response)
    assert body["examples"] == [
        {"x": 2.0},
        {"words": ["a", {"b64": "/w=="}], "count": 2**60, "nothing": [], "x": 0.1},
    ]
    scores, values = [[["", 3.0]], [["", 2.05]]], [3.0, 2.05]
    if method == "MultiInference":
        names = [task["signature_name"] for task in body["tasks"]]
        assert names == [REGRESSION[0], CLASSIFICATION[0]]
        assert response == {"tasks": [{"results": values}, {"results": scores}]}
    else:
        assert body["signature_name"] == request.model_spec.signature_name
        assert response == {"results": scores if method == "Classify" else values}


def test_examples_follow_the_route_as_rows_do(folder: Path, tmp_path: Path) -> None:
    models = tmp_path / "models"
    shutil.copytree(folder / MODEL, models / MODEL)
    changes.canary(models, MODEL, 2, 0.0, 0.0, "ann", "")
    with serving(models) as served:
        calls = stub(served)
        for response in (
            calls.Predict(predict(), timeout=20),
            calls.Classify(classify(), timeout=20),
            *calls.MultiInference(multi_inference(), timeout=20).results,
        ):
            assert response.model_spec.version.value == 1, "the canary has no share"
        assert calls.Classify(classify(label="canary"), timeout=20).model_spec.version.value == 2
        changes.route(models, MODEL, {"canary_share": 0.5}, "ann", "")
        served.engine.hooks.router._look()
        for _ in range(20):
            results = calls.MultiInference(multi_inference(), timeout=20).results
            assert len({result.model_spec.version.value for result in results}) == 1
        chosen = [
            {
                user: calls.MultiInference(
                    multi_inference(), timeout=20, metadata=[("x-routing-key", str(user))]
                ).results[0].model_spec.version.value
                for user in range(30)
            }
            for _ in range(2)
        ]  # fmt: skip
        assert chosen[0] == chosen[1] and set(chosen[0].values()) == {1, 2}
        rows = {
            user: calls.Predict(
                predict(), timeout=20, metadata=[("x-routing-key", str(user))]
            ).model_spec.version.value
            for user in range(30)
        }
        assert rows == chosen[0]


def test_every_method_asks_for_the_token(folder: Path) -> None:
    from tensorflow_serving.apis import (
        get_model_metadata_pb2,
        get_model_status_pb2,
        model_management_pb2,
    )

    with serving(folder, token="secret") as served:
        calls, models = stub(served), model_service(served.channel)
        good = [("authorization", "Bearer secret")]
        for call, request in (
            (calls.Predict, predict()),
            (calls.Classify, classify()),
            (calls.MultiInference, multi_inference()),
            (calls.GetModelMetadata, get_model_metadata_pb2.GetModelMetadataRequest()),
            (models.GetModelStatus, get_model_status_pb2.GetModelStatusRequest()),
            (models.HandleReloadConfigRequest, model_management_pb2.ReloadConfigRequest()),
        ):
            for bad in ((), [("authorization", "Bearer secre")], [("authorization", "secret")]):
                assert refused(call, request, metadata=bad)[0] == "UNAUTHENTICATED"
        assert calls.Predict(predict(), timeout=20, metadata=good).outputs["y"].float_val == [2.5]


@pytest.mark.parametrize("body", [b"\xff", b"\x0a\xff\xff", b"\x0a\x05ab"])
def test_what_is_no_message_is_the_clients_fault(served: Served, body: bytes) -> None:
    for method in ("PredictionService/Predict", "ModelService/GetModelStatus"):
        send = served.channel.unary_unary(f"/tensorflow.serving.{method}")
        assert refused(send, body)[0] == "INVALID_ARGUMENT"


def test_a_method_that_is_not_there_is_told(served: Served) -> None:
    send = served.channel.unary_unary("/tensorflow.serving.SessionService/SessionRun")
    assert refused(send, b"")[0] == "UNIMPLEMENTED"


@pytest.mark.parametrize("code", [code for code in grpc.StatusCode if code.value[0]])
def test_every_error_is_counted_in_the_words_of_rest(
    served: Served, code: grpc.StatusCode, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run(*_: Any) -> None:
        raise ServingError(Code(code.value[0]), "no")

    monkeypatch.setattr(served.engine, "run", run)
    assert refused(stub(served).Predict, predict()) == (code.name, "no")
    line = f'request_count{{model_name="{MODEL}",status="{code.name}"}}'
    assert line in served.engine.metrics.text()


def test_who_has_no_token_is_counted_and_not_logged(folder: Path, tmp_path: Path) -> None:
    models = tmp_path / "models"
    shutil.copytree(folder / MODEL, models / MODEL)
    with serving(models, token="secret") as served:
        sent = [("authorization", "Bearer wrong"), ("x-request-id", "mine")]
        code, _ = refused(stub(served).Predict, predict(), metadata=sent)
        text = served.engine.metrics.text()
    assert code == "UNAUTHENTICATED"
    assert 'request_count{model_name="",status="UNAUTHENTICATED"} 1' in text
    files = database.files(models / ".request_log")
    assert not [entry for path in files for entry in database.read(path)]
