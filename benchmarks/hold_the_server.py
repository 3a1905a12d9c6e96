"""How long one request within the limits holds up the others, and what it takes of memory.

    python -m benchmarks.hold_the_server [--megabytes 31] [--kind WORD] [--options ...]

A server of its own answers a body of each kind, three times, while another process asks /healthz
all the time. For each kind: the longest that /healthz took, and the most memory that the server
took beyond what it had, as a multiple of the body (decompressed). The first line is without any
request: what the machine itself holds up.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import gzip
import http.client
import json
import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from tests.helpers.model_server import Running, running

_ROWS = 4000
_ROUNDS = 3
_PREDICT = "/v1/models/any:predict"
_REGRESS = "/v1/models/any:regress"

Send = Callable[[Running], None]


def main() -> None:
    """Measures, and prints a line for each kind of body."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=float, default=31)
    parser.add_argument("--kind", default="", help="Only kinds with this in their name.")
    parser.add_argument("--options", nargs="*", default=[], help="Of the server, without dashes.")
    arguments = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _in_child(_write_model, folder / "any" / "1")
        (folder / "request_log.yaml").write_text("enabled: false\n")
        options = [f"--{each}" for each in arguments.options]
        with running(folder, "--max-body", "32", *options) as server:
            print(
                f"{'':30}{'body MB':>9}{'seconds':>9}{'/healthz ms':>13}{'memory':>9}", flush=True
            )
            for kind, size, send in _kinds(int(arguments.megabytes * 1e6)):
                if arguments.kind in kind:
                    print(_line(server, kind, size, send), flush=True)


def _line(server: Running, kind: str, size: int, send: Send) -> str:
    longest = seconds = memory = 0.0
    for _ in range(_ROUNDS):
        before = _forget_peak(server)
        with _asked(server.rest_port) as told:
            start = time.perf_counter()
            send(server)
            seconds = max(seconds, time.perf_counter() - start)
        longest = max(longest, told[0])
        memory = max(memory, server.resident_mb(peak=True) - before)
    times = f"{memory * 2**20 / size:9.1f}" if size else f"{'':9}"
    return f"{kind:30}{size / 1e6:9.1f}{seconds:9.2f}{longest * 1e3:13.1f}{times}"


def _forget_peak(server: Running) -> float:
    time.sleep(0.5)
    Path(f"/proc/{server.process.pid}/clear_refs").write_text("5")
    return server.resident_mb()


@contextlib.contextmanager
def _asked(port: int) -> Iterator[list[float]]:
    """Asks /healthz all the time, and puts the longest time of an answer into the list."""
    told: list[float] = []
    ours, theirs = multiprocessing.Pipe()
    end = multiprocessing.Event()
    asking = multiprocessing.Process(target=_ask, args=(port, end, theirs))
    asking.start()
    ours.recv()
    try:
        yield told
    finally:
        end.set()
        told.append(ours.recv())
        asking.join()


def _ask(port: int, end: Event, answer: Any) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    longest = 0.0
    for number in range(10**9):
        start = time.perf_counter()
        connection.request("GET", "/healthz")
        connection.getresponse().read()
        if number == 20:
            answer.send("warm")
        if number > 20:
            longest = max(longest, time.perf_counter() - start)
            if end.is_set():
                break
        time.sleep(0.002)
    answer.send(longest)


def _kinds(size: int) -> Iterator[tuple[str, int, Send]]:
    """Each kind's name, the size of its body, and what sends it."""
    yield "nothing", 0, lambda server: time.sleep(2)
    for kind, path, body in _bodies(size):
        yield f"REST {kind}", len(body), _post(path, body)
        if kind in ("rows of lists", "one long list", "short strings"):
            yield f"REST {kind}, gzip", len(body), _post(path, gzip.compress(body, 1), "gzip")
    for kind, method, request, length in _messages(size):
        yield f"gRPC {kind}", length, _call(method, request)


