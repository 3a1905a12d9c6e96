"""What the model's code has logged, and what the run took of its machine."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Any

from pipeline.record import machine_use
from pipeline.record.run_details import LoggedImage, RunDetails
from pipeline.show.report.drawings import Drawings

MOST_CHARTS = 24
"""Names that are drawn; the others are in details.json, and on the dashboard."""
_GIGABYTE = 1e9


def logged_section(details: RunDetails, drawings: Drawings) -> dict[str, Any]:
    """Charts and images of the training and of the search, for the template."""
    series = [*details.logged.series, *details.logged_in_trials.series]
    names = list(dict.fromkeys(one.name for one in series))
    shown = set(names[:MOST_CHARTS])
    images = [*details.logged.images, *details.logged_in_trials.images]
    return {
        "logged": drawings.logged([one for one in series if one.name in shown and one.points]),
        "logged_more": len(names) - len(shown),
        "logged_images": [image for image in images if _is_png(image)],
    }


def machine_facts(run: str, runs: Path) -> list[tuple[str, str]]:
    """What the run took of its machine, in words; nothing where nobody has looked."""
    use = machine_use.read(run, runs)
    if use is None or not use.cpu or not use.memory:
        return []
    mean = sum(use.cpu) / len(use.cpu)
    facts = [
        (
            "Processors busy",
            f"{mean:.2f} on average, {max(use.cpu):.2f} at most, of {use.processors}",
        ),
        (
            "Memory",
            f"{max(use.memory) / _GIGABYTE:.2f} GB at most, "
            f"of {use.memory_total / _GIGABYTE:.1f} GB",
        ),
    ]
    for number, gpu in enumerate(use.gpus):
        busy = [one for one in gpu.busy if one is not None]
        memory = [one for one in gpu.memory if one is not None]
        if busy and memory:
            told = (
                f"{gpu.name}: busy {sum(busy) / len(busy):.0%} of the time, "
                f"{max(memory) / _GIGABYTE:.2f} GB at most"
            )
            facts.append((f"GPU {number}", told))
    return facts


def _is_png(image: LoggedImage) -> bool:
    try:
        return base64.b64decode(image.png, validate=True).startswith(b"\x89PNG")
    except binascii.Error:
        return False
