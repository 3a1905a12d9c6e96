"""Draws run.svg, the picture in the README: what `python -m pipeline show` prints of a run.

python -m docs.pictures.run_picture [RUN]    from the project's root; by default the latest run
"""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI

from pipeline.record import run_folder, run_record
from pipeline.record.run_record import RunRecord
from pipeline.show.progress import overview
from pipeline.show.summary import summary

PICTURE = Path(__file__).with_name("run.svg")
WIDTH = 84


def draw(record: RunRecord) -> str:
    """The run as a terminal shows it, as SVG."""
    console = Console(
        record=True,
        file=io.StringIO(),
        force_terminal=True,
        width=WIDTH,
        markup=False,
        emoji=False,
        highlight=False,
    )
    console.print("$ make run", style="bold")
    console.print()
    console.print(overview(record, console), summary(record, console), sep="\n")
    svg = console.export_svg(title=record.model, theme=MONOKAI, unique_id="run")
    # A picture shall not fetch a font from somewhere; every viewer has one of fixed width.
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)


def main() -> None:
    """Draws the run that the command line names."""
    name = sys.argv[1] if len(sys.argv) > 1 else run_folder.latest_first()[0]
    PICTURE.write_text(draw(run_record.read(name)), encoding="utf-8")


if __name__ == "__main__":
    main()
