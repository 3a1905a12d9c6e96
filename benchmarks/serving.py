"""The model server beside kserve and litserve on the same model, and beside calls in process.

    python benchmarks/serving.py [--models serving_models] [--model taxi] [--seconds 5]

Needs wrk (a Debian package) and uv on the PATH or in .tools. The other servers are installed into
environments in a temporary folder, unless --environments names a folder that has them from before.
All load goes to 127.0.0.1, one row a request but for the last column. What counts are the ratios:
each server is asked in turn, in one run.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PEERS = {"litserve": "/predict", "kserve": "/v1/models/model:predict"}
CONNECTIONS = (1, 16, 64)
ROWS = 64

_SCRIPT = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
local file = io.open(os.getenv("BODY"), "rb")
wrk.body = file:read("*a")
file:close()
"""


def main() -> None:
    """Measures, and prints requests a second and ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=Path, default=ROOT / "serving_models")
    parser.add_argument("--model", default="taxi")
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--environments", type=Path)
    arguments = parser.parse_args()
    if not shutil.which("wrk"):
        sys.exit("error: wrk is not there; apt-get install wrk")
    version = max((arguments.models / arguments.model).glob("[0-9]*"), key=lambda p: int(p.name))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environments = arguments.environments or folder / "environments"
        for peer in PEERS:
            install(peer, environments / peer)
        write_bodies(version, folder)
        measured = {}
        for server, command, path in servers(version, arguments.model, environments, folder):
            with running(command, path, (folder / "1.json").read_bytes()) as url:
                measured[server] = _measure(url, folder, arguments.seconds)
        calls = _in_process(version, folder)
    _report(measured, calls)


def install(peer: str, environment: Path) -> None:
    """Installs a peer into an environment of its own, unless it is there."""
    if (environment / "bin" / "python").exists():
        return
    uv = shutil.which("uv") or str(ROOT / ".tools" / "uv")
    python = str(Path(sys.base_prefix) / "bin" / "python3")
    subprocess.run([uv, "venv", "--quiet", "--python", python, str(environment)], check=True)
    install = [uv, "pip", "install", "--quiet", "--python", str(environment / "bin" / "python")]
    subprocess.run([*install, peer, "tensorflow-cpu", "orjson"], check=True)


def write_bodies(version: Path, folder: Path) -> None:
    """Writes requests of one row and of many, and wrk's script."""
    known = json.loads((version / "assets.extra" / "known_answers.json").read_text())["rows"]
    # Rows with the same features, so that they are one batch to every server.
    row = max(known, key=len)
    for rows in (1, ROWS):
        (folder / f"{rows}.json").write_text(json.dumps({"instances": [row] * rows}))
    (folder / "post.lua").write_text(_SCRIPT)


def servers(
    version: Path, model: str, environments: Path, folder: Path
) -> Iterator[tuple[str, list[str], str]]:
    """Each server's name, its command but for the port, and the path of its predictions."""
    for name, log in (("this server", "false"), ("with its log", "true")):
        models = folder / name.replace(" ", "_")
        (models / model).mkdir(parents=True)
        (models / model / version.name).symlink_to(version.resolve())
        (models / "request_log.yaml").write_text(f"version: 1\nenabled: {log}\n")
        command = [sys.executable, "-m", "serving", "up", "--models", str(models), "--grpc-port",
                   "-1", "--rest-port"]  # fmt: skip
        yield name, command, f"/v1/models/{model}:predict"
    for peer, path in PEERS.items():
        python = str(environments / peer / "bin" / "python")
        script = str(ROOT / "benchmarks" / "peers" / f"_peer_{peer}.py")
        yield peer, [python, script, str(version.resolve())], path


