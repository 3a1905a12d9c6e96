"""TensorFlow Serving's gRPC API: `PredictionService` without `SessionRun`, and `ModelService`.

Beside it are gRPC's own services for health and reflection, whose methods are streams.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import grpc
import grpc.aio
from google.protobuf.message import DecodeError
from grpc_health.v1 import health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2_grpc
from tensorflow_serving.apis import get_model_status_pb2, model_management_pb2

from serving.codec import open_inference as open_codec
from serving.codec import tensors
from serving.core import background, logs
from serving.core.errors import Code, ServingError
from serving.core.exchange import Call, Exchange, Refusal
from serving.core.model_spec import ModelSpec
from serving.core.settings import Settings
from serving.engine import model_info
from serving.engine.engine import Engine
from serving.grpc import (
    health,
    log_json,
    long_messages,
    methods,
    open_inference,
    open_inference_messages,
    reflection,
    reload_config,
    services,
)

_STATUSES = {status.value[0]: status for status in grpc.StatusCode}
_DETAILS = 2048
_SERVICES = (*services.METHODS, open_inference_messages.SERVICE)

Handler = Callable[[Engine, Any, ModelSpec, Settings], Awaitable[methods.MessageAnswer]]


class GrpcServer:
    """The gRPC side of a server.

    Args:
        engine: Runs the requests.
        settings: Port, limits, token and TLS.
    """

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self._settings = settings
        self._service = _Service(engine, settings)
        self._guard = _Guard()
        self._health = health.Health(engine.versions, _SERVICES)
        self._server: grpc.aio.Server | None = None

    def announce_stop(self) -> None:
        """Has the health service say that the server stops, while it still answers."""
        self._health.stopping = True
        self._service.stopping = True

    async def start(self) -> int:
        """Opens the port and returns it, -1 if there is to be none.

        Raises:
            ServingError: The port is taken, or the certificate cannot be read.
        """
        settings = self._settings
        if settings.grpc_port < 0:
            return -1
        self._server = grpc.aio.server(
            interceptors=[self._guard],
            options=[
                ("grpc.max_receive_message_length", settings.body_bytes),
                ("grpc.max_send_message_length", -1),
                ("grpc.so_reuseport", int(settings.workers > 1)),
            ],
        )
        self._server.add_generic_rpc_handlers(
            (
                services.handler(services.PREDICTION_SERVICE, _Predictions(self._service)),
                services.handler(services.MODEL_SERVICE, _Models(self._service)),
                _open_inference(self._service),
            )
        )
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        reflection_pb2_grpc.add_ServerReflectionServicer_to_server(
            reflection.Reflection(
                (*_SERVICES, health.SERVICE, reflection.SERVICE), self._service.authorize
            ),
            self._server,
        )
        address = f"{settings.host}:{settings.grpc_port}"
        try:
            if settings.tls_certificate:
                key = settings.tls_key or settings.tls_certificate
                pair = key.read_bytes(), settings.tls_certificate.read_bytes()
                port = self._server.add_secure_port(address, grpc.ssl_server_credentials([pair]))
            else:
                port = self._server.add_insecure_port(address)
        except (OSError, RuntimeError) as error:
            raise ServingError(
                Code.UNAVAILABLE,
                f"Cannot listen on {settings.host}, port {settings.grpc_port}, for gRPC",
                str(error),
                "Stop what uses the port, or choose another with --grpc-port.",
            ) from error
        await self._server.start()
        return port

    async def stop(self, grace: float) -> None:
        """Takes no more requests, and answers what was accepted within `grace` seconds."""
        if self._server:
            self._guard.end_streams()
            await self._server.stop(grace)


class _Service:
    """What all methods have in common: the exchange around an inference, and errors.

    Args:
        engine: Runs the requests.
        settings: Limits and token.
    """

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self._engine = engine
        self._settings = settings
        self._exchange = Exchange(
            engine.hooks, engine.metrics, settings.token, engine.versions.is_model
        )
        self.stopping = False
        """Set when the server stops, so that a balancer sends no more."""

    async def infer(self, method: str, handler: Handler, request: Any, context: Any) -> Any:
        """Answers an inference request of TensorFlow Serving's API."""
        metadata = self._metadata(context)
        spec = methods.model_spec(request, metadata.get("x-routing-key"))
        limit = self._settings.body_bytes

        def logged() -> bytes:
            return log_json.request_json(request, limit)

        long = request.ByteSize() > background.LONG
        call = Call(metadata.get("x-request-id", ""), spec, method, "GRPC", logged, long)
        return await self._exchanged(call, handler, request, context)

    async def infer_openly(self, request: Any, context: Any) -> Any:
        """Answers an inference request of the Open Inference Protocol."""
        metadata = self._metadata(context)
        sent = metadata.get("x-request-id") or open_codec.header_id(request.id)
        spec = open_inference.spec(request, metadata.get("x-routing-key"))
        most = self._settings.limits.rows

        def logged() -> bytes:
            return open_inference.request_json(request, most)

        long = request.ByteSize() > background.LONG
        call = Call(sent, spec, "Infer", "GRPC", logged, long)
        return await self._exchanged(call, open_inference.infer, request, context)

    async def _exchanged(self, call: Call, handler: Handler, request: Any, context: Any) -> Any:
        metadata = self._metadata(context)
        request_id = self._exchange.request_id(call.id)
        trailing = [("x-request-id", request_id)]
        try:
            self._authorize(metadata)
        except ServingError as error:
            return await _abort(context, error, trailing)
        answer = await self._exchange.run(
            call._replace(id=request_id),
            lambda: handler(self._engine, request, call.spec, self._settings),
        )
        if answer.version is not None:
            trailing.append(("x-model-version", str(answer.version)))
        if answer.logged is not None:
            trailing.append(("x-request-logged", str(answer.logged).lower()))
        if isinstance(answer, Refusal):
            return await _abort(context, answer.error, trailing)
        context.set_trailing_metadata(tuple(trailing))
        return answer.message

    def authorize(self, context: Any) -> None:
        """Checks the token of a request.

        Raises:
            ServingError: It is not the server's.
        """
        self._authorize(self._metadata(context))

    async def info(
        self,
        handler: Callable[[Engine, Any], Any],
        request: Any,
        context: Any,
        open_to_all: bool = False,
    ) -> Any:
        """Answers a request about models, or about the server."""
        try:
            if not open_to_all:
                self.authorize(context)
            return handler(self._engine, request)
        except ServingError as error:
            return await _abort(context, error)

    async def reload(self, request: Any, context: Any) -> Any:
        """Answers a request for other versions and labels."""
        loop, versions = asyncio.get_running_loop(), self._engine.versions
        try:
            self.authorize(context)
            await loop.run_in_executor(None, reload_config.reload, versions, request.config)
        except ServingError as error:
            logs.event("reload refused", "warning", error=str(error))
            return await _abort(context, error)
        logs.event("config reloaded", models=sorted(versions.snapshot))
        response = model_management_pb2.ReloadConfigResponse()
        response.status.SetInParent()
        return response

    @staticmethod
    def _metadata(context: Any) -> dict[str, Any]:
        return dict(context.invocation_metadata() or ())

    def _authorize(self, metadata: dict[str, Any]) -> None:
        self._exchange.authorize(str(metadata.get("authorization", "")).encode())


