"""The files that editors, GitHub and pre-commit read: valid, and of one mind with the Makefile."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

import jsonschema
import pytest
import yaml
from check_jsonschema.builtin_schemas import get_builtin_schema

from tests.helpers.paths import ROOT

FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))


@pytest.mark.parametrize("form", FORMS, ids=lambda path: path.stem)
def test_an_issue_form_follows_its_schema(form: Path) -> None:
    validator = jsonschema.Draft7Validator(get_builtin_schema("vendor.github-issue-forms"))
    content = yaml.safe_load(form.read_text(encoding="utf-8"))
    assert not [error.message for error in validator.iter_errors(content)]


def test_pre_commit_runs_the_checks_of_make_static() -> None:
    content = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    (repository,) = content["repos"]
    assert repository["repo"] == "local"
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    static = makefile.partition("\nstatic:")[2].partition("\n\n")[0]
    made = re.findall(r"\$\(BIN\)/([^\n]*?)(?: 2>&1\).*)?$", static, re.MULTILINE)
    hooks = [hook["entry"].replace(" --force-exclude", "") for hook in repository["hooks"]]
    assert hooks == [f".venv/bin/{command}" for command in made]
    assert len(hooks) == 4


def test_editors_break_lines_where_the_linter_does() -> None:
    editor = configparser.ConfigParser()
    editor.read_string("[top]\n" + (ROOT / ".editorconfig").read_text(encoding="utf-8"))
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    length = re.search(r"^line-length = (\d+)$", pyproject, re.MULTILINE)
    assert length and editor["*.{py,pyi}"]["max_line_length"] == length[1]
    assert editor["Makefile"]["indent_style"] == "tab"


def test_the_licence_is_the_one_that_pyproject_names() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License\n" in text and "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert 'license = "Apache-2.0"\nlicense-files = ["LICENSE"]\n' in pyproject
