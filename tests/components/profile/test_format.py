"""What the pipeline writes is what the room `monitoring` reads, field by field."""

from __future__ import annotations

import dataclasses
import json
import typing
from typing import Any

import pytest

from components.profile import format
from monitoring.core.record import Record
from monitoring.profile import reference_profile

SHARED = (
    "Calibration", "Categories", "Feature", "Label", "Metric", "Numbers", "Output",
    "ReferenceProfile", "Slice", "SliceMetric", "TopScore",
)  # fmt: skip


def named(kind: Any) -> str:
    """A type without the modules of its parts; times are text in JSON, numbers of either kind."""
    text = getattr(kind, "__name__", "") if isinstance(kind, type) else str(kind)
    for part in ("components.profile.format.", "monitoring.profile.reference_profile.", "typing."):
        text = text.replace(part, "")
    return text.replace("datetime", "str")


@pytest.mark.parametrize("name", SHARED)
def test_a_class_has_the_fields_and_types_of_the_one_that_reads_it(name: str) -> None:
    written, read = getattr(format, name), getattr(reference_profile, name)
    hints = typing.get_type_hints(written)
    own = {one.name: hints[one.name] for one in dataclasses.fields(written)}
    assert own.keys() == read.model_fields.keys()
    types = typing.get_type_hints(read)
    for field, kind in own.items():
        assert parts(kind) == parts(types[field]), field


def parts(kind: Any) -> set[str]:
    """The names of a type and of all that it is made of, whatever their order in a union."""
    arguments = typing.get_args(kind)
    if not arguments:
        return {named(kind)}
    return {part for one in arguments for part in parts(one)} | {
        str(typing.get_origin(kind)).replace("types.UnionType", "typing.Union")
    }


def test_no_class_is_left_out() -> None:
    found = {
        name
        for name, kind in vars(reference_profile).items()
        if isinstance(kind, type) and issubclass(kind, Record) and kind is not Record
    }
    assert found == set(SHARED)


def profile() -> format.ReferenceProfile:
    numbers = format.Numbers((0.0, 1.5), (3, 0, 4), 0.0, 2.0, 0.75, 0.5, integers=True)
    return format.ReferenceProfile(
        model="m",
        run="r",
        made="2026-01-01T00:00:00+00:00",
        training_rows=7,
        test_rows=2,
        features={
            "x": format.Feature("number", "DT_FLOAT", 7, 0, numbers),
            "Ümlaut": format.Feature(
                "category", "DT_STRING", 7, 1, None, format.Categories({"ä": 6, "": 1}, 2, 1)
            ),
        },
        outputs={
            "y": format.Output(
                "y", 2, 0, numbers, None, format.Calibration((1, 0, 1)), {"x=1": (1, 0, 0)}
            )
        },
        slices={"x=1": format.Slice({"x": "1"}, 1)},
        metrics={
            "AUC": format.Metric(
                metric="AUC",
                value=None,
                settings={"k": 2, "on": False},
                lower=0.0,
                better="higher",
                slices={"x=1": format.SliceMetric(None, 0.0)},
            )
        },
        label=format.Label("y", "binary", ("t",), "t > 0", ("no", "yes"), "y"),
        sample={"x": (0.0, 2, None), "Ümlaut": ("ä", None, "")},
    )


def test_what_is_written_is_read_again() -> None:
    written = profile()
    read = reference_profile.ReferenceProfile.model_validate_json(format.to_json(written))
    found = read.model_dump(mode="json")
    expected = json.loads(json.dumps(dataclasses.asdict(written)))
    found["made"] = found["made"].replace("Z", "+00:00")
    assert found == expected


def test_what_goes_without_saying_is_not_said() -> None:
    empty = format.to_json(format.Numbers((), (0,)))
    assert empty == '{"edges":[],"counts":[0]}'
    assert format.size(format.Numbers((0.0,), (1, 2))) == len('{"edges":[0],"counts":[1,2]}')
