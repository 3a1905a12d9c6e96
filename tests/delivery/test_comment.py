"""The workflow that comments on a pull request, run by `act`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.delivery import act

pytestmark = pytest.mark.slow

HEAD = {
    "id": 5,
    "event": "pull_request",
    "conclusion": "success",
    "head_branch": "branch'; touch owned; '",
    "head_sha": "c0ffee",
    "head_repository": {"full_name": "somebody/project", "owner": {"login": "somebody"}},
}
PULLS = json.dumps([{"number": 7, "head": {"sha": "c0ffee"}}])
COMMENTS = "repos/owner/project/issues/7/comments"


@pytest.mark.parametrize(("changed", "expected"), [({}, 3), ({"event": "push"}, 0)])
def test_the_numbers_of_both_sides_get_into_one_comment(
    tmp_path: Path, changed: dict[str, str], expected: int
) -> None:
    repository = act.repository(tmp_path)
    artifacts = repository.programs / "artifacts"
    artifacts.mkdir()
    for side, value in {"main": 0.9, "change": 0.95}.items():
        metric = {"metric": "AUC", "slice": "overall", "value": value}
        (artifacts / "taxi").mkdir(exist_ok=True)
        (artifacts / "taxi" / f"{side}.json").write_text(
            json.dumps({"status": "pushed", "metrics": [metric]})
        )
    repository.answers = [("pulls", 0, PULLS, ""), ("--slurp", 0, "[[]]", "")]
    payload = {"action": "completed", "workflow_run": {**HEAD, **changed}}
    result = repository.run("comment.yml", "workflow_run", payload)
    assert result.status == 0, result.log
    assert len(result.calling("gh api")) == expected
    if expected:
        find, listed, post = result.calling("gh api")
        assert "-f head=somebody:branch'; touch owned; '" in find
        assert listed == f"gh api --paginate --slurp {COMMENTS}"
        assert post.startswith(f"gh api -X POST {COMMENTS} -F body=@")
        assert "| AUC | overall | 0.9000 | 0.9500 | +0.0500 |" in result.calls[-1]
    assert not list(tmp_path.rglob("owned"))