async def _abort(
    context: Any, error: ServingError, trailing: Sequence[tuple[str, str]] = ()
) -> None:
    # It travels as a header, of which clients take 8 kB, with three bytes for one beyond ASCII.
    told = logs.redactor().text(str(error))
    details = told.encode(errors="replace")[:_DETAILS].decode(errors="ignore")
    await context.abort(_STATUSES[int(error.code)], details, tuple(trailing))


class _Guard(grpc.aio.ServerInterceptor):
    """Answers what no method can: gRPC would tell clients of Python's exceptions."""

    def __init__(self) -> None:
        self._streams: set[asyncio.Task[Any]] = set()
        self._ending = False

    def end_streams(self) -> None:
        """Ends the streams, which their clients may leave open for ever."""
        self._ending = True
        for task in self._streams:
            task.cancel()

    async def intercept_service(self, continuation: Any, handler_call_details: Any) -> Any:
        """Wraps a method."""
        method = await continuation(handler_call_details)
        if method is None:
            return None

        def read(message: bytes) -> Any:
            if len(message) > background.LONG and not method.request_streaming:
                return _Unread(message)
            try:
                return method.request_deserializer(message)
            except DecodeError as error:
                return error

        async def answer(request: Any, context: Any) -> Any:
            try:
                if isinstance(request, _Unread):
                    request = await _read_in_parts(request.data, method.request_deserializer)
                _check_readable(request)
                return await method.unary_unary(request, context)
            except grpc.aio.AbortError:
                raise
            except Exception as failure:
                return await fail(failure, context)

        async def stream(request: Any, context: Any) -> AsyncIterator[Any]:
            task = asyncio.current_task()
            assert task is not None
            self._streams.add(task)
            try:
                if method.request_streaming:
                    answers = method.stream_stream(_readable(request), context)
                else:
                    _check_readable(request)
                    answers = method.unary_stream(request, context)
                async for one in answers:
                    yield one
            except grpc.aio.AbortError:
                raise
            except Exception as failure:
                await fail(failure, context)
            except asyncio.CancelledError:
                if not self._ending:  # The client has gone.
                    raise
                # gRPC would leave the stream open, and wait for it.
                await _abort(context, ServingError(Code.UNAVAILABLE, "The server is stopping"))
            finally:
                self._streams.discard(task)

        async def fail(failure: Exception, context: Any) -> None:
            if not isinstance(failure, ServingError):
                failure = logs.failure(failure, method=handler_call_details.method)
            await _abort(context, failure)

        if method.request_streaming:
            return grpc.stream_stream_rpc_method_handler(stream, read, method.response_serializer)
        if method.response_streaming:
            return grpc.unary_stream_rpc_method_handler(stream, read, method.response_serializer)
        return grpc.unary_unary_rpc_method_handler(answer, read, method.response_serializer)


