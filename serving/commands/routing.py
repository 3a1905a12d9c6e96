"""`versions`, `canary`, `promote`, `rollback`, `route` and `compare`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from serving.commands.app import app
from serving.commands.options import MODELS, RUNS, Model, Models, Runs, Why
from serving.commands.terminal import print_table, quiet_tensorflow, user
from serving.core.errors import Code, ServingError
from serving.model import manifest, models_config, registry, version_folders
from serving.model.models_config import ServedModel
from serving.routing import changes, compare, state
from serving.routing.state import CANARY, STABLE, Event

Version = Annotated[int | None, typer.Argument(metavar="[VERSION]", min=0)]
Share = Annotated[
    float, typer.Option("--share", min=0, max=1, help="The share of the requests, from 0 to 1.")
]

Load = Annotated[
    bool,
    typer.Option(
        "--check/--no-check",
        help="Whether the version has to load here, and to answer, before it gets traffic.",
    ),
]


@app.command()
def versions(
    model: Annotated[str | None, typer.Argument(metavar="[MODEL]")] = None,
    models: Models = MODELS,
    runs: Runs = RUNS,
    as_json: Annotated[bool, typer.Option("--json", help="Print the records as JSON.")] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Read all files: by default their sizes are compared.")
    ] = False,
) -> None:
    """List versions: labels, shares of the traffic, and where each comes from.

    Exit status: 0, or 1 where a version is damaged.
    """
    quiet_tensorflow()
    config, routing = models_config.read(models / models_config.FILE), state.read(models)
    names = {path.name: ServedModel(path.name) for path in version_folders.models(models)} | config
    if model is not None:
        changes.check_model(model, names, models)
        names = {model: names[model]}
    rows, records, damaged = [], [], []
    for name, served in sorted(names.items()):
        folder = served.folder(models)
        found = version_folders.versions(folder) | version_folders.without_model(folder)
        for number, place in sorted(found.items(), reverse=True):
            record = registry.record(folder, number, runs)
            labels = [label for label, target in served.labels.items() if target == number]
            share = _share(number, served, routing.of(name))
            damage = manifest.damage(place, read=verify)
            if damage:
                damaged.append(f"version {number} of {name} is damaged: {damage}")
            records.append(
                {**record.model_dump(mode="json"), "labels": sorted(labels), "share": share,
                 "damage": damage}
            )  # fmt: skip
            rows.append(_row(name, record, labels, share))
    if as_json:
        print(json.dumps(records, indent=2))
    elif rows:
        heading = ("model", "version", "labels", "traffic", "run", "metrics", "data", "size",
                   "promoted")  # fmt: skip
        print_table(heading, rows)
    else:
        print(f"There is no version in {models} yet. Push one: python -m pipeline run")
    if damaged:
        print(*damaged, sep="\n", file=sys.stderr)
        raise typer.Exit(1)


def _share(number: int, served: ServedModel, route: state.Route) -> float | None:
    """The share of the requests that name neither version nor label; None without labels."""
    labels = served.labels
    if STABLE not in labels:
        return None
    to_canary = route.canary_share if CANARY in labels else 0.0
    return {labels[STABLE]: 1 - to_canary, labels.get(CANARY): to_canary}.get(number, 0.0)


def _row(
    model: str, record: registry.Record, labels: list[str], share: float | None
) -> tuple[str, ...]:
    run = record.run
    metrics = {k: v for k, v in (run.metrics if run else {}).items() if v is not None}
    last = record.promotions[-1] if record.promotions else None
    return (
        model,
        str(record.number),
        ", ".join(sorted(labels)) or "-",
        "-" if share is None else f"{share:.0%}",
        run.id if run else Path(record.origin.path).name if record.origin else "unknown",
        " ".join(f"{name}={value:.3g}" for name, value in list(metrics.items())[:3]) or "-",
        (run.data_hash or "-")[:8] if run else "-",
        f"{record.size / 1e6:.1f} MB",
        f"{last.action} by {last.by} at {last.time:%Y-%m-%d %H:%M}" if last else "-",
    )


@app.command()
def canary(
    model: Model,
    version: Version = None,
    share: Share = 0.1,
    mirror: Annotated[
        float, typer.Option("--mirror", min=0, max=1, help="The share of stable's that is copied.")
    ] = 0.0,
    models: Models = MODELS,
    runs: Runs = RUNS,
    why: Why = "",
    load: Load = True,
) -> None:
    """Give a version (the highest, or the one named) a share of the traffic."""
    event = changes.canary(models, model, version, share, mirror, user(), why, _check(load))
    _record_promotion(event, models, runs)
    print(f"{model}: version {event.version} is the canary, with {share:.0%} of the requests"
          + (f" and a copy of {mirror:.0%} of the others." if mirror else "."))  # fmt: skip


@app.command()
def promote(
    model: Model,
    version: Version = None,
    models: Models = MODELS,
    runs: Runs = RUNS,
    why: Why = "",
    load: Load = True,
) -> None:
    """Make a version stable: the canary, or the one named."""
    event = changes.promote(models, model, version, user(), why, _check(load))
    _record_promotion(event, models, runs)
    before = f"; version {event.previous} was" if event.previous is not None else ""
    print(f"{model}: version {event.version} is stable{before}.")


@app.command()
def rollback(
    model: Model,
    only: Annotated[
        int | None,
        typer.Option("--only", min=0, metavar="VERSION", help="Do it only if this is the canary."),
    ] = None,
    models: Models = MODELS,
    runs: Runs = RUNS,
    why: Why = "",
    load: Load = True,
) -> None:
    """Take the canary out; without one, go back to the version that was stable before."""
    event = changes.rollback(models, model, user(), why, only, _check(load))
    _record_promotion(event, models, runs)
    print(f"{model}: version {event.version} is stable; {event.previous} gets no traffic.")


@app.command()
def route(
    model: Model,
    share: Annotated[
        float | None, typer.Option("--share", min=0, max=1, help="The canary's share.")
    ] = None,
    mirror: Annotated[
        float | None, typer.Option("--mirror", min=0, max=1, help="The share that is copied.")
    ] = None,
    sticky: Annotated[
        bool | None, typer.Option(help="Whether equal X-Routing-Key go to the same version.")
    ] = None,
    automatic: Annotated[
        bool | None,
        typer.Option("--auto-rollback/--no-auto-rollback", help="Roll a bad canary back."),
    ] = None,
    min_requests: Annotated[
        int | None, typer.Option(min=20, help="How many requests it takes to judge a canary.")
    ] = None,
    error_rate: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="By how much its error rate may exceed stable's."),
    ] = None,
    latency_ratio: Annotated[
        float | None, typer.Option(help="How many times stable's median latency it may take.")
    ] = None,
    models: Models = MODELS,
    why: Why = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Show how requests are shared out, or change it."""
    rules = {"enabled": automatic, "min_requests": min_requests, "error_rate": error_rate,
             "latency_ratio": latency_ratio}  # fmt: skip
    wanted = {"canary_share": share, "mirror_share": mirror, "sticky": sticky}
    given: dict[str, Any] = {key: value for key, value in wanted.items() if value is not None}
    if new_rules := {key: value for key, value in rules.items() if value is not None}:
        given["rollback"] = new_rules
    if given:
        changes.route(models, model, given, user(), why)
    config = models_config.read(models / models_config.FILE)
    changes.check_model(
        model, [*config, *(path.name for path in version_folders.models(models))], models
    )
    now = state.read(models).of(model)
    labels = config.get(model, ServedModel(model)).labels
    if as_json:
        of_labels = {STABLE: labels.get(STABLE), CANARY: labels.get(CANARY)}
        print(json.dumps({"model": model, **of_labels, **now.model_dump(mode="json")}, indent=2))
        return
    print(f"stable: {labels.get(STABLE, '-')}  canary: {labels.get(CANARY, '-')}")
    for key, value in {**now.model_dump(exclude={"rollback"}), **now.rollback.model_dump()}.items():
        print(f"  {key}: {value}")


