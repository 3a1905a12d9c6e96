"""The commands that take a change to production."""

from __future__ import annotations

import dataclasses
import json
from typing import Annotated, Any

import typer

from pipeline.cli.cloud import Image, Target
from pipeline.cli.options import AsJson, ModelOrTaxi, Settings
from pipeline.config import platform_names, project

HANDED_OVER: dict[str, Any] = {
    "add_help_option": False,
    "context_settings": {"ignore_unknown_options": True, "allow_extra_args": True},
}
"""For a command whose module has the command line itself: it also runs with nothing installed."""


def add_to(app: typer.Typer) -> None:
    """Adds the commands to the program."""
    app.command("changes", **HANDED_OVER)(changes)
    app.command("image-tag", **HANDED_OVER)(image_tag)
    app.command("submit")(submit)
    app.command("schedules")(schedules)
    app.command("scheduled")(scheduled)
    app.command("pushed")(pushed)


def changes(context: typer.Context) -> None:
    """Say what the commits since a deployed one need: an image, models' code, or nothing."""
    from pipeline.delivery import changes as module

    raise typer.Exit(module.main(context.args, project.ROOT))


def image_tag(context: typer.Context) -> None:
    """Print the pipeline image's tag: a hash over what the Dockerfile copies and installs."""
    from pipeline.delivery import image_tag as module

    raise typer.Exit(module.main(context.args, project.ROOT))


def submit(
    model: ModelOrTaxi = "taxi",
    target: Target = platform_names.DEFAULT,
    image: Image = None,
    cron: Annotated[
        str | None,
        typer.Option(
            metavar="CRON",
            help="Run it on a schedule, such as '0 4 * * 1' for Mondays at four, in the place of "
            "once and now. It replaces the model's other schedules.",
        ),
    ] = None,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Run every node, even where nothing has changed.")
    ] = False,
    run: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="The end of the job's name; by default the time."),
    ] = None,
    settings: Settings = None,
) -> None:
    """Compile a model's pipeline, upload its code and data, and have it run in the cloud.

    What is in the bucket already is not uploaded again.
    """
    from pipeline.cloud import platforms
    from pipeline.show import terminal

    platforms.find(target)  # A slip is told before what follows is imported.
    with terminal.quiet():
        from pipeline.cloud.submission import submit as module

        options = module.Options(image, run, cron, not no_cache, tuple(settings or ()))
        done = module.submit(model, target, options, project.ROOT)
    print(f"Uploaded {len(done.uploaded)} files that were not there.")
    print(
        f"{'Scheduled' if cron else 'Submitted'} {done.name}: {done.where}", *done.notes, sep="\n"
    )


def schedules(
    model: ModelOrTaxi = "taxi",
    target: Target = platform_names.DEFAULT,
    as_json: AsJson = False,
) -> None:
    """List a model's schedules in the cloud, the newest first."""
    from pipeline.cloud import job, targets
    from pipeline.show import terminal

    platform = targets.section(target, project.ROOT)
    with terminal.quiet():
        found = platform.schedules(model, job.label(model))
    if as_json:
        print(json.dumps([dataclasses.asdict(each) for each in found], indent=2))
        return
    if not found:
        print(f"{model} has no schedule on {platform.title}.")
    for each in found:
        state = "enabled " if each.enabled else "disabled"
        print(f"{state}  {each.cron:<16}  {each.created}  {each.name}  {each.id}")


def scheduled(
    model: ModelOrTaxi = "taxi",
    target: Target = platform_names.DEFAULT,
) -> None:
    """Print the newest job of a model's schedule that has succeeded, and the commit it is of.

    Exit status: 0 printed, 2 not known, 3 there is none.
    """
    from pipeline.cloud import job, targets
    from pipeline.show import terminal

    platform = targets.section(target, project.ROOT)
    with terminal.quiet():
        found = platform.last_scheduled(job.label(model))
    if found is None:
        typer.echo(f"No schedule of {model} has run to its end.", err=True)
        raise typer.Exit(3)
    print(*found)


def pushed(
    job: Annotated[str, typer.Argument(metavar="JOB", help="A job's name, as `submit` says.")],
    target: Target = platform_names.DEFAULT,
) -> None:
    """Wait for a job in the cloud, and print the address of the model that it pushed.

    Exit status: 0 pushed, 2 failed or not found, 3 not blessed, so that nothing was pushed.
    """
    from pipeline.cloud import targets
    from pipeline.show import terminal

    platform = targets.section(target, project.ROOT)
    with terminal.quiet():
        address = platform.pushed(job, seconds=30)
    if address is None:
        typer.echo(f"{job} pushed nothing: its model was not blessed.", err=True)
        raise typer.Exit(3)
    print(address)