class _Unread(NamedTuple):
    """A message that takes longer to read than the event loop may be held up."""

    data: bytes


async def _read_in_parts(data: bytes, from_string: Callable[[bytes], Any]) -> Any:
    kind = type(from_string(b""))
    read = partial(long_messages.parsed, data, kind, tensors.MOST_TEXTS)
    try:
        return await background.run(read)
    except DecodeError as error:
        return error
    except long_messages.TooManyPiecesError:
        raise tensors.too_many_texts() from None


def _check_readable(request: Any) -> None:
    if isinstance(request, DecodeError):
        raise ServingError(
            Code.INVALID_ARGUMENT, "The request is no message of the type that the method takes"
        )


async def _readable(requests: Any) -> AsyncIterator[Any]:
    async for request in requests:
        _check_readable(request)
        yield request


class _Predictions:
    def __init__(self, service: _Service) -> None:
        self._service = service

    async def Predict(self, request: Any, context: Any) -> Any:  # noqa: N802
        return await self._service.infer("Predict", methods.predict, request, context)

    async def Classify(self, request: Any, context: Any) -> Any:  # noqa: N802
        return await self._service.infer("Classify", methods.classify, request, context)

    async def Regress(self, request: Any, context: Any) -> Any:  # noqa: N802
        return await self._service.infer("Regress", methods.regress, request, context)

    async def MultiInference(self, request: Any, context: Any) -> Any:  # noqa: N802
        return await self._service.infer(
            "MultiInference", methods.multi_inference, request, context
        )

    async def GetModelMetadata(self, request: Any, context: Any) -> Any:  # noqa: N802
        return await self._service.info(methods.metadata, request, context)


class _Models:
    def __init__(self, service: _Service) -> None:
        self._service = service

    async def GetModelStatus(self, request: Any, context: Any) -> Any:  # noqa: N802
        return await self._service.info(_status, request, context)

    async def HandleReloadConfigRequest(self, request: Any, context: Any) -> Any:  # noqa: N802
        return await self._service.reload(request, context)


def _open_inference(service: _Service) -> Any:
    """The methods of the Open Inference Protocol, whose messages no generated code has."""

    async def infer(request: Any, context: Any) -> Any:
        return await service.infer_openly(request, context)

    def info(handler: Callable[[Engine, Any], Any], open_to_all: bool = False) -> Any:
        async def answer(request: Any, context: Any) -> Any:
            return await service.info(handler, request, context, open_to_all)

        return answer

    def ready(engine: Engine, request: Any) -> Any:
        is_ready = not (service.stopping or engine.versions.unready())
        return open_inference_messages.CLASSES["ServerReadyResponse"](ready=is_ready)

    # Whether the server is live and ready, anyone may ask, as with REST.
    answers = {
        "ServerLive": info(open_inference.live, open_to_all=True),
        "ServerReady": info(ready, open_to_all=True),
        "ServerMetadata": info(open_inference.server_metadata),
        "ModelReady": info(open_inference.model_ready),
        "ModelMetadata": info(open_inference.model_metadata),
        "ModelInfer": infer,
    }
    handlers = {
        method: grpc.unary_unary_rpc_method_handler(
            answers[method],
            open_inference_messages.CLASSES[f"{method}Request"].FromString,
            open_inference_messages.CLASSES[f"{method}Response"].SerializeToString,
        )
        for method in open_inference_messages.METHODS
    }
    return grpc.method_handlers_generic_handler(open_inference_messages.SERVICE, handlers)


def _status(engine: Engine, request: Any) -> Any:
    if not request.HasField("model_spec"):
        raise ServingError(Code.INVALID_ARGUMENT, "Missing ModelSpec")
    spec = methods.from_message(request.model_spec)
    number = engine.find(spec).number if spec.label else spec.version
    response = get_model_status_pb2.GetModelStatusResponse()
    for version, status in model_info.statuses(engine.versions, spec.name, number).items():
        entry = response.model_version_status.add(version=version, state=int(status.state))
        entry.status.error_code = int(status.error.code) if status.error else 0
        entry.status.error_message = model_info.error_message(engine.versions, status)
    return response
