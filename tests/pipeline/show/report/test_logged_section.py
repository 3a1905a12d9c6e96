"""What the model's code has logged is in the report, and what the run took of its machine."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np

from models.common.tracking import png
from pipeline.record import machine_use
from pipeline.record.machine_use import GpuUse, MachineUse
from pipeline.record.run_details import Logged, LoggedImage, LoggedSeries, RunDetails
from pipeline.show.report import logged_section, page
from pipeline.show.report.drawings import Drawings
from tests.pipeline.fake_run import finished
from tests.pipeline.show.report.constructed import HOSTILE


def image(name: str, trial: int | None = None) -> LoggedImage:
    content = base64.b64encode(png.encoded(np.eye(4))).decode()
    return LoggedImage(name=name, trial=trial, step=2, png=content)


def series(name: str, trial: int | None = None) -> LoggedSeries:
    return LoggedSeries(name=name, trial=trial, logged=3, points=[(1, 0.5), (2, None), (3, 0.25)])


def test_series_are_charts_and_images_pictures_whatever_their_names(tmp_path: Path) -> None:
    run = finished()
    details = RunDetails(
        run=run.id,
        logged=Logged(series=[series("norm"), series(HOSTILE)], images=[image(HOSTILE)]),
        logged_in_trials=Logged(
            series=[series("norm", 1), series("norm", 2)], images=[image("x", 2)]
        ),
    )
    text = page.render(run, details, tmp_path)
    assert "Logged by the model" in text and "norm by step" in text
    assert "trial 1: 0.25 at step 3" in text
    assert text.count("data:image/png;base64,") == 2 and "x, trial 2" in text
    assert "<script>alert" not in text


def test_what_is_no_image_is_left_out_and_many_names_are_bounded() -> None:
    bad = [LoggedImage(name="a", step=1, png=text) for text in ("", "?", "R0lGODdh", '" onload="')]
    many = [series(f"a{number}") for number in range(logged_section.MOST_CHARTS + 3)]
    names = {one.name for one in many}

    class Names(Drawings):
        def logged(self, found: object) -> list[tuple[str, object]]:  # type: ignore[override]
            return [(one.name, None) for one in found]  # type: ignore[attr-defined]

    details = RunDetails(run="r", logged=Logged(series=many, images=bad))
    found = logged_section.logged_section(details, Names())
    assert found["logged_images"] == [] and found["logged_more"] == 3
    assert len(found["logged"]) == logged_section.MOST_CHARTS < len(names)


def test_what_the_run_took_of_its_machine(tmp_path: Path) -> None:
    run = finished()
    assert logged_section.machine_facts(run.id, tmp_path) == []
    use = MachineUse(
        run=run.id,
        processors=2,
        memory_total=8 * 10**9,
        seconds=[3, 6],
        cpu=[1.0, 1.5],
        memory=[10**9, 2 * 10**9],
        machine_cpu=[1, 2],
        machine_memory=[1, 2],
        gpus=[
            GpuUse(name="A", memory_total=9, busy=[0.5, None], memory=[10**9, None]),
            GpuUse(name="B", memory_total=9, busy=[None, None], memory=[None, None]),
        ],
    )
    machine_use.write(use, tmp_path)
    assert logged_section.machine_facts(run.id, tmp_path) == [
        ("Processors busy", "1.25 on average, 1.50 at most, of 2"),
        ("Memory", "2.00 GB at most, of 8.0 GB"),
        ("GPU 0", "A: busy 50% of the time, 1.00 GB at most"),
    ]
    assert "1.25 on average" in page.render(run, RunDetails(run=run.id), tmp_path)
