"""ML Metadata's gRPC service around the C++ store of TFX's own package, as its server is.

usage: python -m tools.kubeflow.metadata_server PORT FILE
"""

from __future__ import annotations

import sys
import threading
from concurrent import futures
from typing import Any, Callable

import grpc
from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2
from ml_metadata.proto import metadata_store_service_pb2 as service_pb2

_LOCK = threading.Lock()


def serve(port: int, file: str) -> None:
    """Serves until it is stopped.

    Args:
        port: Of 127.0.0.1.
        file: The SQLite file that keeps the store.
    """
    config = metadata_store_pb2.ConnectionConfig()
    config.sqlite.filename_uri = file
    config.sqlite.connection_mode = (
        metadata_store_pb2.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
    )
    store = metadata_store.MetadataStore(config)
    service = service_pb2.DESCRIPTOR.services_by_name["MetadataStoreService"]
    native = metadata_store.metadata_store_serialized
    handlers = {
        method.name: _handler(getattr(native, method.name), store, method)
        for method in service.methods
        if hasattr(native, method.name)
    }
    server = grpc.server(futures.ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(service.full_name, handlers),)
    )
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    server.wait_for_termination()


def _handler(native: Callable[..., Any], store: Any, method: Any) -> Any:
    response_type = getattr(service_pb2, method.output_type.name)

    def call(request: Any, context: grpc.ServicerContext) -> Any:
        with _LOCK:
            response, message, code = native(store._metadata_store, request.SerializeToString())
        if code:
            status = next(one for one in grpc.StatusCode if one.value[0] == code)
            context.abort(status, message.decode() if isinstance(message, bytes) else message)
        return response_type.FromString(response)

    return grpc.unary_unary_rpc_method_handler(
        call,
        request_deserializer=getattr(service_pb2, method.input_type.name).FromString,
        response_serializer=response_type.SerializeToString,
    )


if __name__ == "__main__":
    serve(int(sys.argv[1]), sys.argv[2])
