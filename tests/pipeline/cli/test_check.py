"""`check` says what there is to know of a model, and trains nothing."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from pipeline.cli import main
from tests.helpers.paths import ROOT


def typed(*arguments: str) -> int:
    with pytest.raises(SystemExit) as end:
        main.main(["check", *arguments])
    assert isinstance(end.value.code, int)
    return end.value.code


def test_the_shipped_model_is_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    assert typed("taxi") == 0
    out = capsys.readouterr().out
    assert "Splits: train 12,001, eval 1,484, test 1,517." in out
    [tips] = [line for line in out.splitlines() if line.startswith("tips ")]
    assert tips.split()[1:3] == ["label", "FLOAT"]


def test_what_a_run_would_refuse_has_the_same_status(capsys: pytest.CaptureFixture[str]) -> None:
    assert typed("taxy", "--json") == 2
    printed = capsys.readouterr()
    assert printed.out == "" and "did you mean 'taxi'" in printed.err


def test_json_is_one_document_for_which_neither_tfx_nor_tensorflow_is_imported() -> None:
    code = (
        "import sys\nfrom pipeline.cli import main\n"
        "try:\n    main.main(['check', 'taxi', '--json'])\nexcept SystemExit as end:\n"
        "    found = sorted({'tfx', 'tensorflow', 'apache_beam'} & {*sys.modules})\n"
        "    print(end.code, found, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stderr.splitlines()[-1] == "0 []", done.stderr
    found = json.loads(done.stdout)
    assert found["splits"] == {"train": 12001, "eval": 1484, "test": 1517}
    assert {*found} == {"model", "rows", "without_label", "columns", "splits", "notices"}
    assert {*found["columns"][0]} == {
        "name", "type", "role", "looks_like", "missing", "distinct", "example", "suspicions"
    }  # fmt: skip
