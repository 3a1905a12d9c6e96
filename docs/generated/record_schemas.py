"""Writes the JSON Schemas of a run's files.

python -m docs.generated.record_schemas
"""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel

from pipeline.record.machine_use import MachineUse
from pipeline.record.run_details import RunDetails
from pipeline.record.run_record import RunRecord

FOLDER = Path(__file__).resolve().parent
SCHEMAS: dict[str, type[BaseModel]] = {
    "run.schema.json": RunRecord,
    "details.schema.json": RunDetails,
    "machine.schema.json": MachineUse,
}


def text(name: str) -> str:
    """A schema file's content."""
    schema = SCHEMAS[name].model_json_schema(mode="serialization")
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
    return json.dumps(schema, indent=2) + "\n"


if __name__ == "__main__":
    for file in SCHEMAS:
        (FOLDER / file).write_text(text(file), encoding="utf-8")
