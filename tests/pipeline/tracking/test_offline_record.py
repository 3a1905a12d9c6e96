"""A record that is written without Neptune's client is the one that the client writes."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.common.errors import RunError
from pipeline.config import project
from pipeline.tracking import offline_record
from pipeline.tracking.neptune_fields import Snapshot
from tests.helpers import neptune_files

_TIMES = {"at", "ts", "createdAt", "containerId"}


def everything(folder: Path) -> Snapshot:
    """A value, a series and a file of each kind that the client treats in its own way."""
    for name, content in {"report.html": b"<p>\xff</p>", "NOTES": b"", "a.b.json": b"{}"}.items():
        (folder / name).write_bytes(content)
    return Snapshot(
        fields={
            "run/id": "taxi-1",
            "text/long": "ä" * 20_000,
            "text/empty": "",
            "text/odd": 'a "b"\n\u2028\x00 😀',
            "numbers/least": -(2**31),
            "numbers/too_small": -(2**31) - 1,
            "numbers/most": 2**31 - 1,
            "numbers/too_large": 2**31,
            "numbers/float": 1e-300,
            "numbers/nan": math.nan,
            "numbers/inf": -math.inf,
            "numbers/bool": True,
            "double//slash": 1,
            "with%2Fslash": 2.0,
        },
        series={"training/loss": [0.5, None, math.nan, math.inf, 0.25], "training/none": []},
        files={
            "files/report.html": folder / "report.html",
            "code/NOTES": folder / "NOTES",
            "code/a%2Fb": folder / "a.b.json",
            "training/images/heat/3": b"\x89PNG",
        },
        over=True,
        points={"training/logged/norm": [(1, 0.5), (2.5, None), (40, 0.25)]},
    )


def left(folder: Path) -> dict[str, Any]:
    """All that a record's folder holds, without times and made-up names."""
    [record] = folder.glob(".neptune/offline/run__*")
    assert re.fullmatch(r"run__[0-9a-f-]{36}__\d+__\w{8}", record.name)
    metadata = json.loads((record / "metadata.json").read_text())
    assert metadata["containerId"] in record.name
    lines = (record / "data-1.log").read_text().splitlines()
    uploads = {path.name: path.read_bytes() for path in (record / "upload_path").iterdir()}
    operations = [_timeless(json.loads(line), uploads) for line in lines]
    return {
        "files": sorted(path.name for path in record.iterdir()),
        "metadata": {key: value for key, value in metadata.items() if key not in _TIMES},
        "operations": operations,
        "put": (record / "last_put_version").read_text(),
        "acknowledged": (record / "last_ack_version").read_text(),
        "uploads": len(uploads),
    }


def _timeless(part: Any, uploads: dict[str, bytes]) -> Any:
    if isinstance(part, list):
        return [_timeless(one, uploads) for one in part]
    if not isinstance(part, dict):
        return part
    kept = {key: _timeless(one, uploads) for key, one in part.items() if key not in _TIMES}
    if name := part.get("tmp_file_name"):
        stem = re.sub(r"-\d+\.\d+-\d{4}-\d\d-\d\d_\d\d\.\d\d\.\d\d\.\d{6}", "", name)
        kept["tmp_file_name"] = [stem, uploads[name].hex()]
    return kept


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:WARNING. The value you're trying to log")
@pytest.mark.parametrize("failed", [False, True])
def test_it_is_what_the_client_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failed: bool
) -> None:
    from pipeline.tracking.neptune_record import NeptuneRecord

    snapshot = everything(tmp_path)
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    offline_record.write("taxi-1", "taxi", snapshot, ours, failed=failed)
    monkeypatch.setenv("NEPTUNE_DATA_DIRECTORY", str(theirs / ".neptune"))
    monkeypatch.delenv("NEPTUNE_MODE", raising=False)
    # The client names the script that runs, which is the tests' here.
    script = project.ROOT / "pipeline" / "__main__.py"
    monkeypatch.setattr(
        "neptune.internal.utils.source_code.get_path_executed_script", lambda: script
    )
    record = NeptuneRecord("taxi-1", "taxi", "offline")
    record.update(snapshot)
    record.close(failed)
    found, expected = left(ours), left(theirs)
    for one, other in zip(found["operations"], expected["operations"], strict=False):
        assert one == other
    assert found == expected


VALUES = (
    st.booleans()
    | st.integers(-(2**31), 2**31 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.text("ab%", min_size=1), VALUES))
def test_whatever_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, fields: dict[str, Any]
) -> None:
    folder = tmp_path_factory.mktemp("run")
    snapshot = Snapshot(fields=fields, series={}, files={}, over=True)
    offline_record.write("taxi-1", "taxi", snapshot, folder, failed=False)
    written = neptune_files.read(folder)
    assert {path: written.fields[path] for path in fields} == fields
    assert written.fields["run/complete"] is True and written.fields["sys/name"] == "taxi-1"


def test_a_record_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    snapshot = Snapshot(fields={}, series={}, files={"a": tmp_path / "gone"}, over=True)
    with pytest.raises((OSError, RunError)):
        offline_record.write("taxi-1", "taxi", snapshot, tmp_path, failed=False)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert list((tmp_path / ".neptune").iterdir()) == []
