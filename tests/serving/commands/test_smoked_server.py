"""The smoke test passes a server that answers as training did, and says what is wrong otherwise."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.model_server import Running
from tests.helpers.paths import ROOT

pytestmark = pytest.mark.slow


def smoke(
    server: Running, tmp_path: Path, outputs: dict[str, object], *options: str
) -> tuple[int, str]:
    answers = tmp_path / "answers.json"
    answers.write_text(json.dumps({"rows": [{"x": [1.0]}, {"x": [2.0]}], "outputs": outputs}))
    command = [
        sys.executable, "-m", "serving", "smoke", server.url, "--model", "half_plus_two",
        "--answers", str(answers), "--latency-ms", "20000", *options,
    ]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("outputs", "options", "failed"),
    [
        ({"y": [[2.5], [3.0]]}, (), []),
        ({"y": [[2.5], [4.0]]}, (), ["'y' is what training computed: 1 of 2"]),
        ({"y": [[2.5], [3.0]]}, ("--largest", "2.9"), ["predictions are in range: 1 outside"]),
        ({"y": [[2.5], [3.0]]}, ("--latency-ms", "0"), ["latency"]),
        ({"y": [[2.5], [3.0]], "z": [1, 2]}, (), ["expected names", "''"]),
    ],
)
def test_what_is_wrong_is_named(
    server: Running,
    tmp_path: Path,
    outputs: dict[str, object],
    options: tuple[str, ...],
    failed: list[str],
) -> None:
    status, text = smoke(server, tmp_path, outputs, *options)
    lines = [line for line in text.splitlines() if line.startswith("FAILED")]
    assert (status, len(lines)) == (int(bool(failed)), len(failed)), text
    for line, part in zip(lines, failed, strict=True):
        assert part in line


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    command = [
        sys.executable, "-m", "serving", "smoke", "http://127.0.0.1:9", "--model", "x",
        "--models", str(tmp_path),
    ]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, "no known answers for 'x'" in done.stderr) == (2, True)
    answers = tmp_path / "answers.json"
    answers.write_text('{"rows": [{}], "outputs": {"y": [1]}}')
    done = subprocess.run(
        [*command, "--answers", str(answers)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, "does not answer" in done.stderr) == (2, True)
    assert "Traceback" not in done.stderr
