"""A key of `per_slice` names exactly the slices that it says, or none."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.evaluation.slice_names import SliceKey
from pipeline.config import slice_bounds

NAME = st.text(st.sampled_from('ab=, "\\ü'), min_size=1, max_size=4)
VALUE = st.text(st.sampled_from('ab=, "\\ü1'), max_size=5)


@pytest.mark.parametrize(
    ("key", "slices", "pairs"),
    [
        ("sex", ["sex"], {"sex": None}),
        ("sex=f", ["sex"], {"sex": "f"}),
        ("sex=", ["sex"], {"sex": ""}),
        ("sex=f,region=south", ["sex,region"], {"sex": "f", "region": "south"}),
        ("region=south, sex=f", ["sex", "sex,region"], {"sex": "f", "region": "south"}),
        ("sex,region=south", ["sex,region"], {"sex": None, "region": "south"}),
        ("sex,region", ["region,sex"], {"sex": None, "region": None}),
        ("city=Paris, Texas", ["city"], {"city": "Paris, Texas"}),
        ("city=Paris, Texas,sex=f", ["city,sex"], {"city": "Paris, Texas", "sex": "f"}),
        ("a=b=c", ["a=b"], {"a=b": "c"}),
        ('sex="f,region=south"', ["sex", "sex,region"], {"sex": "f,region=south"}),
        ('a="b"', ["a", "a=b"], {"a": "b"}),
        ('"a=b"', ["a", "a=b"], {"a=b": None}),
        ('a=b"c', ["a"], {"a": 'b"c'}),
    ],
)
def test_a_key_is_read_as_it_is_meant(
    key: str, slices: list[str], pairs: dict[str, str | None]
) -> None:
    found = slice_bounds.read(key, [names.split(",") for names in slices])
    assert dict(found.pairs) == pairs and found.features == tuple(sorted(pairs))


@pytest.mark.parametrize(
    ("key", "slices", "message"),
    [
        ("sex=f", ["sex,region"], "not among evaluation.slices"),
        ("sex=f,region=s", ["sex,day"], "not among evaluation.slices"),
        ("a=b", ["a", "a=b"], 'several ways: "a=b" or a="b"'),
        ("a=1,b=2,b=3", ["a,b"], 'a="1",b="2,b=3" or a="1,b=2",b="3"'),
        ("sex=NaN", ["sex"], "'NaN'"),
    ],
)
def test_a_key_that_fits_nothing_or_too_much_is_refused(
    key: str, slices: list[str], message: str
) -> None:
    with pytest.raises(ValueError) as caught:
        slice_bounds.read(key, [names.split(",") for names in slices])
    assert message in str(caught.value)


@given(st.dictionaries(NAME, st.none() | VALUE, min_size=1, max_size=3), st.randoms())
def test_in_quotes_any_names_and_values_can_be_told(
    pairs: dict[str, str | None], order: object
) -> None:
    quoted = [
        json.dumps(name) + ("" if value is None else f"={json.dumps(value)}")
        for name, value in pairs.items()
    ]
    found = slice_bounds.read(",".join(quoted), [sorted(pairs)])
    assert dict(found.pairs) == pairs


@given(st.dictionaries(NAME, VALUE, min_size=1, max_size=3))
def test_a_slice_is_covered_by_its_own_key_and_by_its_features(values: dict[str, str]) -> None:
    own = SliceKey(tuple(sorted(values.items())))
    every = SliceKey(tuple((name, None) for name in sorted(values)))
    assert own.covers(values) and every.covers(values)
    assert own.overlaps(every) and every.overlaps(own)
    first, *_ = values
    assert not own.covers(values | {first: values[first] + "x"})
    assert not own.covers(values | {"other name": "x"})


def test_numbers_are_the_same_however_they_are_written() -> None:
    assert SliceKey((("day", "1.0"),)).covers({"day": "1"})
    assert not SliceKey((("day", "1.0"),)).covers({"day": "2"})
