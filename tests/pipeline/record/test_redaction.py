from __future__ import annotations

import io
import json
import re
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.record import redaction
from pipeline.record.redaction import HIDDEN, Filter, Redactor, redactor
from tests.helpers.paths import ROOT
from tests.pipeline.secret_kinds import HARMLESS, KINDS, MARK, Kind

SECRET = "correct-horse"


@pytest.mark.parametrize("room", ["serving/core", "dashboard/records", "monitoring/core"])
def test_the_rooms_that_import_no_other_have_a_copy(room: str) -> None:
    text = (ROOT / "pipeline" / "record" / "redaction.py").read_text()
    assert (ROOT / room / "redaction.py").read_text() == text


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_kind_of_secret(kind: Kind) -> None:
    hide = redactor(environment=kind.environment)
    once = hide.text(kind.text)
    assert MARK not in once and HIDDEN in once
    assert hide.text(once) == once
    assert MARK not in json.dumps(hide.tree({"a": [kind.text], kind.text: 1}))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_kind_of_secret_in_pieces(kind: Kind) -> None:
    content = f"before\n{kind.text}\nthe end".encode()
    expected = redactor(environment=kind.environment).text(content.decode())
    for size in (1, 2, 3, 7, 16):
        stream = Filter(redactor(environment=kind.environment))
        pieces = [content[at : at + size] for at in range(0, len(content), size)]
        found = b"".join([*map(stream.feed, pieces), stream.finish()]).decode()
        assert MARK not in found
        assert found.startswith("before\n") and found.endswith("\nthe end")
        assert found == expected


@pytest.mark.parametrize("place", [0, 1, 15_000, 16_380, 49_150, 70_000])
def test_a_secret_in_a_line_without_an_end(place: int) -> None:
    line = b"." * place + b" token=" + MARK.encode() + b" " + b"." * 90_000
    stream, found = Filter(redactor(environment={})), b""
    for at in range(0, len(line), 8192):
        found += stream.feed(line[at : at + 8192])
    assert len(found) > 10_000, "nothing waits for an end that may not come"
    found += stream.finish()
    assert found == line.replace(MARK.encode(), HIDDEN.encode())


def test_bytes_that_are_no_text_stay() -> None:
    content = bytes(range(256)) * 3
    stream = Filter(redactor(environment={}))
    assert stream.feed(content) + stream.finish() == content


@pytest.mark.parametrize("text", HARMLESS)
def test_a_text_without_a_secret_stays(text: str) -> None:
    assert redactor(environment={}).text(text) == text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("API_TOKEN", "company"),
        ("DB_PASSWORD", "taxi"),
        ("MY_SECRET", "true"),
        ("MAX_TOKENS", "100000"),
        ("SOME_KEY", "1"),
        ("OLDPWD", "/a/folder/that/is/gone"),
        ("PRIMARY_KEY", "pickup_community_area"),
    ],
)
def test_a_common_value_stays_where_it_turns_up(name: str, value: str) -> None:
    text = f"{value}, and {value} again"
    assert redactor(environment={name: value}).text(text) == text


def test_a_variable_that_is_too_long_for_a_path_is_a_secret_too() -> None:
    value = json.dumps({"private_key_id": "abc", "private_key": MARK * 400})
    hide = redactor(environment={"GCP_CREDENTIALS": value})
    assert MARK not in hide.text(f"got {value}") + hide.text(f"got {MARK * 400}")


def test_a_key_of_several_lines_is_hidden_line_by_line() -> None:
    value = f"first-line-{MARK}\nsecond-line-{MARK}\n"
    hide = redactor(environment={"DEPLOY_KEY": value})
    assert MARK not in hide.text(f"1: first-line-{MARK}\n2: second-line-{MARK}")


@pytest.mark.parametrize(
    "tree",
    [
        {"password": "abcd"},
        {"api_key": "hunter"},
        {"db": [{"client_secret": "w" * 9}]},
        ["--password", "open"],
        {"password": 12345678},
    ],
)
def test_a_value_after_a_secret_name_is_hidden_however_short(tree: Any) -> None:
    values = re.findall(
        "abcd|hunter|www|open|1234", json.dumps(redactor(environment={}).tree(tree))
    )
    assert values == []


@pytest.mark.parametrize(
    "tree",
    [
        {"key_dim": "16", "primary_key": "customer_id", "token_count": "many"},
        {"hyperparameters": {"key": "value", "tokens": 100_000, "max_tokens": "512"}},
        {"columns": ["password_length", "company", "key"], "password": None, "token": True},
    ],
)
def test_a_tree_without_a_secret_stays(tree: Any) -> None:
    assert redactor(environment={}).tree(tree) == tree


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