def _bodies(size: int) -> Iterator[tuple[str, str, bytes]]:
    number = "1.25"
    in_row = size // _ROWS // (len(number) + 1)
    row = "[" + ",".join([number] * in_row) + "]"
    rows = ",".join([row] * _ROWS)
    yield "rows of lists", _PREDICT, b'{"instances":[%b]}' % rows.encode()
    named = ",".join([f'{{"x":{row}}}'] * _ROWS)
    yield "rows by name", _PREDICT, b'{"instances":[%b]}' % named.encode()
    yield "columns", _PREDICT, b'{"inputs":{"x":[%b]}}' % rows.encode()
    one = ",".join([number] * (size // (len(number) + 1)))
    yield "one long list", _PREDICT, b'{"instances":[[%b]]}' % one.encode()
    shortest = ",".join(["1"] * (size // 2))
    yield "one list of digits", _PREDICT, b'{"instances":[[%b]]}' % shortest.encode()
    text = json.dumps("x" * (size // _ROWS - 30))
    yield "long strings", _PREDICT, _strings([text] * _ROWS)
    encoded = base64.b64encode(os.urandom(size // _ROWS * 3 // 4 - 40)).decode()
    yield "base 64", _PREDICT, _strings([json.dumps({"b64": encoded})] * _ROWS)
    words = ",".join(['"ab"'] * (size // _ROWS // 5))
    many = ",".join([f"[{words}]"] * _ROWS).encode()
    yield "short strings", _PREDICT, b'{"signature_name":"words","instances":[%b]}' % many
    listed = ",".join([number] * (size // _ROWS // (len(number) + 1)))
    examples = ",".join([f'{{"x":[{listed}]}}'] * _ROWS).encode()
    yield "examples", _REGRESS, b'{"signature_name":"regress","examples":[%b]}' % examples
    yield "{} a million times", _PREDICT, b'{"instances":[%b{}]}' % (b"{}," * (size // 3))
    deep = b"[" * 60 + b"1" + b"]" * 60
    yield "deep lists", _PREDICT, b'{"instances":[%b]}' % b",".join([deep] * (size // 122))
    yield "no JSON at the end", _PREDICT, b'{"instances":[%b' % rows.encode()


def _strings(texts: list[str]) -> bytes:
    return b'{"signature_name":"strings","instances":[%b]}' % ",".join(texts).encode()


def _messages(size: int) -> Iterator[tuple[str, str, Any, int]]:
    import numpy as np
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2, regression_pb2

    values = np.full((_ROWS, size // _ROWS // 4), 1.25, np.float32)

    def predict(signature: str, name: str, tensor: Any) -> Any:
        request = predict_pb2.PredictRequest()
        request.model_spec.name, request.model_spec.signature_name = "any", signature
        request.inputs[name].CopyFrom(tensor)
        return request

    content = predict("", "x", tf.make_tensor_proto(values))
    one_by_one = predict("", "x", tf.make_tensor_proto(values[:, :1]))
    tensor = one_by_one.inputs["x"]
    tensor.ClearField("tensor_content")
    tensor.tensor_shape.dim[1].size = values.shape[1]
    tensor.float_val.extend(values.ravel())
    words = predict("words", "x", tf.make_tensor_proto(
        np.full((_ROWS, size // _ROWS // 4), b"ab", object)))  # fmt: skip
    blobs = predict("strings", "x", tf.make_tensor_proto([os.urandom(size // _ROWS - 10)] * _ROWS))
    regress = regression_pb2.RegressionRequest()
    regress.model_spec.name, regress.model_spec.signature_name = "any", "regress"
    example = tf.train.Example()
    example.features.feature["x"].float_list.value.extend([1.25] * (size // _ROWS // 4 - 20))
    for _ in range(_ROWS):
        regress.input.example_list.examples.add().CopyFrom(example)
    for kind, method, request in (
        ("tensor_content", "Predict", content),
        ("float_val", "Predict", one_by_one),
        ("string_val, short", "Predict", words),
        ("string_val, long", "Predict", blobs),
        ("examples", "Regress", regress),
    ):
        yield kind, method, request, request.ByteSize()


def _post(path: str, body: bytes, encoding: str = "identity") -> Send:
    def send(server: Running) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.rest_port, timeout=300)
        connection.request("POST", path, body, {"Content-Encoding": encoding})
        connection.getresponse().read()
        connection.close()

    return send


def _call(method: str, request: Any) -> Send:
    def send(server: Running) -> None:
        import grpc

        from serving.grpc.services import METHODS, PREDICTION_SERVICE

        _, response = METHODS[PREDICTION_SERVICE][method]
        options = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
        with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}", options) as channel:
            call = channel.unary_unary(
                f"/{PREDICTION_SERVICE}/{method}",
                type(request).SerializeToString,
                response.FromString,
            )
            with contextlib.suppress(grpc.RpcError):  # Refused is answered, too.
                call(request, timeout=300)

    return send


def _write_model(folder: Path) -> None:
    """A SavedModel that answers a number for each row of lists, of strings and of examples."""
    import tensorflow as tf

    model = tf.Module()

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.float32, "x")])
    def numbers(x: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"y": tf.reduce_sum(x, axis=1)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "x")])
    def strings(x: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"y": tf.cast(tf.strings.length(x), tf.float32)}

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.string, "x")])
    def words(x: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"y": tf.reduce_sum(tf.cast(tf.strings.length(x), tf.float32), axis=1)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "examples")])
    def regress(examples: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"outputs": tf.cast(tf.strings.length(examples), tf.float32)}

    signatures = {
        "serving_default": numbers, "strings": strings, "words": words, "regress": regress
    }  # fmt: skip
    tf.saved_model.save(model, str(folder), signatures)


def _in_child(function: Callable[[Path], None], folder: Path) -> None:
    """Calls it in a process of its own, so that this one stays without TensorFlow's threads."""
    child = multiprocessing.get_context("spawn").Process(target=function, args=(folder,))
    child.start()
    child.join()
    assert child.exitcode == 0


if __name__ == "__main__":
    main()
