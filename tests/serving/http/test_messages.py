"""A refusal has the form of TensorFlow Serving's errors."""

import json

from serving.http.messages import refusal


def test_a_refusal_is_json() -> None:
    answer = refusal(431, 'The "head" is too long')
    assert answer.status == 431
    assert json.loads(answer.body) == {"error": 'The "head" is too long'}
    assert dict(answer.headers) == {b"content-type": b"application/json"}
