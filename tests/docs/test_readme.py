"""What the documentation names exists: commands, options, targets, files, links and nodes."""

from __future__ import annotations

import importlib
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

import dashboard.__main__ as dashboard
from monitoring.commands import main as monitoring_cli
from pipeline import nodes
from pipeline.cli import main
from pipeline.config import loading, project
from pipeline.record import run_record
from serving.commands import main as serving_cli
from tests.helpers.paths import ROOT
from tests.helpers.pipeline_nodes import NODES
from tools import platform_check

PAGES = [
    *sorted(ROOT.glob("*.md")),
    *sorted(ROOT.glob("docs/**/*.md")),
    *ROOT.glob("data/*/README.md"),
]
README = (ROOT / "README.md").read_text(encoding="utf-8")
WRITTEN_BY_THE_READER = ("data/rents", "models/rents")
"""Folders of the worked example in docs/new-model.md."""
MADE_BY_RUNS = ("hyperparameters.json",)
LEFT_OUT_OF_THE_PICTURE = {"runs", "serving_models"}

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")


def blocks(page: Path, language: str) -> Iterator[str]:
    for found, content in _BLOCK.findall(page.read_text(encoding="utf-8")):
        if found == language:
            yield content


def prose(page: Path) -> str:
    return _BLOCK.sub("", page.read_text(encoding="utf-8"))


def commands() -> Iterator[tuple[str, str]]:
    """Each command of a shell block, and each in the text that is one as it stands."""
    for page in PAGES:
        name = page.relative_to(ROOT).as_posix()
        for block in blocks(page, "sh"):
            for line in block.replace("\\\n", " ").splitlines():
                if line.strip() and not line.lstrip().startswith("#"):
                    yield name, line
        for code in _INLINE.findall(prose(page)):
            if re.match(r"(make|python -m|tfx) [a-z]", code):
                yield name, code


def sections(table_heading: str) -> list[list[str]]:
    """The rows of the README's table whose first column has this heading."""
    lines = README.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(f"| {table_heading} |"))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


@pytest.mark.parametrize(("page", "command"), [*dict.fromkeys(commands())])
def test_a_command_exists(page: str, command: str) -> None:
    words = shlex.split(command, comments=True)
    while re.fullmatch(r"[A-Z_]+=.*", words[0]):  # Variables for this command.
        words.pop(0)
    match words:
        case ["make", *arguments]:
            check_make(arguments)
        case ["python", "-m", "pipeline", *arguments]:
            check_cli(arguments)
        case ["python", "-m", "serving", *arguments]:
            check_parses(typer.main.get_command(serving_cli.command_line()), arguments)
        case ["python", "-m", "monitoring", *arguments]:
            check_parses(typer.main.get_command(monitoring_cli.command_line()), arguments)
        case ["python", "-m", "dashboard", *arguments]:
            dashboard.parser().parse_args(arguments)
        case ["python", "-m", module, *_]:
            place = ROOT / module.replace(".", "/")
            assert place.with_suffix(".py").is_file() or (place / "__main__.py").is_file()
        case ["python", script]:
            assert script.startswith(WRITTEN_BY_THE_READER) or (ROOT / script).is_file()
        case ["tfx", "pipeline", "create" | "compile", "--engine", _, "--pipeline_path", path]:
            assert (ROOT / path).is_file()
        case ["tfx", "run", "create", "--engine", "local", "--pipeline_name", model]:
            assert model in project.model_names(ROOT) or f"models/{model}" in WRITTEN_BY_THE_READER
        case ["uv", "sync", "--group", group]:
            assert group in dependency_groups()
        case ["source", ".venv/bin/activate"] | ["git", "add" | "diff" | "clone", *_] | ["cd", _]:
            pass
        case _:
            pytest.fail(f"{page}: unknown command: {command}")


