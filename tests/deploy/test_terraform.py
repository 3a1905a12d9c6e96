"""deploy/terraform is what its providers take, and does what docs/ship.md does by hand."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.terraform_files import TERRAFORM, Tree, mistakes, module
from tests.helpers.paths import ROOT

MODULES = [TERRAFORM, *sorted((TERRAFORM / "modules").iterdir())]
PAGE = (ROOT / "docs" / "ship.md").read_text(encoding="utf-8").replace("\\\n", " ")
ROLES = re.compile(
    r'^(project|bucket|serving|registry|production|bigquery)_role "?([$\w-]+)"? (\S+)(.*)$',
    re.MULTILINE,
)


@pytest.mark.parametrize("folder", MODULES, ids=lambda folder: folder.name)
def test_the_providers_take_it(folder: Path) -> None:
    assert list(mistakes(module(folder), folder)) == []


def misspelt(tree: Any) -> Iterator[Any]:
    """Copies in each of which one name of a block's argument has another letter."""
    for kind in ("resource", "data", "module"):
        for type_name, named in tree.get(kind, {}).items():
            places = [(type_name,)] if kind == "module" else [(type_name, name) for name in named]
            for place in places:
                block = tree[kind]
                for key in place:
                    block = block[key]
                for key in block.keys() - {
                    "source",
                    "for_each",
                    "count",
                    "lifecycle",
                    "depends_on",
                }:
                    changed = copy.deepcopy(tree)
                    other = changed[kind]
                    for step in place:
                        other = other[step]
                    other[f"{key}s"] = other.pop(key)
                    yield changed


@pytest.mark.parametrize("folder", MODULES, ids=lambda folder: folder.name)
def test_no_misspelt_argument_is_taken(folder: Path) -> None:
    trees = list(misspelt(module(folder)))
    assert trees
    assert all(list(mistakes(tree, folder)) for tree in trees)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${var.projct}", "var.projct is not declared"),
        ("${local.nothing}", "local.nothing is not declared"),
        ("${module.trainig.bucket}", "module.trainig is not declared"),
        ("${module.training.buckets}", "module.training has no output buckets"),
        ("${data.github_repository.this.number}", "data.github_repository.this has no number"),
        ("${github_repository_environment.staging.id}", "is not declared"),
        ("x${var.nothing}y", "var.nothing is not declared"),
    ],
)
def test_no_reference_goes_astray(text: str, expected: str) -> None:
    tree = module(TERRAFORM)
    tree["output"]["targets"]["value"] = text
    assert [one for one in mistakes(tree) if one.endswith(expected)]


def of_terraform(kind: str) -> set[tuple[str, str]]:
    found = set()
    for name in ("training", "production"):
        local: Tree = module(TERRAFORM / "modules" / name)["locals"]
        roles = local.get(f"{kind}_roles", {})
        found |= {(who, role) for who, granted in roles.items() for role in granted}
    return found


@pytest.mark.parametrize("kind", ["project", "bucket", "serving", "registry", "bigquery"])
def test_the_roles_are_those_of_the_page(kind: str) -> None:
    kinds = {"project": ("project", "production")}.get(kind, (kind,))
    of_page = {
        (who, role)
        for what, who, role, where in ROLES.findall(PAGE)
        if what in kinds and not (kind == "registry" and where)
    }
    assert of_page and of_page == of_terraform(kind)


def test_production_reads_the_servers_image_as_on_the_page() -> None:
    of_page = {one[1:3] for one in ROLES.findall(PAGE) if one[0] == "registry" and one[3]}
    assert of_page == {
        ("production", "artifactregistry.reader"),
        ("service-$PRODUCTION_NUMBER", "artifactregistry.reader"),
    }
    resources = module(TERRAFORM)["resource"]
    [binding] = resources["google_artifact_registry_repository_iam_member"].values()
    assert binding["role"] == "roles/artifactregistry.reader"
    assert sorted(binding["for_each"]) == ["cloud_run", "deployer"]


def test_who_may_act_as_whom_is_as_on_the_page() -> None:
    of_page = set(re.findall(r"^act_as ([\w-]+) ([\w-]+)", PAGE, re.MULTILINE))
    of_modules = {
        (who, other)
        for name in ("training", "production")
        for who, others in module(TERRAFORM / "modules" / name)["locals"]["act_as"].items()
        for other in others
    }
    assert of_page and of_page == of_modules


