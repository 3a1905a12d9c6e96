"""The workflows' scripts, each started as a workflow does it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.show.outcomes import OUTCOMES
from tests.helpers.cloud_server import Server
from tests.helpers.paths import ROOT

SCRIPTS = ROOT / ".github" / "scripts"
STAND_IN = """#!{python}
import json, os, sys
folder = os.path.dirname(os.path.abspath(sys.argv[0]))
with open(os.path.join(folder, "calls"), "a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
answers = json.load(open(os.path.join(folder, "answers")))
call = len(open(os.path.join(folder, "calls")).readlines())
status, out, err = answers[min(call, len(answers)) - 1]
print(out)
print(err, file=sys.stderr)
sys.exit(status)
"""


class Desk:
    """A folder where a script finds stand-ins for other programs, and writes its outputs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def program(self, name: str, *answers: tuple[int, Any, str]) -> None:
        """A stand-in that gives these answers, one after the other."""
        path = self.folder / name
        path.write_text(STAND_IN.format(python=sys.executable))
        path.chmod(0o755)
        said = [(s, o if isinstance(o, str) else json.dumps(o), e) for s, o, e in answers]
        (self.folder / "answers").write_text(json.dumps(said))

    def run(
        self, script: str, *arguments: str, **settings: str
    ) -> subprocess.CompletedProcess[str]:
        environment = {
            **settings,
            "PATH": f"{self.folder}:{os.environ['PATH']}",
            "GITHUB_OUTPUT": str(self.folder / "output"),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
        }
        command = [sys.executable, str(SCRIPTS / f"{script}.py"), *arguments]
        return subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True
        )

    def outputs(self) -> dict[str, str]:
        lines = (self.folder / "output").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def calls(self) -> list[list[str]]:
        return [json.loads(line) for line in (self.folder / "calls").read_text().splitlines()]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


JOB = ["pushed", "big-taxi-r1"]
LOOK = {"IMAGE": "registry/pipeline", "TAG": "abc", "PROJECT": "p", "CLASS": "modules"}


@pytest.mark.parametrize(
    ("status", "error", "exists"),
    [
        (0, "", "true"),
        (1, "ERROR: (gcloud) NOT_FOUND: Requested entity was not found.", "false"),
        (1, "ERROR: Image not found.", "false"),
        (1, "ERROR: PERMISSION_DENIED", None),
        (1, "", None),
    ],
)
def test_only_a_registry_that_says_no_means_no(
    desk: Desk, status: int, error: str, exists: str | None
) -> None:
    desk.program("gcloud", (status, "", error))
    done = desk.run("find_image", **LOOK)
    if exists is None:
        assert done.returncode == 1
        assert "::error::The registry does not say" in done.stdout
    else:
        assert (done.returncode, desk.outputs()) == (0, {"exists": exists})


def test_a_setting_that_is_missing_is_named(desk: Desk) -> None:
    done = desk.run("find_image", **{key: LOOK[key] for key in LOOK if key != "TAG"})
    assert done.returncode == 1
    assert "::error::TAG is not set" in done.stdout


def serving_that(desk: Desk, **answers: tuple[int, str]) -> None:
    """A `python -m serving` that answers each step of a release with a status and an output."""
    folder = desk.folder / "serving"
    folder.mkdir()
    for each in (ROOT / "serving").iterdir():
        if each.name not in ("__main__.py", "__pycache__"):
            (folder / each.name).symlink_to(each)
    text = (
        "import json, sys\n"
        f"open({str(desk.folder / 'steps')!r}, 'a').write(json.dumps(sys.argv[1:]) + chr(10))\n"
        f"status, said = {answers!r}.get(sys.argv[2].replace('-', '_'), (0, ''))\n"
        "print(said)\nsys.exit(status)\n"
    )
    (folder / "__main__.py").write_text(text)


def steps(desk: Desk) -> list[str]:
    if not (desk.folder / "steps").exists():
        return []
    lines = (desk.folder / "steps").read_text().splitlines()
    return [" ".join(json.loads(line)) for line in lines]


RELEASE = {
    "CANARY": "true",
    "COMMIT": "c0ffee",
    "MODEL": "taxi",
    "PROJECT": "p",
    "REGION": "r",
    "SERVICE": "taxi",
    "SERVING_BUCKET": "serving",
}


def served(version: int | None, canary: int | None = None) -> tuple[int, str]:
    """What `release status` prints."""
    found = [{"version": each, "commit": "c0ffee"} if each else None for each in (version, canary)]
    return 0, json.dumps({"stable": found[0], "canary": found[1]})


