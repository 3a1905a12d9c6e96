"""What a person sees of a set-up that fails."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tools.errors import SetupError, report


def raising(error: BaseException) -> Callable[[], None]:
    def main() -> None:
        raise error

    return main


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (SetupError("headline"), "headline"),
        (SetupError("headline", "detail", "remedy"), "headline\ndetail\nremedy"),
        (SetupError("headline", remedy="remedy"), "headline\nremedy"),
    ],
)
def test_a_setup_error_is_status_2_and_says_its_parts(
    error: SetupError, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report(raising(error)) == 2
    assert capsys.readouterr() == ("", f"error: {text}\n")


def test_other_ends(capsys: pytest.CaptureFixture[str]) -> None:
    assert report(lambda: None) == 0
    assert report(raising(KeyboardInterrupt())) == 130
    assert capsys.readouterr() == ("", "")


def test_a_fault_of_the_program_is_not_hidden() -> None:
    with pytest.raises(ValueError, match="x"):
        report(raising(ValueError("x")))
