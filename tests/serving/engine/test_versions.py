"""Versions that come and go while requests are answered."""

import os
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from serving.model import models_config
from serving.model.models_config import ServedModel
from tests.helpers import small_model
from tests.helpers.model_server import Running, running

pytestmark = pytest.mark.slow

MODEL = "half_plus_two"
SECONDS = float(os.environ.get("SWITCH_SECONDS", "5"))


@pytest.fixture
def folder(conformance_models: Path, tmp_path: Path) -> Path:
    """A serving folder with version 1 of one model, and no models.config."""
    copy(conformance_models, tmp_path / "models", 1)
    return tmp_path / "models"


def copy(source: Path, models: Path, number: int) -> Path:
    """Copies a version as the Pusher does: `saved_model.pb` last."""
    origin, target = source / MODEL / "123", models / MODEL / str(number)
    shutil.copytree(origin, target, ignore=shutil.ignore_patterns("saved_model.pb"))
    shutil.copy(origin / "saved_model.pb", target)
    return target


def states(server: Running) -> dict[str, tuple[str, str]]:
    answer = requests.get(f"{server.url}/v1/models/{MODEL}", timeout=10).json()
    return {
        entry["version"]: (entry["state"], entry["status"]["error_message"])
        for entry in answer["model_version_status"]
    }


def ask(server: Running, place: str = "") -> requests.Response:
    url = f"{server.url}/v1/models/{MODEL}{place}:predict"
    return requests.post(url, data='{"instances": [[1.0]]}', timeout=10)


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_versions_follow_folders_and_config(conformance_models: Path, folder: Path) -> None:
    with running(folder) as server:
        assert ask(server).headers["X-Model-Version"] == "1"

        # A new folder takes over; the old version goes.
        copy(conformance_models, folder, 2)
        wait_for(lambda: ask(server).headers["X-Model-Version"] == "2")
        wait_for(lambda: states(server)["1"][0] == "END")

        # One that cannot be loaded leaves the running one in place, and says why.
        broken = folder / MODEL / "3"
        broken.mkdir()
        (broken / "variables").mkdir()
        time.sleep(0.5)
        assert "3" not in states(server)
        (broken / "saved_model.pb").write_bytes(b"not a model")
        wait_for(lambda: states(server).get("3", ("", ""))[0] == "END")
        told = states(server)["3"][1]
        assert f"{MODEL}/3" in told and str(folder) not in told
        assert ask(server).headers["X-Model-Version"] == "2"
        metrics = requests.get(f"{server.url}/monitoring/prometheus/metrics", timeout=10).text
        assert f'load_attempt_count{{model_path="{MODEL}/3",status="fail"}} 1' in metrics

        # Once it is whole, it is tried again.
        shutil.rmtree(broken)
        copy(conformance_models, folder, 3)
        wait_for(lambda: ask(server).headers["X-Model-Version"] == "3")

        # models.config says which versions, and their labels.
        path = folder / models_config.FILE
        labels = {"stable": 1, "canary": 2}
        models_config.write(path, {MODEL: ServedModel(MODEL, versions=(1, 2), labels=labels)})
        wait_for(lambda: ask(server, "/labels/canary").status_code == 200)
        wait_for(lambda: ask(server, "/versions/3").status_code == 404)
        assert ask(server, "/labels/stable").headers["X-Model-Version"] == "1"
        assert ask(server, "/labels/canary").headers["X-Model-Version"] == "2"

        # A label that moves to a version that fails stays where it was.
        broken = folder / MODEL / "4"
        broken.mkdir()
        (broken / "saved_model.pb").write_bytes(b"not a model")
        labels = {"stable": 4, "canary": 2}
        models_config.write(path, {MODEL: ServedModel(MODEL, versions=(2, 4), labels=labels)})
        wait_for(lambda: states(server).get("4", ("", ""))[0] == "END")
        assert ask(server, "/labels/stable").headers["X-Model-Version"] == "1"

        # A config that cannot be read changes nothing, also what is ready, and the status says so.
        requests_ready = requests.get(f"{server.url}/readyz", timeout=10).status_code
        path.write_text("model_config_list {")
        wait_for(lambda: "models.config is not usable" in states(server)["1"][1])
        assert str(folder) not in states(server)["1"][1]
        assert requests.get(f"{server.url}/readyz", timeout=10).status_code == requests_ready
        assert ask(server, "/labels/canary").status_code == 200


def test_no_request_fails_while_versions_switch(conformance_models: Path, folder: Path) -> None:
    answers: list[tuple[int, str]] = []
    end = threading.Event()

    def load(server: Running) -> None:
        session = requests.Session()
        url = f"{server.url}/v1/models/{MODEL}:predict"
        while not end.is_set():
            answer = session.post(url, data='{"instances": [[1.0]]}', timeout=10)
            text = answer.text if answer.status_code != 200 else ""
            answers.append((answer.status_code, text))

    with running(folder) as server:
        threads = [threading.Thread(target=load, args=(server,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        started = time.monotonic()
        number = 1
        while time.monotonic() - started < SECONDS:
            number += 1
            copy(conformance_models, folder, number)
            wait_for(lambda: states(server).get(str(number), ("",))[0] == "AVAILABLE")  # noqa: B023
            shutil.rmtree(folder / MODEL / str(number - 1))
            time.sleep(max(0, 1 - (time.monotonic() - started) % 1))
        end.set()
        for thread in threads:
            thread.join()
        memory = server.resident_mb()
    assert number > SECONDS / 2
    assert {status for status, _ in answers} == {200}, [a for a in answers if a[0] != 200][:3]
    print(f"{number} versions, {len(answers)} answers, {memory:.0f} MB")


def test_a_request_that_does_not_end_harms_no_other(tmp_path: Path) -> None:
    small_model.write_counting(tmp_path / "counting" / "1")

    def count(server: Running, to: str, seconds: float = 20) -> requests.Response:
        url, body = f"{server.url}/v1/models/counting:predict", f'{{"instances": [{to}]}}'
        return requests.post(url, data=body, timeout=seconds)

    with running(tmp_path, "--timeout", "1", "--grace", "2") as server:
        answer = count(server, "Infinity")
        assert (answer.status_code, "not answered in time" in answer.text) == (504, True)
        assert count(server, "4").json() == {"predictions": [8.0]}
        # A client that goes away leaves a run that does not end, too.
        with pytest.raises(requests.Timeout):
            count(server, "Infinity", seconds=0.3)
        wait_for(lambda: count(server, "4").status_code == 200)
        assert requests.get(f"{server.url}/readyz", timeout=10).status_code == 200
        threading.Thread(target=count, args=(server, "Infinity"), daemon=True).start()
        time.sleep(0.3)
        server.process.terminate()
        # The grace, and what a process takes to end.
        assert server.process.wait(2 + 8) == 0
