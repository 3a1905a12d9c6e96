"""The commands that take a change to production."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline import project


def add_to(app: typer.Typer) -> None:
    """Adds the commands to the program."""
    app.command("changes")(changes)
    app.command("image-tag")(image_tag)


def changes(
    base: Annotated[
        str, typer.Option("--base", metavar="COMMIT", help="The last deployed commit.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Say what the commits since a deployed one need: a new image, models' code, or nothing."""
    from pipeline import changes as module

    found = module.since(base, project.ROOT)
    print(found.as_json() if as_json else found.as_text().rstrip())


def image_tag() -> None:
    """Print the pipeline image's tag: a hash over exactly what the Dockerfile copies."""
    from pipeline import image_tag as module

    print(module.tag(project.ROOT))
