"""The schemas of a run's files are those that the code would write."""

from __future__ import annotations

import pytest

from docs.generated import record_schemas


@pytest.mark.parametrize("name", record_schemas.SCHEMAS)
def test_the_schema_is_that_of_the_code(name: str) -> None:
    written = (record_schemas.FOLDER / name).read_text(encoding="utf-8")
    again = "write them again: python -m docs.generated.record_schemas"
    assert written == record_schemas.text(name), again
