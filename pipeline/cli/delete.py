"""The command that deletes runs, and artifacts that nothing needs."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from models.common.errors import RunError
from pipeline.cli import completion
from pipeline.cli.options import AsJson, OfModel
from pipeline.config import project

if TYPE_CHECKING:
    from pipeline.local.deletion.plan import Plan

_UNITS = {"h": "hours", "d": "days", "w": "weeks"}


def add_to(app: typer.Typer) -> None:
    """Adds the command to the command line."""
    app.command()(delete)


def delete(
    runs: Annotated[
        list[str] | None,
        typer.Argument(metavar="[RUN]...", help="Ids.", autocompletion=completion.runs),
    ] = None,
    model: OfModel = None,
    older_than: Annotated[
        str | None,
        typer.Option("--older-than", metavar="AGE", help="Such as 12h, 30d or 8w."),
    ] = None,
    archived: Annotated[
        bool, typer.Option("--archived", help="Only those that were archived on the dashboard.")
    ] = False,
    apply: Annotated[
        bool, typer.Option("--apply", help="Do it, instead of saying what would be deleted.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Delete runs, and artifacts that no other run needs. What is pushed or blessed stays.

    Runs are named, or chosen by --older-than and --archived, of all models or of one. With --model
    alone no run goes, but artifacts of runs whose folders are gone.

    Exit status: 0 deleted, or said what would be; 2 a named run must stay, a run of the model is
    going, or it could not be done.
    """
    from pipeline.cli.runs import find_run
    from pipeline.local.deletion import plan as deletion

    if not runs and older_than is None and not archived and model is None:
        raise RunError(
            "Nothing says which runs are meant",
            "Expected: ids, --older-than, --archived or --model.",
            "Try: python -m pipeline delete --older-than 30d. Without --apply nothing is deleted.",
        )
    if runs and (older_than is not None or archived or model is not None):
        raise RunError(
            "Runs are named, or chosen, but not both",
            f"Received {', '.join(runs)} and an option that chooses.",
            "Leave one of them out.",
        )
    choice = deletion.Choice(
        # A model's name means its latest run elsewhere; what is deleted is named.
        ids=tuple(dict.fromkeys(find_run(_named(one)).id for one in runs or ())),
        model=model,
        older_than=_age(older_than) if older_than is not None else None,
        archived=archived,
    )
    found = (deletion.apply if apply else deletion.find)(choice, project.RUNS)
    if as_json:
        print(json.dumps(_as_json(found, done=apply), indent=2))
    else:
        print("\n".join(_told(found, done=apply)))


def _named(run: str) -> str:
    if not run or run in project.model_names(project.ROOT):
        raise RunError(
            f"{run!r} is not the id of a run",
            "What is deleted is named by its id, or enough of it.",
            "List ids with: python -m pipeline runs",
        )
    return run


def _age(text: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,6})([hdw])", text.strip())
    if found is None:
        raise RunError(
            f"--older-than: {text!r} is no age", "Expected a number with h, d or w.", "Such as 30d."
        )
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _told(plan: Plan, *, done: bool) -> list[str]:
    lines = [f"{run}  {_size(size)}" for run, size in plan.runs]
    nodes: dict[str, list[int]] = {}
    for one in plan.folders:
        node = one.path.parts[-3] if one.artifact is not None else "executions"
        nodes.setdefault(node, []).append(one.bytes)
    lines += [
        f"{len(sizes)} of {node}, which no other run needs  {_size(sum(sizes))}"
        for node, sizes in sorted(nodes.items())
    ]
    lines += [f"{run} stays: it {reason}" for run, reason in plan.kept]
    if not plan.runs and not plan.folders:
        return [*lines, "There is nothing to delete."]
    if done:
        return [*lines, f"Deleted: {_size(plan.bytes)}."]
    return [*lines, f"Nothing was deleted; {_size(plan.bytes)} would be. Do it: add --apply"]


def _as_json(plan: Plan, *, done: bool) -> dict[str, object]:
    return {
        "runs": [{"id": run, "bytes": size} for run, size in plan.runs],
        "artifacts": [{"path": str(one.path), "bytes": one.bytes} for one in plan.folders],
        "kept": [{"id": run, "reason": reason} for run, reason in plan.kept],
        "bytes": plan.bytes,
        "deleted": done,
    }


def _size(number: float) -> str:
    for unit in ("B", "kB", "MB"):
        if number < 1000:
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} GB"