def dependency_groups() -> set[str]:
    """The names of the dependency groups in pyproject.toml."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    section = text.partition("[dependency-groups]")[2].partition("\n[")[0]
    return set(re.findall(r"^([\w-]+) = \[$", section, re.MULTILINE))


def check_parses(group: Any, arguments: list[str]) -> None:
    """Parses arguments as a command line of groups and commands would."""
    while hasattr(group, "commands"):
        name, *arguments = arguments
        assert name in group.commands
        group = group.commands[name]
    group.make_context(name, arguments)


def check_make(arguments: list[str]) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for argument in arguments:
        name, is_variable, _ = argument.partition("=")
        pattern = rf"\$\({name}\)" if is_variable else rf"^{re.escape(name)}:"
        assert re.search(pattern, makefile, re.MULTILINE), argument


def check_cli(arguments: list[str]) -> None:
    """Parses the arguments as the command line would, and checks what `--set` sets."""
    group: Any = typer.main.get_command(main.app)
    name, *rest = arguments
    if name.startswith("--"):
        assert name in {option for one in group.params for option in one.opts}
        return
    assert name in group.commands
    if name in ("changes", "image-tag"):  # Their modules have the command line.
        importlib.import_module(f"pipeline.delivery.{name.replace('-', '_')}").parser().parse_args(
            rest
        )
    context = group.commands[name].make_context(name, rest)
    model = context.params.get("model") or "taxi"
    if model in project.model_names(ROOT) and context.params.get("settings"):
        loading.load(model, context.params["settings"], ROOT)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        linked = page.parent / path if path else page
        assert linked.exists(), target
        if anchor:
            assert anchor in anchors(linked), target


def anchors(page: Path) -> set[str]:
    """What a Markdown page's headings are called in a link."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    kept = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in kept}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_files_exist(page: Path) -> None:
    folders = "|".join(path.name for path in ROOT.iterdir() if path.is_dir())
    for code in _INLINE.findall(prose(page)):
        if not re.fullmatch(rf"({folders})/[\w./-]*", code):
            continue
        left = code.split("/")[0] in LEFT_OUT_OF_THE_PICTURE or code.endswith(MADE_BY_RUNS)
        if not left and not code.startswith(WRITTEN_BY_THE_READER):
            assert (ROOT / code).exists(), code


def test_the_readme_shows_every_node_and_no_other() -> None:
    [graph] = blocks(ROOT / "README.md", "mermaid")
    body = "\n".join(line for line in graph.splitlines() if "-->" in line or "-.->" in line)
    without_labels = re.sub(r"\|[^|]*\|", "", body)
    assert set(re.findall(r"[A-Za-z]+", without_labels)) == {*NODES, nodes.YARDSTICK}


def test_the_readme_shows_folders_that_exist() -> None:
    [picture] = blocks(ROOT / "README.md", "text")
    shown = re.findall(r"^([\w.]+)/", picture, re.MULTILINE)
    assert shown
    for name in shown:
        assert (ROOT / name).is_dir(), name
    python = {path.parts[0] for path in (p.relative_to(ROOT) for p in ROOT.glob("*/__init__.py"))}
    assert python <= set(shown)


def test_the_readme_lists_every_exit_status() -> None:
    statuses = {int(row[0]) for row in sections("Exit status")}
    assert statuses == {*run_record.EXIT_CODES.values(), main.MISTAKE, main.BUG}


def test_the_readme_lists_every_platform() -> None:
    listed = {}
    for pythons, tfx, _, glibc in sections("Python"):
        first, _, last = pythons.partition(" to ")
        minors = [int(version.split(".")[1]) for version in (first, last or first)]
        for minor in range(minors[0], minors[1] + 1):
            listed[(3, minor)] = (tfx, glibc.split()[0])
    assert {version: glibc for version, (_, glibc) in listed.items()} == {
        version: platform_check.dotted(glibc)
        for version, glibc in platform_check.GLIBC_NEEDED.items()
    }
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert {tfx for tfx, _ in listed.values()} == set(re.findall(r'"tfx==([\d.]+);', pyproject))