def serve(desk: Desk, step: str, **settings: str) -> subprocess.CompletedProcess[str]:
    more = {"PYTHONPATH": str(desk.folder), "RUNNER_TEMP": str(desk.folder)}
    return desk.run("serve", step, **{**RELEASE, **more, **settings})


@pytest.mark.parametrize(
    "address", ["", "gs://bucket", "gs://bucket/taxi/latest", "/local/taxi/1", "gs://b/taxi/1 --x"]
)
def test_only_a_pushed_version_is_deployed(desk: Desk, address: str) -> None:
    desk.program("gcloud", (0, "{}", ""))
    serving_that(desk)
    done = serve(desk, "stage", PUSHED=address)
    assert done.returncode == 1 and "::error::" in done.stdout
    assert not (desk.folder / "calls").exists() and not steps(desk)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("stable", "canary", "refused"),
    [(18, None, 18), (17, None, None), (16, None, None), (None, None, None), (16, 18, 18)],
)
def test_of_one_commit_no_older_version_is_deployed(
    desk: Desk, stable: int | None, canary: int | None, refused: int | None
) -> None:
    desk.program("gcloud", (0, "", ""))
    serving_that(desk, status=served(stable, canary))
    done = serve(desk, "stage", PUSHED="gs://b/taxi/17")
    assert done.returncode == bool(refused), done.stdout
    folder = "--bucket gs://serving/taxi"
    assert (f"release stage taxi gs://b/taxi/17 --commit c0ffee {folder}" in steps(desk)) is (
        refused is None
    )
    if refused:
        assert f"is older than what taxi serves: version {refused}" in done.stdout
    else:
        assert desk.outputs()["version"] == "17"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("step", "answer", "outcome"),
    [
        ("canary", 3, "canary"),
        ("canary", 0, "promoted"),  # The first one of the model.
        ("canary", 1, None),
        ("canary", 2, None),
        ("canary", 70, None),
        ("promote", 0, "promoted"),
        ("promote", 2, None),
    ],
)
def test_how_a_version_begins(desk: Desk, step: str, answer: int, outcome: str | None) -> None:
    serving_that(desk, **{step: (answer, "")})
    canary = str(step == "canary").lower()
    done = serve(desk, "begin", VERSION="17", URL="https://s", CANARY=canary)
    assert done.returncode == (outcome is None), done.stdout
    assert steps(desk) == [f"release {step} taxi 17 --bucket gs://serving/taxi"]
    if outcome:
        assert desk.outputs() == {"outcome": outcome, "url": "https://s"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("status", "said", "outputs"),
    [
        (0, "promoted by run 7", {"outcome": "promoted", "told": "false"}),
        (
            1,
            "rolled back by automatic\nThe webhook was told.",
            {"outcome": "rolled back", "told": "true"},
        ),
        (3, "Too early to say", {"outcome": "canary", "told": "false"}),
        (2, "", None),
        (70, "", None),
    ],
)
def test_what_the_look_at_a_canary_says(
    desk: Desk, status: int, said: str, outputs: dict[str, str] | None
) -> None:
    serving_that(desk, watch=(status, said))
    done = serve(desk, "watch", VERSION="17")
    assert done.returncode == (outputs is None)
    assert ("::notice::Too early" in done.stdout) is (status == 3)
    if outputs:
        assert desk.outputs() == {**outputs, "reason": said.replace("\n", " ")}


