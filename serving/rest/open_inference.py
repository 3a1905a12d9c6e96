"""The Open Inference Protocol, version 2, by REST: `/v2`."""

from __future__ import annotations

from functools import partial
from typing import Any

from serving.codec import open_inference, open_inference_json, predict_json
from serving.core import background, json_text
from serving.core.errors import Code, ServingError
from serving.core.exchange import Answer
from serving.core.model_spec import ModelSpec
from serving.engine.engine import Engine
from serving.http.messages import Request
from serving.rest.paths import Route

_LENGTH = b"inference-header-content-length"
"""Triton's header: how long the JSON is, where tensors are behind it as bytes."""

_MEMORY_OF_LOG = 4
"""How many times a body's length its tensors take as JSON, for the request log, at most about."""


class OpenInferenceAnswer(Answer):
    """An answer, with what the request log has of it."""

    logged_body = b"null"

    def json(self) -> bytes:
        """The answer as `:predict` would have it, in columns."""
        return self.logged_body


async def infer(engine: Engine, spec: ModelSpec, request: Request, body: bytes) -> Answer:
    """`/infer`.

    Raises:
        ServingError: The request is refused, or the model fails.
    """
    read = partial(open_inference_json.read, body, json_bytes(request), engine.versions.limits.rows)
    if engine.hooks.request_log is not None:
        request.hold(_MEMORY_OF_LOG * len(body))
    asked = await background.run(read) if len(body) > background.LONG else read()
    result = await engine.run(spec, lambda version: asked.tensors(version.loaded))
    signature, outputs = result.signature, result.outputs
    long = len(body) > background.LONG or predict_json.is_long(outputs)

    def answered() -> OpenInferenceAnswer:
        written, length = open_inference_json.write(
            asked, spec.name, result.version, signature, outputs
        )
        answer = OpenInferenceAnswer(written, version=result.version, label=result.label)
        if length is not None:
            answer.content_type = b"application/octet-stream"
            answer.headers = [(_LENGTH, b"%d" % length)]
        if not request.headers.get(b"x-request-id"):
            answer.id = open_inference.header_id(asked.id)
        if engine.hooks.request_log is not None:
            answer.request = open_inference.logged_request(signature.name, asked.inputs)
            answer.logged_body = open_inference.logged_answer(signature, outputs)
        return answer

    return await background.run(answered) if long else answered()


def json_bytes(request: Request) -> int | None:
    """How long the JSON of a request's body is; None for all of it.

    Raises:
        ServingError: The header that says it is no number.
    """
    sent = request.headers.get(_LENGTH)
    if sent is None:
        return None
    if not sent.isdigit() or len(sent) > 18:
        shown = json_text.shown(sent.decode("latin-1"))
        raise open_inference.refused(f"Inference-Header-Content-Length is {shown}, no number")
    return int(sent)


def info(engine: Engine, route: Route) -> Answer:
    """What is asked of the server, or of a model.

    Raises:
        ServingError: There is no such model, or version.
    """
    if route.resource == "server":
        return Answer(
            json_text.dump({**open_inference.SERVER, "extensions": open_inference.EXTENSIONS})
        )
    if route.resource == "ready":
        ready = is_ready(engine, route.spec)
        body = json_text.dump({"name": route.spec.name, "ready": ready})
        return Answer(body, 200 if ready else 503)
    return Answer(json_text.dump(metadata(engine, route.spec)))


def is_ready(engine: Engine, spec: ModelSpec) -> bool:
    """Whether a model, or one of its versions, answers.

    Raises:
        ServingError: There is no such model.
    """
    if not engine.versions.is_model(spec.name):
        raise ServingError(Code.NOT_FOUND, f"There is no model '{spec.name}'")
    try:
        return not engine.find(spec).batcher.stuck
    except ServingError:
        return False


def metadata(engine: Engine, spec: ModelSpec) -> dict[str, Any]:
    """What the protocol tells of a model; of its tensors, those of the version that is asked for.

    Raises:
        ServingError: There is no such version.
    """
    version = engine.find(spec)
    served = engine.versions.snapshot[spec.name].versions
    return open_inference.metadata(spec.name, served, version.loaded)
