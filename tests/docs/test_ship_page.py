"""docs/ship.md names what the workflows use, and its scripts are such that a shell reads them."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.helpers.paths import ROOT

PAGE = (ROOT / "docs" / "ship.md").read_text(encoding="utf-8")
SCRIPTS = re.findall(r"^```bash\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
WORKFLOWS = "".join(
    path.read_text(encoding="utf-8") for path in (ROOT / ".github" / "workflows").glob("*.yml")
)


def test_every_variable_of_the_workflows_is_described_set_and_asked_for() -> None:
    used = set(re.findall(r"\bvars\.(\w+)", WORKFLOWS))
    described = set(re.findall(r"^\| `([A-Z_]+)` \|", PAGE, re.MULTILINE))
    set_ = set(re.findall(r"^set_variable (\w+) ", PAGE, re.MULTILINE))
    plan = (ROOT / ".github" / "scripts" / "plan.py").read_text(encoding="utf-8")
    asked = set(re.findall(r'^    "([A-Z_]+)",$', plan, re.MULTILINE))
    assert used == described == set_ == asked


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_shell_reads_each_script(script: str) -> None:
    done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_account_that_gets_a_role_is_created() -> None:
    (created,) = re.findall(r"for name in ([\w ]+); do gcloud iam service-accounts create", PAGE)
    given = set(re.findall(r"^(?:project|bucket|registry)_role (\w+) ", PAGE, re.MULTILINE))
    acting = set(re.findall(r"^act_as (\w+) (\w+)$", PAGE, re.MULTILINE))
    assert given == set(created.split())
    assert {name for pair in acting for name in pair} <= given
    accounts = dict(re.findall(r'^set_variable (\w+_ACCOUNT) "(\w+)@', PAGE, re.MULTILINE))
    # The deployer hands the build, the tasks and the server to the others.
    assert acting >= {("deployer", name) for name in given - {"deployer"}}
    assert set(accounts.values()) <= given


def test_every_environment_is_created() -> None:
    used = set(re.findall(r"^    environment: ([\w-]+)$", WORKFLOWS, re.MULTILINE))
    assert used == set(re.findall(r"/environments/([\w-]+)\"", PAGE))


def test_the_only_rights_on_the_whole_project_are_those_of_services() -> None:
    roles = set(re.findall(r"^project_role \w+ ([\w.]+)$", PAGE, re.MULTILINE))
    assert not {"owner", "editor", "viewer"} & roles
    assert not [role for role in roles if role.endswith((".admin", "Admin"))]
    assert not [role for role in roles if role.startswith(("storage.", "artifactregistry."))]