@pytest.mark.parametrize(
    ("said", "is_served", "released"),
    [
        (["taxi-9 " + "c" * 40, "gs://b/taxi/17"], "16", True),
        (["taxi-8 " + "c" * 40, "gs://b/taxi/17"], "16", False),  # Its release has ended.
        (["taxi-9 " + "c" * 40, "gs://b/taxi/17"], "17", False),  # It waits, or was refused.
        (["taxi-9 unknown", "gs://b/taxi/17"], "16", False),
        (["taxi-9 " + "c" * 40, 3], "16", False),
        ([3], "16", False),
        ([2], "16", None),
    ],
)
def test_what_a_schedule_has_pushed_is_released_once(
    desk: Desk, said: list[Any], is_served: str, released: bool | None
) -> None:
    pipeline = desk.folder / "pipeline"
    shutil.copytree(ROOT / "pipeline" / "delivery", pipeline / "delivery")
    answers = dict(zip(("scheduled", "pushed"), said, strict=False))
    text = f"import sys; said = {answers!r}[sys.argv[1]] if sys.argv[2].startswith('taxi') else 3\n"
    text += "sys.exit(said) if isinstance(said, int) else print(said)"
    (pipeline / "__main__.py").write_text(text)
    serving_that(desk, status=served(int(is_served)))
    git = desk.folder / "git"
    tags = "echo refs/tags/scheduled/taxi/taxi-8"
    canary = f"echo refs/tags/canary/taxi/16 {'d' * 40}"
    git.write_text(f'#!/bin/sh\ncase "$*" in *released*) {canary};; *) {tags};; esac\n')
    git.chmod(0o755)
    where = {"PYTHONPATH": str(desk.folder), "SERVING_BUCKET": "serving"}
    done = desk.run("find_scheduled", PROJECT="p", REGION="r", **where)
    assert done.returncode == (released is None), done.stdout + done.stderr
    if released is not None:
        found = json.loads(desk.outputs()["releases"])
        expected = [{"model": "taxi", "job": "taxi-9", "commit": "c" * 40}]
        assert found == (expected if released else [])
        canary_of_16 = {"model": "taxi", "version": "16", "commit": "d" * 40}
        assert json.loads(desk.outputs()["canaries"]) == [canary_of_16]


MISSING = '{"message": "Reference does not exist"}'
TAG = "repos/owner/project/git/refs/tags/released/taxi"
NO_CANARY = "#!/bin/sh\ntrue\n"


@pytest.mark.parametrize(
    ("released", "answers", "calls"),
    [
        ("false", [(0, "", "")], ["DELETE"]),
        ("true", [(0, "", ""), (0, "", "")], ["PATCH", "DELETE"]),
        ("true", [(1, MISSING, ""), (0, "", ""), (0, "", "")], ["PATCH", "POST", "DELETE"]),
        # Not a fast forward, and no newer commit is known: history was rewritten.
        ("true", [(1, "", "422"), (0, "", ""), (0, "", "")], ["PATCH", "PATCH", "DELETE"]),
        ("true", [(1, "", "422"), (1, "", "403")], ["PATCH", "PATCH"]),
        ("true", [(0, "", ""), (1, MISSING, "")], ["PATCH", "DELETE"]),
    ],
)
def test_how_a_release_ended_is_recorded(
    desk: Desk, released: str, answers: list[tuple[int, str, str]], calls: list[str]
) -> None:
    desk.program("gh", *answers)
    (desk.folder / "git").write_text(NO_CANARY)
    (desk.folder / "git").chmod(0o755)
    outcome = "promoted" if released == "true" else ""
    settings = {"MODEL": "taxi", "COMMIT": "c0ffee", "OUTCOME": outcome, "GITHUB_RUN_ID": "7"}
    done = desk.run("record_release", "ended", GITHUB_REPOSITORY="owner/project", **settings)
    assert [call[2] for call in desk.calls()] == calls
    assert done.returncode == (calls[-1] == "PATCH")
    forced = [call[-1] for call in desk.calls() if call[2:4] == ["PATCH", TAG]]
    assert forced == ["force=false", "force=true"][: len(forced)]


@pytest.mark.parametrize(
    ("step", "outcome", "calls", "status"),
    [
        (
            "ended",
            "canary",
            ["PATCH canary/taxi/17", "DELETE canary/taxi/16", "DELETE submitted/taxi/7"],
            0,
        ),
        (
            "ended",
            "promoted",
            ["PATCH released/taxi", "DELETE canary/taxi/16", "DELETE submitted/taxi/7"],
            0,
        ),
        ("ended", "", ["DELETE submitted/taxi/7"], 0),
        ("watched", "promoted", ["PATCH released/taxi", "DELETE canary/taxi/17"], 0),
        ("watched", "rolled back", ["DELETE canary/taxi/17"], 1),
        ("watched", "canary", [], 0),
    ],
)
def test_what_becomes_of_canaries_is_recorded(
    desk: Desk, step: str, outcome: str, calls: list[str], status: int
) -> None:
    desk.program("gh", (0, "", ""))
    (desk.folder / "calls").touch()
    git = desk.folder / "git"
    git.write_text(f"#!/bin/sh\necho refs/tags/canary/taxi/16 {'d' * 40}\n")
    git.chmod(0o755)
    settings = {"MODEL": "taxi", "COMMIT": "c0ffee", "OUTCOME": outcome, "GITHUB_RUN_ID": "7"}
    settings |= {"GITHUB_REPOSITORY": "owner/project", "VERSION": "17", "REASON": "It is slower."}
    done = desk.run("record_release", step, **settings)
    assert done.returncode == status, done.stdout
    told = [f"{call[2]} {call[3].partition('/tags/')[2]}" for call in desk.calls()]
    assert told == calls
    if status:
        assert "::error::Version 17 of taxi was rolled back. It is slower." in done.stdout


