"""Other sites and hostile files neither read nor write through the dashboard."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from dashboard.records import notes
from dashboard.records.index import RunIndex
from dashboard.web import app
from tests.dashboard import sample_runs

SECRET = "the secret"


@pytest.mark.parametrize(
    ("bound_to", "host", "answers"),
    [
        ("127.0.0.1", "localhost:8050", True),
        ("127.0.0.1", "127.0.0.1:8050", True),
        ("127.0.0.1", "[::1]:8050", True),
        ("127.0.0.1", "LOCALHOST", True),
        ("127.0.0.1", "evil.example:8050", False),
        ("127.0.0.1", "localhost.evil.example", False),
        ("127.0.0.1", "192.168.1.5:8050", False),
        ("127.0.0.1", "", False),
        ("192.168.1.5", "192.168.1.5:8050", True),
        ("gpu-box", "gpu-box:8050", True),
        ("gpu-box", "evil.example", False),
        ("0.0.0.0", "192.168.1.5:8050", True),
        ("0.0.0.0", "[fe80::1]:8050", True),
        ("0.0.0.0", "evil.example", False),
        ("::", "10.0.0.1", True),
    ],
)
def test_it_answers_to_its_own_names_alone(
    bound_to: str, host: str, answers: bool, runs: Path
) -> None:
    client = TestClient(app.create(RunIndex(runs), bound_to))
    for path in ("/", "/api/runs", "/static/app.css"):
        status = client.get(path, headers={"Host": host}).status_code
        assert status == (200 if answers else 421)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://localhost:8050"}, 200),
        ({"Origin": "http://localhost:8050", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://localhost:9999"}, 403),
        ({"Origin": "https://localhost:8050"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
    ],
    ids=str,
)
def test_only_its_own_pages_write(
    headers: dict[str, str], status: int, runs: Path, client: TestClient
) -> None:
    folder = sample_runs.make_run(runs)
    body = json.dumps({"tags": ["a"], "note": ""})
    headers = {"Content-Type": "application/json", **headers}
    answer = client.put(f"/api/runs/{folder.name}/notes", content=body, headers=headers)
    assert answer.status_code == status
    assert (folder / notes.FILE).exists() == (status == 200)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nothing_else_is_written(method: str, runs: Path, client: TestClient) -> None:
    folder = sample_runs.make_run(runs)
    for path in ("", "/details", "/files", "/text"):
        answer = client.request(method, f"/api/runs/{folder.name}{path}", json={})
        assert answer.status_code == 405
    assert client.request(method, f"/files/{folder.name}/run.json").status_code == 405


@pytest.fixture
def surrounded(runs: Path) -> Path:
    """A run folder with secrets around it, and links that lead there."""
    folder = sample_runs.make_run(runs)
    (runs / "secret").write_text(SECRET)
    (runs.parent / "secret").write_text(SECRET)
    (folder / "link").symlink_to(runs / "secret")
    (folder / "linked").symlink_to(runs.parent, target_is_directory=True)
    (folder / "loop").symlink_to(folder / "loop")
    (folder / "own").symlink_to("run.json")
    os.mkfifo(folder / "pipe")
    return folder


OUTSIDE = [
    "../secret",
    "../../secret",
    "..%2fsecret",
    "%2e%2e/secret",
    "%2e%2e%2fsecret",
    "..%252fsecret",
    "..%5csecret",
    "..\\secret",
    "code/../../secret",
    "./../secret",
    "/etc/passwd",
    "//etc/passwd",
    "%2fetc%2fpasswd",
    "run.json%00.html",
    "%00",
    "link",
    "linked/secret",
    "loop",
    "pipe",
    "code",
    "",
    ".",
    "a" * 5000,
    "%ff%fe",
]


@pytest.mark.parametrize("path", OUTSIDE)
def test_no_file_outside_of_the_run_is_given(
    path: str, surrounded: Path, client: TestClient
) -> None:
    for address in (
        f"/files/{surrounded.name}/{path}",
        f"/api/runs/{surrounded.name}/text?path={path}",
    ):
        answer = client.get(address)
        if path == "" and "/text" in address:
            continue  # No path means the log.
        assert answer.status_code in (400, 404), address
        assert SECRET not in answer.text


@pytest.mark.parametrize("run", ["..", "%2e%2e", "..%2f", "%2e", "secret", "%00", "%2fetc", "~"])
def test_no_folder_outside_is_a_run(run: str, surrounded: Path, client: TestClient) -> None:
    for rest in ("", "/details", "/files", "/text?path=secret", "/neptune"):
        assert client.get(f"/api/runs/{run}{rest}").status_code == 404
    assert "<h1>Report" not in client.get(f"/report/{run}").text


def test_a_link_within_the_run_is_followed_and_others_are_not_listed(
    surrounded: Path, client: TestClient
) -> None:
    assert client.get(f"/files/{surrounded.name}/own").json()["id"] == surrounded.name
    listed = client.get(f"/api/runs/{surrounded.name}/files").json()["files"]
    paths = {file["path"] for file in listed}
    assert {"own", "run.json", "tfx.log"} <= paths
    assert not paths & {"link", "loop", "pipe", "linked/secret"}


def test_notes_replace_a_link_and_not_what_it_leads_to(
    surrounded: Path, client: TestClient
) -> None:
    target = surrounded.parent / "secret"
    (surrounded / notes.FILE).symlink_to(target)
    answer = client.put(f"/api/runs/{surrounded.name}/notes", json={"tags": [], "note": "x"})
    assert answer.status_code == 200
    assert target.read_text() == SECRET


def test_a_report_is_in_a_sandbox_without_script_and_network(
    runs: Path, client: TestClient
) -> None:
    folder = sample_runs.make_run(runs)
    (folder / "report.html").write_text("<script>fetch('/api/runs')</script>")
    for address in (f"/report/{folder.name}", f"/files/{folder.name}/report.html"):
        policy = client.get(address).headers["content-security-policy"]
        directives = {part.strip() for part in policy.split(";")}
        assert {"sandbox", "default-src 'none'"} <= directives
        assert "script" not in policy


def test_a_file_is_saved_and_not_shown(runs: Path, client: TestClient) -> None:
    folder = sample_runs.make_run(runs)
    (folder / "<b>.html").write_text("<script>alert(1)</script>")
    headers = client.get(f"/files/{folder.name}/%3Cb%3E.html").headers
    assert headers["content-disposition"].startswith("attachment")
    assert headers["content-type"] == "application/octet-stream"
    assert headers["x-content-type-options"] == "nosniff"


def test_no_page_may_load_from_elsewhere_or_run_inline_script(client: TestClient) -> None:
    for path in ("/", "/compare", "/models", "/runs/x", "/static/js/main.js", "/api/runs", "/none"):
        policy = client.get(path).headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy


@pytest.mark.parametrize(
    ("body", "headline"),
    [
        (b"", "The request is not JSON"),
        (b"{", "The request is not JSON"),
        (b"[" * 100_000, "The request is not JSON"),
        (b"[]", "These are not notes"),
        (b'{"tags": "a", "note": ""}', "These are not notes"),
        (b'{"tags": [1], "note": ""}', "A tag is not a text"),
        (b'{"tags": [], "note": 1}', "These are not notes"),
        (json.dumps({"tags": ["x" * 61], "note": ""}).encode(), "Too many or too long tags"),
        (
            json.dumps({"tags": [str(n) for n in range(31)], "note": ""}).encode(),
            "Too many or too long tags",
        ),
        (json.dumps({"tags": [], "note": "x" * 20_001}).encode(), "The note is too long"),
        (b'"' + b"x" * notes.MAX_BYTES + b'"', "The notes are too long"),
    ],
    ids=range(11),
)
def test_notes_that_are_none_are_refused(
    body: bytes, headline: str, runs: Path, client: TestClient
) -> None:
    folder = sample_runs.make_run(runs)
    headers = {"Content-Type": "application/json"}
    answer = client.put(f"/api/runs/{folder.name}/notes", content=body, headers=headers)
    assert answer.status_code in (400, 413)
    assert answer.json()["error"]["headline"] == headline
    assert not (folder / notes.FILE).exists()


PUBLIC = "https://runs.example.com"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "runs.example.com", "Origin": PUBLIC}, 200),
        ({"Host": "runs.example.com", "Origin": "http://evil.example"}, 403),
        ({"Host": "runs.example.com", "Origin": f"{PUBLIC}.evil.example"}, 403),
        ({"Host": "evil.example", "Origin": PUBLIC}, 421),
    ],
)
def test_behind_a_proxy_it_answers_to_the_name_that_the_proxy_has(
    headers: dict[str, str], status: int, runs: Path
) -> None:
    client = TestClient(app.create(RunIndex(runs), "0.0.0.0", url=PUBLIC))
    folder = sample_runs.make_run(runs)
    body = json.dumps({"tags": ["a"], "note": ""})
    headers = {"Content-Type": "application/json", **headers}
    address = f"/api/runs/{folder.name}/notes"
    assert client.put(address, content=body, headers=headers).status_code == status
