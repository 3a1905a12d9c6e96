from __future__ import annotations

import io
import json
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.record import redaction
from pipeline.record.redaction import HIDDEN, Redactor, redactor

SECRET = "correct-horse"


@pytest.mark.parametrize(
    "name",
    [
        "NEPTUNE_API_TOKEN",
        "AWS_SECRET_ACCESS_KEY",
        "PGPASSWORD",
        "DB_PASSWORD_PROD",
        "OPENAI_API_KEY",
        "my_private_key",
    ],
)
def test_a_secret_of_the_environment(name: str) -> None:
    assert redactor(environment={name: SECRET}).text(f"a {SECRET} b") == f"a {HIDDEN} b"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HOME", "/home/somebody"),
        ("MODEL", "taxi-large"),
        ("TOKENIZERS_PARALLELISM", "disabled"),
        ("GOOGLE_APPLICATION_CREDENTIALS", sys.executable),
        ("USE_TOKEN", "true"),
    ],
)
def test_what_is_no_secret_stays(name: str, value: str) -> None:
    assert redactor(environment={name: value}).text(value) == value


@pytest.mark.parametrize(
    "config",
    [
        {"data": {"path": f"https://user:{SECRET}@host/x.csv"}},
        {"data": {"path": f"https://host/x.csv?sv=1&sig={SECRET}&se=2"}},
        {"beam": {"args": [f"--s3_secret_access_key={SECRET}", "--runner=FnApiRunner"]}},
        {"beam": {"args": ["--password", SECRET]}},
        {"options": {"db_password": SECRET}},
        [f'beam.args=["--token={SECRET}"]'],
        [f"beam.args=['--api-key={SECRET}']"],
    ],
)
def test_a_secret_of_the_config(config: Any) -> None:
    cleaned = json.dumps(redactor(config, environment={}).tree(config))
    assert SECRET not in cleaned and HIDDEN in cleaned


def test_what_was_redacted_stays_as_it_is() -> None:
    once = redactor(["--password=correct-horse"], environment={}).tree(["--password=correct-horse"])
    assert once == ["--password=[hidden]"]
    assert redactor(once, environment={}).tree(once) == once


@pytest.mark.parametrize(
    "config",
    [
        {"beam": {"args": ["--max_tokens=100000", "--runner=FnApiRunner"]}},
        {"label": {"name": "token_count"}},
        {"data": {"path": "gs://bucket/folder/*.csv"}},
        {"tuning": {"objective": "val_accuracy"}},
    ],
)
def test_a_config_without_a_secret_stays(config: Any) -> None:
    assert redactor(config, environment={}).tree(config) == config


def test_a_secret_is_hidden_in_every_form() -> None:
    value = 'pass "word" ä/1'
    hidden = Redactor([value])
    assert hidden.text(json.dumps({"x": value})) == json.dumps({"x": HIDDEN})
    assert hidden.text("https://h/?q=pass%20%22word%22%20%C3%A4%2F1") == f"https://h/?q={HIDDEN}"


def test_a_longer_secret_is_hidden_whole() -> None:
    assert Redactor(["abcdefgh", "abcdefgh-ijkl"]).text("abcdefgh-ijkl") == HIDDEN


TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(TREES, st.text(alphabet=st.characters(codec="ascii"), min_size=6))
def test_no_tree_shows_the_secret(tree: Any, secret: str) -> None:
    cleaned = Redactor([secret]).tree({"a": [tree, f"x{secret}y"], secret: 1})

    def texts(value: Any) -> list[str]:
        if isinstance(value, dict):
            return [*value, *(text for item in value.values() for text in texts(item))]
        if isinstance(value, list):
            return [text for item in value for text in texts(item)]
        return [value] if isinstance(value, str) else []

    assert all(secret not in text.replace(HIDDEN, "\0") for text in texts(cleaned))


def test_what_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    out, err = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    with redaction.hidden_in_output(Redactor([SECRET])):
        print("password:", SECRET, flush=True)
        sys.stderr.write(f"--token={SECRET}\n")
        sys.stderr.writelines([SECRET])
    assert (sys.stdout, sys.stderr) == (out, err)
    assert out.getvalue() == f"password: {HIDDEN}\n"
    assert SECRET not in err.getvalue()