@pytest.mark.parametrize(
    ("answers", "calls", "words"),
    [
        ([(0, "", "")], ["DELETE submitted/taxi/7", "PATCH scheduled/taxi/j2", "DELETE j1"], ""),
        ([(0, "", ""), (1, "", "403")], ["DELETE submitted/taxi/7", "PATCH j2"], "::error::"),
    ],
)
def test_a_scheduled_job_is_recorded_as_ended_in_the_place_of_the_one_before(
    desk: Desk, answers: list[tuple[int, str, str]], calls: list[str], words: str
) -> None:
    desk.program("gh", *answers)
    git = desk.folder / "git"
    git.write_text(f"#!/bin/sh\necho refs/tags/scheduled/taxi/j1; {'exit 1' if words else ''}\n")
    git.chmod(0o755)
    settings = {"MODEL": "taxi", "COMMIT": "c0ffee", "OUTCOME": "", "GITHUB_RUN_ID": "7"}
    settings |= {"GITHUB_REPOSITORY": "owner/project", "JOB": "j2"}
    done = desk.run("record_release", "ended", **settings)
    assert words in done.stdout
    assert done.returncode == bool(words)
    for call, expected in zip(desk.calls(), calls, strict=True):
        verb, name = expected.split()
        assert call[2] == verb and call[3].endswith(name)


@pytest.mark.parametrize(
    ("status", "output", "address", "words"),
    [
        (0, "gs://b/serving_models/taxi/17", "gs://b/serving_models/taxi/17", ""),
        (3, "", "", "::warning::Big_Taxi was not blessed"),
        (2, "", None, "::error::big-taxi-r1 did not end well"),
        (0, "projects/p/endpoints/1", None, "take the endpoint out of targets.yaml"),
    ],
)
def test_what_a_job_has_pushed(
    desk: Desk, status: int, output: str, address: str | None, words: str
) -> None:
    pipeline = desk.folder / "pipeline"
    pipeline.mkdir()
    said = f"import sys; print({output!r}); sys.exit({status} * (sys.argv[1:] == {JOB!r}))"
    (pipeline / "__main__.py").write_text(said)
    settings = {"MODEL": "Big_Taxi", "RUN": "r1", "PYTHONPATH": str(desk.folder)}
    done = desk.run("pushed_model", **settings)
    assert words in done.stdout
    assert done.returncode == (address is None)
    if address is not None:
        assert desk.outputs() == {"address": address}


OK, FAILED = "success", "failure"


@pytest.mark.parametrize(
    ("given", "event"),
    [
        ({"WAIT_RESULT": OK}, "refused"),
        ({"WAIT_RESULT": FAILED}, "failed"),
        ({"WAIT_RESULT": OK, "ADDRESS": "gs://b/taxi/17", "PRE_RESULT": FAILED}, "failed"),
        ({"PRODUCTION_RESULT": FAILED, "ADDRESS": "a"}, "failed"),  # Not approved, say.
        ({"PRODUCTION_RESULT": FAILED, "ADDRESS": "a", "STAGED": "17"}, "rolled back"),
        ({"PRODUCTION_RESULT": "cancelled", "ADDRESS": "a", "STAGED": "17"}, "failed"),
        ({"PRODUCTION_RESULT": OK, "ADDRESS": "a", "OUTCOME": "promoted"}, "deployed"),
        ({"PRODUCTION_RESULT": OK, "ADDRESS": "a", "OUTCOME": "canary"}, None),
    ],
)
def test_what_there_is_to_tell_follows_from_how_the_jobs_ended(
    desk: Desk, given: dict[str, str], event: str | None
) -> None:
    code = (
        "import sys; sys.argv[1:] = ['ended']; import notify; from pipeline.delivery import"
        " notification; notification.send = lambda told, *_: print(told.event, told.model) or ''"
        "; notify.main()"
    )
    settings = {**os.environ, "PYTHONPATH": str(SCRIPTS), "MODEL": "taxi", **given}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=desk.folder, env=settings, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (f"{event} taxi\n" if event else "")


