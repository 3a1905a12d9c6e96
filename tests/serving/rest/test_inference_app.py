"""The REST API over models that are loaded, in the test's own process."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from serving.core.errors import Code, ServingError
from serving.core.hooks import Choice, Hooks, Outcome
from serving.core.metrics import Metrics
from serving.core.settings import Settings
from serving.http.messages import Request, Response
from tests.helpers import small_model

pytestmark = pytest.mark.tfx

Ask = Callable[..., Response]
COUNTED = ":tensorflow:serving:request_count"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from serving.engine.engine import Engine
    from serving.engine.versions import Versions
    from serving.rest.inference_app import InferenceApp

    folder: Path = tmp_path_factory.mktemp("models")
    small_model.write(folder / "small" / "1")
    (folder / "aliases.yaml").write_text("aliases: {'/x/{x}': small, '/lost/{x}': nothing}")
    metrics, settings = Metrics(), Settings(folder)
    versions = Versions(folder, settings.limits, metrics, interval=0.05)
    versions.start()
    assert versions.scanned.wait(60)
    yield InferenceApp(Engine(versions, Hooks(), metrics, timeout=30), settings)
    versions.stop()


def ask(app: Any, path: str, body: bytes = b"", query: bytes = b"") -> tuple[int, Any]:
    request = Request("POST" if body else "GET", path, query, {}, body)
    answer = asyncio.run(app(request))
    return answer.status, json.loads(answer.body)


def test_a_row_and_a_form_are_answered_alike(app: Any) -> None:
    expected = {"predictions": [{"both": [5.0, 0.0], "kind": "small", "y": [5.0]}]}
    body = b'{"instances": [{"x": 2.0, "name": "a"}]}'
    assert ask(app, "/v1/models/small:predict", body) == (200, expected)
    assert ask(app, "/v1/models/small/predict", query=b"x=2&name=a") == (200, expected)


def test_an_alias_is_answered_as_what_it_stands_for(app: Any) -> None:
    expected = ask(app, "/v1/models/small/predict", query=b"x=2&name=a")
    assert ask(app, "/x/2", query=b"name=a") == expected
    assert expected[0] == 200
    assert ask(app, "/x/two")[0] == 400
    status, answer = ask(app, "/x/2", query=b"nmae=a")
    assert status == 400 and "does not have named input: nmae" in answer["error"]
    assert ask(app, "/lost/2")[0] == 404
    assert ask(app, "/x/2/3") == (404, {"error": "Not found: /x/2/3"})
    assert ask(app, "/x/2", b"{}")[0] == 404, "an alias is for GET"


@pytest.mark.parametrize(
    ("path", "body", "query", "status", "name"),
    [
        ("/v1/models/small:predict", b"{", b"", 400, "INVALID_ARGUMENT"),
        ("/v1/models/small/versions/9:predict", b"{}", b"", 404, "NOT_FOUND"),
        ("/v1/models/small:predict", b'{"instances": [{"x": 13}]}', b"", 400, "INVALID_ARGUMENT"),
        ("/v1/models/small:classify", b'{"examples": [{}]}', b"", 400, "INVALID_ARGUMENT"),
        ("/v1/models/small/predict", b"", b"x=a", 400, "INVALID_ARGUMENT"),
    ],
)
def test_what_is_refused_is_counted(
    app: Any, path: str, body: bytes, query: bytes, status: int, name: str
) -> None:
    def count() -> float:
        start = f'{COUNTED}{{model_name="small",status="{name}"}} '
        found = [one for one in app._counts.text().splitlines() if one.startswith(start)]
        return float(found[0].rpartition(" ")[2]) if found else 0

    before = count()
    assert ask(app, path, body, query)[0] == status
    assert count() == before + 1


@pytest.mark.parametrize("code", Code)
def test_every_error_of_the_engine_is_counted_by_its_name(
    app: Any, code: Code, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run(*_: Any) -> None:
        raise ServingError(code, "no")

    monkeypatch.setattr(app._engine, "run", run)
    body = b'{"instances": [{"x": 2.0}]}'
    assert ask(app, "/v1/models/small:predict", body) == (code.http, {"error": "no"})
    assert f'{COUNTED}{{model_name="small",status="{code.name}"}}' in app._counts.text()


def test_what_the_server_tells_of_its_models(app: Any) -> None:
    status, told = ask(app, "/v1/models/small")
    assert (status, told["model_version_status"][0]["state"]) == (200, "AVAILABLE")
    assert ask(app, "/v1/models/small/metadata")[1]["model_spec"]["version"] == "1"
    assert ask(app, "/models")[1]["models"][0]["name"] == "small"
    assert ask(app, "/readyz") == (200, {"status": "ready", "reasons": []})
    assert ask(app, "/v1/models/other")[0] == 404


def test_a_canary_with_other_inputs_breaks_neither_the_form_nor_the_page(tmp_path: Path) -> None:
    from serving.engine.engine import Engine
    from serving.engine.versions import Versions
    from serving.model import models_config
    from serving.rest.inference_app import InferenceApp

    small_model.write(tmp_path / "small" / "1")
    small_model.write_counting(tmp_path / "small" / "2")
    labels = {"stable": 1, "canary": 2}
    served = models_config.ServedModel("small", versions=(1, 2), labels=labels)
    models_config.write(tmp_path / models_config.FILE, {"small": served})

    class AllToCanary:
        def choose(self, model: str, key: str | None) -> Choice:
            return Choice(2, "canary")

        def observe(self, outcome: Outcome) -> None:
            pass

        def close(self) -> None:
            pass

    metrics, settings = Metrics(), Settings(tmp_path)
    versions = Versions(tmp_path, settings.limits, metrics)
    versions.scan()
    versions.scanned.set()
    app = InferenceApp(Engine(versions, Hooks(AllToCanary()), metrics, timeout=30), settings)
    status, answer = ask(app, "/v1/models/small/predict", query=b"x=2&name=a")
    assert (status, answer["predictions"][0]["y"]) == (200, [5.0])
    (told,) = ask(app, "/models")[1]["models"]
    assert (told["version"], [one["name"] for one in told["inputs"]]) == (1, ["name", "tags", "x"])
    assert ask(app, "/v1/models/small:predict", b'{"instances": [2]}') == (
        200,
        {"predictions": [4]},
    )
    for version in versions.snapshot["small"].versions.values():
        version.batcher.close()