@contextlib.contextmanager
def running(command: list[str], path: str, body: bytes) -> Iterator[str]:
    """Starts a server on a free port, and gives the URL of its predictions once it answers."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}{path}"
    quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            [*command, str(port)], cwd=ROOT, env=quiet, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
        try:
            _wait(process, url, body)
            yield url
        except BaseException:
            log.seek(0)
            print(log.read()[-3000:], file=sys.stderr)
            raise
        finally:
            # litserve's workers are in the same session.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, 15)
            process.wait(60)


def _measure(url: str, folder: Path, seconds: int) -> dict[str, float]:
    rates = {f"{count}": wrk(url, folder, 1, count, seconds) for count in CONNECTIONS}
    rates[f"{ROWS} rows"] = wrk(url, folder, ROWS, 16, seconds)
    return rates


def _wait(process: subprocess.Popen[bytes], url: str, body: bytes) -> None:
    deadline = time.monotonic() + 60
    while True:
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                assert "predictions" in json.load(answer)
                return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def wrk(url: str, folder: Path, rows: int, connections: int, seconds: int) -> float:
    """Requests a second that a server answers to so many clients that wait for each answer."""
    environment = {**os.environ, "BODY": str(folder / f"{rows}.json")}
    command = ["wrk", "-t1", f"-c{connections}", "-s", str(folder / "post.lua"), url]
    # The first second is for connections, threads and caches.
    for duration in (1, seconds):
        done = subprocess.run(
            [*command, f"-d{duration}s"], env=environment, check=True, capture_output=True,
            text=True,
        )  # fmt: skip
    if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        print(done.stdout, file=sys.stderr)
    (rate,) = re.findall(r"Requests/sec:\s+([\d.]+)", done.stdout)
    return float(rate)


def _in_process(version: Path, folder: Path) -> dict[str, dict[int, float]]:
    """Calls a second on one thread: with tensors that are ready, and from body to body."""
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from serving.codec import predict_json
    from serving.core import json_text
    from serving.model.loaded_model import LoadedModel
    from serving.model.signatures import DEFAULT

    model = LoadedModel(version)
    signature = model.signature(DEFAULT)
    rates: dict[str, dict[int, float]] = {"in process": {}, "from JSON": {}}
    for rows in (1, ROWS):
        body = (folder / f"{rows}.json").read_bytes()
        arrays = predict_json.inputs(json_text.parse(body), signature)

        def run(arrays: Any = arrays) -> Any:
            return model.run(signature, arrays)

        def run_json(body: bytes = body) -> Any:
            read = predict_json.inputs(json_text.parse(body), signature)
            return predict_json.answer(model.run(signature, read), signature.outputs, True)

        rates["in process"][rows] = _rate(run)
        rates["from JSON"][rows] = _rate(run_json)
    return rates


def _rate(call: Callable[[], Any], calls: int = 2000) -> float:
    for _ in range(200):
        call()
    start = time.perf_counter()
    for _ in range(calls):
        call()
    return calls / (time.perf_counter() - start)


def _report(measured: dict[str, dict[str, float]], calls: dict[str, dict[int, float]]) -> None:
    names = list(next(iter(measured.values())))
    print(f"{'requests a second':18}" + "".join(f"{name:>12}" for name in names))
    for server, rates in measured.items():
        print(f"{server:18}" + "".join(f"{rates[name]:12.0f}" for name in names))
    for way, by_rows in calls.items():
        print(f"{way:18}{by_rows[1]:12.0f}{'':24}{by_rows[ROWS]:12.0f}")
    ours, logged = measured["this server"], measured["with its log"]
    best = {name: max(measured[peer][name] for peer in PEERS) for name in names}
    many = f"{ROWS} rows"
    ready = calls["in process"][ROWS]
    print(f"{'over best peer':18}" + "".join(f"{ours[n] / best[n]:12.1f}" for n in names))
    print(f"{'  with its log':18}" + "".join(f"{logged[n] / best[n]:12.1f}" for n in names))
    print(f"{'over in process':18}{'':36}{ours[many] / ready:12.2f}")
    print(f"{'  with its log':18}{'':36}{logged[many] / ready:12.2f}")


if __name__ == "__main__":
    main()
