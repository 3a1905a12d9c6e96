"""URIs of buckets become paths in a folder; nothing else changes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.cloud.rehearsal.bucket import StandIn

BUCKETS = StandIn(Path("/stand-in"))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("gs://bucket/x/*.csv", "/stand-in/bucket/x/*.csv"),
        ("s3://b", "/stand-in/b"),
        ("--temp=gs://b/t --other=minio://c", "--temp=/stand-in/b/t --other=/stand-in/c"),
        ("https://example.com and http://x", "https://example.com and http://x"),
        ("/data/x", "/data/x"),
        ({"gs://key": ["gs://b", 1, None]}, {"gs://key": ["/stand-in/b", 1, None]}),
    ],
)
def test_what_a_value_becomes(value: object, expected: object) -> None:
    assert BUCKETS.local(value) == expected


def test_a_uri_has_a_path() -> None:
    assert BUCKETS.path("gs://b/x") == Path("/stand-in/b/x")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet="abc/:*. "),
    lambda below: st.lists(below) | st.dictionaries(st.text(), below),
)


@settings(max_examples=50)
@given(VALUES)
def test_a_value_keeps_its_shape_and_is_translated_once(value: object) -> None:
    once = BUCKETS.local(value)
    assert type(once) is type(value)
    assert BUCKETS.local(once) == once
    assert "://" in str(value) or once == value