@pytest.mark.slow
def test_a_dead_webhook_fails_no_step_and_its_address_is_not_said(desk: Desk) -> None:
    url = "http://127.0.0.1:1/services/hush"
    done = desk.run("notify", "rolled back", MODEL="taxi", NOTIFICATION_URL=url)
    assert done.returncode == 0 and "::warning::The webhook at 127.0.0.1 was not" in done.stdout
    assert "hush" not in done.stdout + done.stderr
    done = desk.run("notify", "no such event", MODEL="taxi", NOTIFICATION_URL=url)
    assert done.returncode == 0 and "Nobody is told of 'no such event'" in done.stdout


def run_record(*metrics: Any, status: str = "pushed") -> dict[str, Any]:
    rows = [{"metric": m, "slice": s, "value": v} for m, s, v in metrics]
    return {"status": status, "metrics": rows}


def report(folder: Path, *records: Any) -> str:
    (folder / "records" / "taxi").mkdir(parents=True)
    for side, record in zip(("main", "change"), records, strict=True):
        if record is not None:
            text = record if isinstance(record, str) else json.dumps(record)
            (folder / "records" / "taxi" / f"{side}.json").write_text(text, encoding="utf-8")
    command = [sys.executable, str(SCRIPTS / "quality_report.py"), str(folder / "records")]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize(
    ("status", "label"),
    [
        *((status, outcome.label) for status, outcome in OUTCOMES.items() if status != "running"),
        ("refused", "not blessed"),
        ("running", "no result"),
        ("<b>", "no result"),
    ],
)
def test_the_heading_has_the_words_of_the_outcome(tmp_path: Path, status: str, label: str) -> None:
    text = report(tmp_path, None, run_record(status=status))
    assert f"### Quality of taxi: {label}\n" in text


def test_the_report_has_a_row_for_each_metric(tmp_path: Path) -> None:
    text = report(
        tmp_path,
        run_record(("AUC", "overall", 0.9), ("AUC", "payment_type=Cash", 0.8)),
        run_record(("AUC", "overall", 0.95), ("Loss", "overall", 1)),
    )
    assert text.splitlines()[:2] == ["<!-- quality-report -->", "### Quality of taxi: blessed"]
    assert "| AUC | overall | 0.9000 | 0.9500 | +0.0500 |" in text
    assert "| Loss | overall |  | 1.0000 |  |" in text


@pytest.mark.parametrize(
    ("main", "change", "words"),
    [
        (None, run_record(("AUC", "overall", 0.9)), "no metrics to compare with"),
        (run_record(("AUC", "overall", 0.9)), None, "### Quality of taxi: no result"),
        (None, "not JSON", "no metrics"),
        (None, "[1]", "no metrics"),
        (None, run_record(status="stopped"), "### Quality of taxi: stopped"),
        (None, run_record(("AUC", "overall", float("nan"))), "no metrics"),
        (None, {"status": ["x"], "metrics": {"a": 1}}, "### Quality of taxi: no result"),
    ],
)
def test_the_report_on_runs_that_are_not_whole(
    tmp_path: Path, main: Any, change: Any, words: str
) -> None:
    assert words in report(tmp_path, main, change)


def test_nothing_of_a_pull_request_gets_into_the_comment_but_numbers(tmp_path: Path) -> None:
    hostile = "<img src=x>|`@everyone` [x](http://evil.example)\n### Title"
    text = report(tmp_path, None, run_record((hostile, hostile, 1.0), status=hostile))
    assert not set("<>`@[]()#\\") & set(text.split("### Quality of taxi: no result\n")[1])
    assert len(text.splitlines()) < 10


def test_the_report_names_each_model_and_believes_no_name(tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPTS / "quality_report.py"), str(tmp_path / "records")]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert "no model has changed" in done.stdout
    for name in ("cabs", "taxi", "[x](http:"):
        (tmp_path / "records" / name).mkdir(parents=True)
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout.count("### Quality of") == 3 and "[" not in done.stdout
    assert done.stdout.startswith("<!-- quality-report -->\n")


HEAD = {
    "GITHUB_REPOSITORY": "owner/project",
    "HEAD_OWNER": "somebody",
    "HEAD_BRANCH": "branch",
    "HEAD_SHA": "c0ffee",
}
PULLS = [{"number": 7, "head": {"sha": "c0ffee"}}, {"number": 8, "head": {"sha": "other"}}]
BOT, MARK = {"login": "github-actions[bot]"}, "<!-- quality-report -->"


