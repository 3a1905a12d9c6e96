"""Artifact types of the project's own components."""

from tfx.types.artifact import Artifact


class GateReport(Artifact):
    """What the data gate found: `anomalies.json`, a list of objects."""

    TYPE_NAME = "GateReport"
