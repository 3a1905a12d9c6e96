"""docs/ship.md names what the workflows use, and its scripts are such that a shell reads them."""

from __future__ import annotations

import json
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
    optional = set(re.findall(r"^\| `([A-Z_]+)` \| optional:", PAGE, re.MULTILINE))
    assert used == described
    assert used - optional == set_ == asked
    assert optional == {"DASHBOARD_URL"}


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_shell_reads_each_script(script: str) -> None:
    done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def roles() -> set[tuple[str, str]]:
    """Each account with each role that it gets."""
    kinds = "project|production|bucket|serving|registry"
    given = re.findall(rf"^(?:{kinds})_role ([\w-]+) (\S+)", PAGE, re.M)
    return set(given)


def test_every_account_that_gets_a_role_is_created() -> None:
    created = re.findall(r"for name in ([\w -]+); do\s+gcloud iam service-accounts create", PAGE)
    given = {account for account, _ in roles()}
    acting = set(re.findall(r"^act_as ([\w-]+) ([\w-]+)", PAGE, re.MULTILINE))
    assert given == set(" ".join(created).split())
    assert {name for pair in acting for name in pair} <= given
    accounts = dict(re.findall(r'^set_\w+ (\w+_ACCOUNT) "([\w-]+)@', PAGE, re.MULTILINE))
    assert set(accounts.values()) <= given
    # Who deploys hands the build, the tasks and the server to the others, on its own side alone.
    assert acting == {
        *(("deployer", name) for name in ("builder", "pipeline", "server")),
        ("production", "production-server"),
    }


def test_production_is_another_project_with_another_account_and_identity() -> None:
    own = dict(re.findall(r'^set_in_production (\w+) "(.*)"$', PAGE, re.MULTILINE))
    common = dict(re.findall(r'^set_variable (\w+) "(.*)"$', PAGE, re.MULTILINE))
    assert set(own) <= set(common)
    assert not {name for name in own if own[name] == common[name]}
    used = WORKFLOWS.partition("  production:\n")[2].partition("  end:\n")[0]
    assert set(re.findall(r"vars\.(\w+)", used)) == {*own, "REGION", "SERVING_IMAGE"}
    watch = dict(re.findall(r'^set_to_watch (\w+) "(.*)"$', PAGE, re.MULTILINE))
    job = WORKFLOWS.partition("    environment: production-watch\n")[2].partition("  end:\n")[0]
    assert set(re.findall(r"vars\.(\w+)", job)) == set(watch)
    assert watch["DEPLOY_SERVICE_ACCOUNT"] == "watcher@$there"
    for name in ("SERVING_BUCKET", "WORKLOAD_IDENTITY_PROVIDER"):
        assert watch[name] == own[name]
    for account, role in roles():
        production = account.startswith(("production", "watcher"))
        assert re.search(rf"^project_role {account} ", PAGE, re.M) is None or not production, role
    pools = re.findall(r'^pool "\$(\w+)" "(.*?)"', PAGE, re.MULTILINE)
    environments = "['production', 'production-watch']"
    assert pools == [
        ("PROJECT", ""),
        ("PRODUCTION", f" && assertion.environment in {environments}"),
    ]
    jobs = re.findall(r'^jobs_are "\$(\w+)" "\$\w+" "([\w-]+)@\$\w+" "(.*)"$', PAGE, re.MULTILINE)
    assert jobs == [
        ("PROJECT", "deployer", "attribute.repository_id/$REPOSITORY_ID"),
        # Of those that the condition lets in, each account is one environment's.
        ("PRODUCTION", "production", "attribute.environment/production"),
        ("PRODUCTION", "watcher", "attribute.environment/production-watch"),
    ]
    assert ",attribute.environment=assertion.environment" in PAGE
    condition = re.search(r'--attribute-condition="(.*)\$2"', PAGE)
    assert condition and condition[1] == (
        "assertion.repository_id == '$REPOSITORY_ID' && assertion.ref == 'refs/heads/main'"
    )


def test_main_is_protected_by_the_check_that_the_workflow_has() -> None:
    protection = json.loads(re.findall(r"protection\" --input - <<END\n(.*?)\nEND", PAGE, re.S)[0])
    assert protection["required_status_checks"]["contexts"] == ["All passed"]
    assert "    name: All passed\n" in WORKFLOWS
    assert protection["enforce_admins"] and not protection["allow_force_pushes"]


PERMISSIONS = {
    "storage.objectUser": {
        *(f"storage.objects.{verb}" for verb in ("create", "delete", "get", "list", "update")),
    },
    "storage.objectCreator": {"storage.objects.create"},
    "storage.objectViewer": {"storage.objects.get", "storage.objects.list"},
    "storage.legacyBucketReader": {"storage.buckets.get", "storage.objects.list"},
}
"""Of the official roles, the permissions that matter here."""
NEEDED = {
    # TensorFlow's makedirs in an empty bucket, ExampleGen's and the Pusher's writes.
    "pipeline": {
        "storage.buckets.get",
        *(f"storage.objects.{verb}" for verb in ("create", "delete", "get", "list")),
    },
    "deployer": {"storage.buckets.get", "storage.objects.create", "storage.objects.get"},
    "builder": {"storage.objects.get"},
    # What servers observe is written over, and labels are.
    **{
        name: {f"storage.objects.{verb}" for verb in ("create", "delete", "get", "list")}
        for name in ("server", "production", "production-server")
    },
    "watcher": {"storage.objects.create", "storage.objects.get", "storage.objects.list"},
}


@pytest.mark.parametrize("account", NEEDED)
def test_an_account_has_the_permissions_that_its_work_needs(account: str) -> None:
    own = [PERMISSIONS.get(role, set()) for name, role in roles() if name == account]
    assert NEEDED[account] <= set().union(*own)


def test_who_watches_may_replace_nothing() -> None:
    own = {role for name, role in roles() if name == "watcher"}
    assert own == {"storage.objectViewer", "storage.objectCreator"}
    assert "storage.objects.delete" not in set().union(*(PERMISSIONS[role] for role in own))


def test_every_environment_is_created() -> None:
    used = set(re.findall(r"^    environment: ([\w-]+)$", WORKFLOWS, re.MULTILINE))
    assert used == set(re.findall(r"/environments/([\w-]+)\"", PAGE))


def test_the_only_rights_on_the_whole_project_are_those_of_services() -> None:
    roles = set(re.findall(r"^(?:project|production)_role \w+ ([\w.]+)$", PAGE, re.MULTILINE))
    assert not {"owner", "editor", "viewer"} & roles
    assert not [role for role in roles if role.endswith((".admin", "Admin"))]
    assert not [role for role in roles if role.startswith(("storage.", "artifactregistry."))]
