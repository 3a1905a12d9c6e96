"""Which pages of a browser may ask."""

from __future__ import annotations

import pytest

from serving.core.errors import Code, ServingError
from serving.rest import access


@pytest.mark.parametrize(
    "host",
    [b"", b"a", b"localhost", b"localhost:8501", b"127.0.0.1:8501", b"[::1]:8501", b"[::1]",
     b"10.0.0.7", b"api.localhost:80", b"LOCALHOST", b"localhost.", b"router:8501"],
)  # fmt: skip
def test_names_of_this_machine_and_its_network(host: bytes) -> None:
    access.check_host(host)


@pytest.mark.parametrize("host", [b"evil.example", b"evil.example:8501", b"127.0.0.1.evil.org"])
def test_a_name_of_the_web_is_refused(host: bytes) -> None:
    with pytest.raises(ServingError) as refused:
        access.check_host(host)
    assert refused.value.code == Code.PERMISSION_DENIED


def test_only_a_browser_asks_whether_it_may_ask() -> None:
    assert access.preflight(b"https://a.example").status == 200
    with pytest.raises(ServingError, match="Origin header is missing"):
        access.preflight(b"")