@pytest.mark.parametrize(
    ("comments", "expected"),
    [
        ([], ["-X", "POST", "repos/owner/project/issues/7/comments"]),
        (
            [[{"id": 1, "user": BOT, "body": "else"}, {"id": 2, "user": BOT, "body": MARK}]],
            ["-X", "PATCH", "repos/owner/project/issues/comments/2"],
        ),
        (
            # Somebody else's comment that looks like it is left alone.
            [[{"id": 3, "user": {"login": "mallory"}, "body": MARK}]],
            ["-X", "POST", "repos/owner/project/issues/7/comments"],
        ),
    ],
)
def test_there_is_one_comment_and_it_is_updated(
    desk: Desk, comments: Any, expected: list[str]
) -> None:
    desk.program("gh", (0, PULLS, ""), (0, comments, ""), (0, "", ""))
    file = desk.folder / "report.md"
    done = desk.run("post_comment", str(file), **HEAD)
    assert done.returncode == 0, done.stderr
    assert desk.calls()[-1] == ["api", *expected, "-F", f"body=@{file}"]


def test_a_head_that_has_moved_on_gets_no_comment(desk: Desk) -> None:
    desk.program("gh", (0, PULLS[1:], ""))
    done = desk.run("post_comment", "report.md", **HEAD)
    assert (done.returncode, len(desk.calls())) == (0, 1)


RUN_REPORT = {"MODEL": "big_taxi", "RUN": "r1", "BUCKET": "b", "DASHBOARD_URL": "https://d/"}
RECORD = {
    "status": "pushed",
    "pushed_version": 7,
    "baseline": {"model": "gs://m", "version": "6"},
    "cloud": {"page": "https://console/x", "cost": 0.25},
    "metrics": [
        {"metric": "AUC", "slice": "overall", "value": 0.95, "baseline": 0.9},
        {"metric": "AUC", "slice": "c=<b>|x", "value": 0.9, "baseline": None},
        {"metric": "gone", "slice": "overall", "value": None},
    ],
}


@pytest.fixture
def bucket_server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


def test_a_run_s_record_becomes_the_release_s_report(desk: Desk, bucket_server: Server) -> None:
    bucket_server.answers["GET", "big-taxi-r1%2Frun.json"] = [(200, json.dumps(RECORD))]
    storage = {"STORAGE_EMULATOR_HOST": bucket_server.url}
    done = desk.run("release_report", "read", **RUN_REPORT, **storage)
    assert done.returncode == 0, done.stderr
    found = json.loads(desk.outputs()["report"])
    assert found["dashboard"] == "https://d/runs/big-taxi-r1" and found["verdict"] == "blessed"
    desk.program("gh", (0, "", ""))
    ended = {"MODEL": "big_taxi", "COMMIT": "a" * 40, "GITHUB_REPOSITORY": "o/r"}
    done = desk.run(
        "release_report", "tell", **ended, REPORT=json.dumps(found), OUTCOME="canary", VERSION="7"
    )
    assert done.returncode == 0, done.stderr
    text = (desk.folder / "summary").read_text()
    assert "Version 7 is a canary" in text
    assert "| AUC | overall | 0.9000 | 0.9500 | +0.0500 |" in text
    assert "c=?b??x" in text and "gone" not in text and "In production (6)" in text
    assert "(<https://storage.cloud.google.com/b/runs/big-taxi-r1/report.html>)" in text
    [call] = desk.calls()
    assert call[:4] == ["api", "-X", "POST", f"repos/o/r/commits/{'a' * 40}/comments"]


def test_a_run_without_a_record_and_a_comment_that_is_refused_stop_nothing(
    desk: Desk, bucket_server: Server
) -> None:
    done = desk.run("release_report", "read", **RUN_REPORT, STORAGE_EMULATOR_HOST=bucket_server.url)
    assert (done.returncode, desk.outputs()["report"]) == (0, "{}")
    assert "::warning::The record of big-taxi-r1 cannot be read" in done.stdout
    desk.program("gh", (1, "", "no"))
    ended = {"MODEL": "taxi", "COMMIT": "a" * 40, "GITHUB_REPOSITORY": "o/r", "REPORT": "{}"}
    done = desk.run("release_report", "tell", **ended)
    assert done.returncode == 0 and "::warning::The commit has no comment" in done.stdout
    text = (desk.folder / "summary").read_text()
    assert "no record" in text and "Nothing was deployed" in text
