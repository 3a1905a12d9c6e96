"""Protobuf's text format, beside protobuf's own reader of it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.records.serving.text_proto import TextProtoError, parse

WRITABLE = st.characters(exclude_categories=["Cs"])
"""Any but the halves of surrogate pairs, which UTF-8 does not have."""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("a: 1", {"a": [1]}),
        ("a: \"x\" a: 'y'", {"a": ["x", "y"]}),
        ('a: "x" "y"', {"a": ["xy"]}),
        ("a { b: 1 } a: <b: -2>", {"a": [{"b": [1]}, {"b": [-2]}]}),
        ("a: [1, 2, 3]; b: true,", {"a": [1, 2, 3], "b": ["true"]}),
        ("a: [{b: 1}, {b: 2}]", {"a": [{"b": [1]}, {"b": [2]}]}),
        ("# nothing\na: 1.5 # more", {"a": ["1.5"]}),
        (r'a: "\303\244 \n \x41"', {"a": ["ä \n A"]}),
        ("[type.googleapis.com/x.Y] { a: 1 }", {"[type.googleapis.com/x.Y]": [{"a": [1]}]}),
        ("a: []", {"a": []}),
    ],
)
def test_every_form_is_read(text: str, expected: dict[str, list[object]]) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a {", "ends within"),
        ("a: [1", "ends within"),
        ("a:", "ends within"),
        ("}", "line 1: expected the name"),
        ("a: 1\n: 2", "line 2: expected the name"),
        ("a: }", "line 1: expected a value"),
        ('a: "x', "line 1: unexpected"),
        ("a: 1\n$", "line 2: unexpected '\\$'"),
        ("a {" * 40, "nested too deeply"),
        (r'a: "\x"', "has an escape that there is not"),
        (r'a: "\377"', "no text in UTF-8"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, said: str) -> None:
    with pytest.raises(TextProtoError, match=said):
        parse(text)


@given(st.text(alphabet="ab:{}<>[],;\"'# \n\\1-.", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        assert isinstance(parse(text), dict)
    except TextProtoError as error:
        assert str(error)


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(st.text(WRITABLE, min_size=1, max_size=8), st.integers(0, 2**62), max_size=3),
    st.text(WRITABLE, max_size=8),
)
def test_what_the_server_writes_is_read_as_it_was(labels: dict[str, int], name: str) -> None:
    text_format = pytest.importorskip("google.protobuf.text_format")
    messages = pytest.importorskip("tensorflow_serving.config.model_server_config_pb2")
    config = messages.ModelServerConfig()
    entry = config.model_config_list.config.add(name=name)
    entry.version_labels.update(labels)
    entry.model_version_policy.specific.versions.extend([3, 4])
    [models] = parse(text_format.MessageToString(config))["model_config_list"]
    [read] = models["config"]
    assert read.get("name", [""]) == [name]
    found = {
        one.get("key", [""])[0]: one.get("value", [0])[0] for one in read.get("version_labels", [])
    }
    assert found == labels
    assert read["model_version_policy"][0]["specific"][0]["versions"] == [3, 4]
