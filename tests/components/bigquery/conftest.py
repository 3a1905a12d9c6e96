"""BigQuery on this machine, for tests that ask it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.components.bigquery import bigquery_service
from tests.components.bigquery.bigquery_service import BigQueryService


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[BigQueryService]:
    """A service that all clients of the test ask."""
    with bigquery_service.running() as running:
        for name, value in running.variables.items():
            monkeypatch.setenv(name, value)
        yield running