@pytest.mark.parametrize(("name", "project"), [("training", ""), ("production", "$PRODUCTION")])
def test_the_services_are_those_of_the_page(name: str, project: str) -> None:
    lines = re.findall(r"^gcloud services enable (.*)$", PAGE, re.MULTILINE)
    [line] = [one for one in lines if ("--project" in one) == bool(project)]
    of_page = set(re.findall(r"\S+\.googleapis\.com", line))
    assert of_page == set(module(TERRAFORM / "modules" / name)["locals"]["services"])


def test_bigquerys_services_are_those_of_the_page_and_only_where_it_is_read() -> None:
    [line] = re.findall(r"^bigquery_services (.*)$", PAGE, re.MULTILINE)
    training = module(TERRAFORM / "modules" / "training")
    assert set(line.split()) == set(training["locals"]["bigquery_services"])
    assert training["variable"]["bigquery"]["default"] is False
    project = training["module"]["project"]
    for key, local in {"services": "services", "project_roles": "roles"}.items():
        assert f"var.bigquery ? local.bigquery_{local}" in str(project[key])


def test_the_accounts_are_those_of_the_page() -> None:
    of_page = [
        set(names.split()) for names in re.findall(r"^for name in (.*?); do", PAGE, re.MULTILINE)
    ]
    names = ("training", "production")
    assert of_page == [
        set(module(TERRAFORM / "modules" / name)["locals"]["accounts"]) for name in names
    ]


def test_githubs_variables_are_those_of_the_page() -> None:
    local = module(TERRAFORM)["locals"]
    for function, key in {
        "set_variable": "variables",
        "set_in_production": "production_variables",
        "set_to_watch": "watch_variables",
    }.items():
        of_page = set(re.findall(rf"^{function} (\w+) ", PAGE, re.MULTILINE))
        assert of_page and of_page == set(local[key])


def test_only_jobs_of_main_get_in_and_to_production_only_what_was_approved() -> None:
    tree = module(TERRAFORM)
    [condition] = re.findall(r'--attribute-condition="(.*?)\$2"', PAGE)
    [more] = re.findall(r'^pool "\$PRODUCTION" " (&& .*?)" ', PAGE, re.MULTILINE)
    parts = [part.replace("$REPOSITORY_ID", "ID") for part in condition.split(" && ")]
    text = tree["locals"]["from_main"].replace("${data.github_repository.this.repo_id}", "ID")
    assert all(part in text for part in parts) and len(parts) == 2
    calls = tree["module"]
    assert calls["training_identity"]["condition"] == "${local.from_main}"
    assert calls["production_identity"]["condition"] == f"${{local.from_main}} {more}"
    of_page = re.findall(r'^jobs_are .* "([\w-]+)@\$\w+" "([^"]*)"$', PAGE, re.MULTILINE)
    jobs = {**calls["training_identity"]["jobs"], **calls["production_identity"]["jobs"]}
    number = "${data.github_repository.this.repo_id}"
    assert {who: which.replace("$REPOSITORY_ID", number) for who, which in of_page} == {
        who: one["which"] for who, one in jobs.items()
    }
    for who, one in jobs.items():
        assert f'accounts["{who}"].name' in one["account"]


def test_production_waits_for_somebody_and_main_is_protected() -> None:
    resources = module(TERRAFORM)["resource"]
    environments = resources["github_repository_environment"]
    named = {one["environment"] for one in environments.values()}
    assert named == set(re.findall(r"/environments/([\w-]+)", PAGE))
    assert environments["production"]["reviewers"]
    [protected] = resources["github_branch_protection"].values()
    [checks] = protected["required_status_checks"]
    assert checks["contexts"] == re.findall(r'"contexts": \["(.*?)"\]', PAGE) and checks["strict"]
    assert protected["enforce_admins"] is True
    assert protected["allows_force_pushes"] is protected["allows_deletions"] is False


@pytest.mark.parametrize("name", ["project", "training"])
def test_buckets_are_private_and_are_not_destroyed(name: str) -> None:
    buckets = module(TERRAFORM / "modules" / name)["resource"]["google_storage_bucket"]
    assert buckets
    for bucket in buckets.values():
        assert bucket["uniform_bucket_level_access"] is True
        assert bucket["public_access_prevention"] == "enforced"
        assert bucket["lifecycle"][0]["prevent_destroy"] is True
