"""Requests from a client that means no good: each gets an answer, and none of them is a 5xx.

`HOSTILE_REQUESTS` says how many; continuous integration sends a few hundred.
"""

import json
import random
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.hostile import COUNT, QUICKLY
from tests.helpers.model_server import Running

pytestmark = pytest.mark.slow


METHODS = ("predict", "classify", "regress")
SIGNATURES = ("int64_tensor", "string_tensor", "several", "bytes", "root", "count", "none", "")
KEYS = st.sampled_from(
    ["instances", "inputs", "examples", "context", "signature_name", "x", "int_tensor", "b64"]
)
NUMBERS = st.integers() | st.floats() | st.sampled_from([2**63, -(2**63), 2**64, 1e308])
LEAVES = st.none() | st.booleans() | NUMBERS | st.text(max_size=5) | st.sampled_from(SIGNATURES)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=20,
)
BODIES = st.dictionaries(KEYS, VALUES, max_size=4) | st.builds(
    lambda name, value, kind: {"signature_name": name, kind: value},
    st.sampled_from(SIGNATURES),
    VALUES,
    st.sampled_from(["instances", "inputs", "examples"]),
)
SESSION = requests.Session()


def send(server: Running, place: str, body: bytes, **headers: str) -> None:
    answer = SESSION.post(f"{server.url}{place}", data=body, headers=headers, timeout=30)
    assert answer.status_code in (200, 400, 404, 413, 415), (body[:500], answer.text)
    if answer.status_code != 200:
        assert set(answer.json()) == {"error"}


@QUICKLY
@given(body=BODIES, model=st.sampled_from(["half_plus_two", "types", "animals"]), data=st.data())
def test_values_that_do_not_fit(server: Running, body: Any, model: str, data: Any) -> None:
    method = data.draw(st.sampled_from(METHODS))
    send(server, f"/v1/models/{model}:{method}", json.dumps(body).encode())


def test_bytes_that_are_no_request(server: Running) -> None:
    seeds = [
        b'{"signature_name": "several", "instances": [{"int_tensor": [1, 2], "str_tensor": "foo", '
        b'"float_tensor": [0.1]}]}',
        b'{"signature_name": "float32_tensor", "inputs": [NaN, -Infinity, 1e5, {"b64": "aGk="}]}',
        b'{"examples": [{"words": ["a", {"b64": "aGVsbG8="}], "weight": 1.5}], "context": {}}',
    ]
    source = random.Random(6)
    before = 0.0
    for number in range(COUNT // 2):
        body = bytearray(source.choice(seeds))
        for _ in range(source.randint(1, 8)):
            place = source.randrange(len(body))
            kind = source.randrange(4)
            if kind == 0:
                body[place] = source.randrange(256)
            elif kind == 1:
                del body[place : place + source.randint(1, 20)]
                body += b" "
            elif kind == 2:
                body[place:place] = body[place : place + 20] * source.randint(1, 50)
            else:
                body[place:place] = source.choice([b"\\ud800", b"[" * 50, b"1e999", b"\x00", b'"'])
        headers = {"Content-Encoding": "gzip"} if source.random() < 0.05 else {}
        path = "".join(chr(source.randrange(33, 127)) for _ in range(source.randint(0, 9)))
        places = [f"/v1/models/types:{source.choice(METHODS)}", f"/v1/models/{path}:predict"]
        send(
            server, source.choice(places).replace("#", "").replace("?", ""), bytes(body), **headers
        )
        if number == COUNT // 10:
            before = server.resident_mb()
    grown = server.resident_mb() - before
    assert grown < 30, f"{grown} MB more after {COUNT} requests"
    good = SESSION.post(
        f"{server.url}/v1/models/half_plus_two:predict", data=b'{"instances": [1.0]}', timeout=10
    )
    assert good.json() == {"predictions": [2.5]}
    print(f"memory grew by {grown:.1f} MB to {server.resident_mb():.0f} MB")
