"""A DataError keeps its parts on its way through Beam, which keeps an exception's text alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.beam_errors import pack_data_error, unpack_data_error
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
