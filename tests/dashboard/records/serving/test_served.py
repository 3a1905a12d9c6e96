"""What serves now, by a serving folder's files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dashboard.records.serving import served


def event(day: int, model: str, action: str, version: int, by: str, why: str = "") -> Any:
    time = f"2026-11-{day}T08:00:00Z"
    return {
        "time": time, "model": model, "action": action, "version": version, "by": by, "why": why,
    }  # fmt: skip


EVENTS = [
    event(20, "taxi", "promote", 3, "ada", "first"),
    event(21, "other", "promote", 1, "bob"),
    event(22, "taxi", "canary", 4, "automatic"),
]


def config(**labels: int) -> str:
    told = "".join(
        f'version_labels {{ key: "{label}" value: {version} }}' for label, version in labels.items()
    )
    return f'model_config_list {{ config {{ name: "taxi" base_path: "/models/taxi" {told} }} }}'


def write(folder: Path, text: str | None, routing: Any = None) -> None:
    if text is not None:
        (folder / served.CONFIG).write_text(text)
    if routing is not None:
        (folder / served.ROUTING).write_text(
            routing if isinstance(routing, str) else json.dumps(routing)
        )


def test_a_canary_with_its_share_and_who_did_what(tmp_path: Path) -> None:
    route = {"canary_share": 0.1, "mirror_share": 0.5, "since": "2026-11-22T08:00:00Z"}
    write(tmp_path, config(stable=3, canary=4), {"models": {"taxi": route}, "events": EVENTS})
    found, problems = served.read(tmp_path, {"taxi": [2, 3, 4]})
    taxi = found["taxi"]
    assert (taxi.stable, taxi.labelled, taxi.canary) == (3, True, 4)
    assert (taxi.canary_share, taxi.mirror_share) == (0.1, 0.5)
    assert [(event["action"], event["by"]) for event in taxi.events] == [
        ("canary", "automatic"),
        ("promote", "ada"),
    ]
    assert taxi.since == taxi.events[0]["time"] and problems == []


@pytest.mark.parametrize(
    ("text", "versions", "stable", "canary"),
    [
        (None, [2, 10], 10, None),
        (config(), [2, 10], 10, None),
        (config(stable=2), [2, 10], 2, None),
        (config(canary=10), [2, 10], 10, None),
        (None, [], None, None),
        (
            'model_config_list { config { name: "taxi" model_version_policy '
            "{ specific { versions: 2 versions: 3 } } } }",
            [2, 3, 10],
            3,
            None,
        ),
    ],
)
def test_without_labels_the_highest_version_serves(
    tmp_path: Path, text: str | None, versions: list[int], stable: int | None, canary: int | None
) -> None:
    write(tmp_path, text, {"models": {"taxi": {"canary_share": 0.3}}})
    found, _ = served.read(tmp_path, {"taxi": versions})
    if not versions and text is None:
        assert found == {}
        return
    assert (found["taxi"].stable, found["taxi"].canary) == (stable, canary)
    assert found["taxi"].canary_share == 0
    assert served.stable_version(tmp_path, "taxi", versions) == stable


@pytest.mark.parametrize(
    ("text", "routing", "said"),
    [
        ("model_config_list {", None, "models.config cannot be read: it ends within"),
        ("\0", None, "models.config cannot be read: line 1"),
        (config(stable=3), "{", "routing.json"),
        (config(stable=3), "[]", "routing.json"),
    ],
)
def test_a_damaged_file_is_told_and_hides_nothing_else(
    tmp_path: Path, text: str, routing: str | None, said: str
) -> None:
    write(tmp_path, text, routing)
    found, [problem] = served.read(tmp_path, {"taxi": [3], "rents": [1]})
    assert said in problem and "python -m serving repair" in problem
    assert found["taxi"].stable == 3 and found["rents"].stable == 1


def test_a_folder_in_the_place_of_a_file_and_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / served.CONFIG).mkdir()
    (tmp_path / served.ROUTING).write_bytes(b"\xff\xfe")
    _, problems = served.read(tmp_path, {})
    assert len(problems) == 2


@pytest.mark.parametrize(
    "routing",
    [
        {"models": {"taxi": {"canary_share": "much", "since": 3}}, "events": "none"},
        {"models": [], "events": [1, {"model": "taxi", "time": "x", "version": "y"}]},
        {"models": {"taxi": {"canary_share": 7}}},
    ],
)
def test_odd_values_are_passed_over(tmp_path: Path, routing: Any) -> None:
    write(tmp_path, config(stable=3, canary=4), routing)
    found, _ = served.read(tmp_path, {"taxi": [3, 4]})
    assert found["taxi"].canary == 4 and 0 <= found["taxi"].canary_share <= 1


def test_what_the_server_wrote_is_what_is_told(tmp_path: Path) -> None:
    """The real writers of both files."""
    models_config = pytest.importorskip("serving.model.models_config")
    changes = pytest.importorskip("serving.routing.changes")
    for number in (3, 4):
        folder = tmp_path / "taxi" / str(number)
        folder.mkdir(parents=True)
        (folder / "saved_model.pb").write_bytes(b"")
    models_config.write(
        tmp_path / served.CONFIG,
        {"taxi": models_config.ServedModel("taxi", versions=(3, 4), labels={"stable": 3})},
    )
    changes.canary(tmp_path, "taxi", 4, 0.25, 0.0, "ada", "to try it")
    taxi = served.read(tmp_path, {"taxi": [3, 4]})[0]["taxi"]
    assert (taxi.stable, taxi.canary, taxi.canary_share) == (3, 4, 0.25)
    changes.promote(tmp_path, "taxi", None, "bob", "it is better")
    taxi = served.read(tmp_path, {"taxi": [3, 4]})[0]["taxi"]
    assert (taxi.stable, taxi.canary, taxi.canary_share) == (4, None, 0)
    assert [(one["action"], one["by"], one["why"]) for one in taxi.events] == [
        ("promote", "bob", "it is better"),
        ("canary", "ada", "to try it"),
    ]
