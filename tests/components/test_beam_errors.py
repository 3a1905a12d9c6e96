"""A DataError keeps its parts on its way through Beam, which keeps an exception's text alone."""

from __future__ import annotations

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.beam_errors import engine_failure, pack_data_error, unpack_data_error
from models.common.errors import DataError

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@given(TEXT, TEXT, TEXT)
def test_a_data_error_survives_as_text(headline: str, detail: str, remedy: str) -> None:
    @pack_data_error
    def read() -> None:
        raise DataError(headline, detail, remedy)

    with pytest.raises(DataError) as caught, unpack_data_error():
        try:
            read()
        except Exception as error:
            # As Beam's runner does with what a worker raised.
            raise RuntimeError(
                f"Traceback ...\nRuntimeError: {error} [while running 'Scan']"
            ) from None
    found = caught.value
    assert (found.headline, found.detail, found.remedy) == (headline, detail, remedy)


def test_a_function_that_does_not_fail_stays_what_it_is() -> None:
    @pack_data_error
    def add(left: int, right: int) -> int:
        """Adds."""
        return left + right

    assert add(1, 2) == 3
    assert (add.__name__, add.__doc__) == ("add", "Adds.")


def test_other_errors_pass_through_both() -> None:
    @pack_data_error
    def read() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError), unpack_data_error():
        read()


@pytest.mark.tfx
def test_a_data_error_survives_a_pipeline() -> None:
    import apache_beam as beam

    def read(_: int) -> None:
        raise DataError("headline", "detail", "remedy")

    with pytest.raises(DataError) as caught, unpack_data_error(), beam.Pipeline("FnApiRunner") as p:
        _ = p | beam.Create([1]) | beam.Map(pack_data_error(read))
    assert str(caught.value) == "headline\ndetail\nremedy"


JOB = "Pipeline BeamApp-root-1127_c0ffee failed in state FAILED: "


@pytest.mark.parametrize(
    ("error", "headline"),
    [
        (grpc.RpcError("Socket closed"), "Transform could not go on: the Beam job server at f:1"),
        (
            RuntimeError(JOB + "java.net.ConnectException: finishConnect(..) failed: refused"),
            "Transform could not go on: the engine at f:1 has lost a worker",
        ),
        (
            RuntimeError(JOB + "java.lang.RuntimeException: The worker ended before it asked"),
            "Transform could not go on: the engine at f:1 has lost a worker",
        ),
        (
            RuntimeError(JOB + "java.lang.OutOfMemoryError: Java heap space"),
            "Transform failed on the engine at f:1",
        ),
        (
            RuntimeError("java.lang.IllegalStateException: call already closed"),
            "Transform could not go on: the engine at f:1 has lost a worker",
        ),
        (
            RuntimeError(JOB + "Traceback (most recent call last)\nKeyError: 'CANCELLED'"),
            "Transform failed on the engine at f:1",
        ),
    ],
)
def test_what_an_engine_reports_is_told(error: Exception, headline: str) -> None:
    told = engine_failure(error, "Transform", "f:1")
    assert told and told.headline.startswith(headline)
    assert told.detail and told.remedy
    assert JOB not in told.detail


@pytest.mark.parametrize("error", [KeyError("java."), RuntimeError("no engine's"), OSError(28, "")])
def test_other_errors_are_not_an_engines(error: Exception) -> None:
    assert engine_failure(error, "Transform", "f:1") is None


def test_a_long_report_is_told_by_its_end() -> None:
    error = RuntimeError(JOB + "\n".join(map(str, range(1000))))
    told = engine_failure(error, "Transform", "f:1")
    assert told and told.detail.splitlines() == [str(line) for line in range(990, 1000)]