@app.command("compare")
def compare_command(
    model: Model,
    models: Models = MODELS,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Say whether the canary differs from the stable version, by statistical tests.

    Exit status: 0 no difference found, 1 a difference, 2 a mistake, 3 too early to say.
    """
    found = compare.compare(models, model)
    if as_json:
        print(json.dumps([_as_json(one) for one in found], indent=2))
    for one in () if as_json else found:
        rows = [
            (d.name, f"{d.stable:.4g}", f"{d.other:.4g}", f"{d.p_value:.3g}")
            for d in one.differences
        ]
        requests = ("requests", str(one.stable.requests), str(one.other.requests), "")
        print_table(("", f"stable {one.stable_version}", f"{one.variant} {one.version}", "p"),
                    [requests, *rows])  # fmt: skip
        print(*one.words(), "", sep="\n")
    if any(d.significant for one in found if one.enough for d in one.differences):
        raise typer.Exit(1)
    if not any(one.enough for one in found):
        raise typer.Exit(3)


def _as_json(one: compare.Comparison) -> dict[str, object]:
    return {
        "model": one.model, "variant": one.variant, "stable_version": one.stable_version,
        "version": one.version, "since": one.since and one.since.isoformat(),
        "requests": {"stable": one.stable.requests, one.variant: one.other.requests},
        "enough": one.enough, "verdict": one.words(),
        "differences": [{**vars(d), "significant": d.significant} for d in one.differences],
    }  # fmt: skip


def _check(load: bool) -> changes.Check | None:
    """What a version is put to before it gets traffic; None where that was not wanted."""
    return check_answers if load else None


def check_answers(version: int, path: Path) -> None:
    """Loads a version as a server does, and asks it what it comes with.

    Raises:
        ServingError: It does not load, or does not answer as it should.
    """
    quiet_tensorflow()
    from serving.engine.warm_up import warm_up
    from serving.model.loading import load

    try:
        loaded = load(path)
        try:
            warm_up(loaded)
        finally:
            loaded.close()
    except Exception as error:  # Of a damaged version it is not always the loader that tells.
        raise ServingError(
            Code.FAILED_PRECONDITION,
            f"Version {version} of '{path.parent.name}' cannot answer, so nothing was changed",
            f"{type(error).__name__}: {error}"
            if not isinstance(error, ServingError)
            else str(error),
            "Name another version, or push the model again: python -m pipeline run "
            f"{path.parent.name}",
        ) from error


def _record_promotion(event: Event, models: Path, runs: Path) -> None:
    """Puts the change into the registry's file of the version."""
    if event.version is None:
        return
    quiet_tensorflow()
    served = models_config.read(models / models_config.FILE)[event.model]
    promotion = registry.Promotion(time=event.time, action=event.action, by=event.by, why=event.why)
    registry.add_promotion(served.folder(models), event.version, runs, promotion)
