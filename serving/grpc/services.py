"""TensorFlow Serving's two services: their descriptors, and their methods on a server.

The descriptors are made here: the modules that tensorflow-serving-api has of the services (not
those of the messages) were generated long ago, and Protocol Buffers 6 cannot read them. They are
equal to those of the modules, so that a client in the same process may import them where they can
be read. Source: `tensorflow_serving/apis/prediction_service.proto` and `model_service.proto`.
"""

from __future__ import annotations

from typing import Any

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    model_management_pb2,
    predict_pb2,
    regression_pb2,
)

_PACKAGE = "tensorflow.serving"
PREDICTION_SERVICE = f"{_PACKAGE}.PredictionService"
MODEL_SERVICE = f"{_PACKAGE}.ModelService"

METHODS: dict[str, dict[str, tuple[Any, Any]]] = {
    PREDICTION_SERVICE: {
        "Classify": (
            classification_pb2.ClassificationRequest,
            classification_pb2.ClassificationResponse,
        ),
        "Regress": (regression_pb2.RegressionRequest, regression_pb2.RegressionResponse),
        "Predict": (predict_pb2.PredictRequest, predict_pb2.PredictResponse),
        "MultiInference": (
            inference_pb2.MultiInferenceRequest,
            inference_pb2.MultiInferenceResponse,
        ),
        "GetModelMetadata": (
            get_model_metadata_pb2.GetModelMetadataRequest,
            get_model_metadata_pb2.GetModelMetadataResponse,
        ),
    },
    MODEL_SERVICE: {
        "GetModelStatus": (
            get_model_status_pb2.GetModelStatusRequest,
            get_model_status_pb2.GetModelStatusResponse,
        ),
        "HandleReloadConfigRequest": (
            model_management_pb2.ReloadConfigRequest,
            model_management_pb2.ReloadConfigResponse,
        ),
    },
}
"""Of each service its methods, with the classes of their requests and responses."""


def _file(path: str, service: str) -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(name=path, package=_PACKAGE, syntax="proto3")
    file.options.cc_enable_arenas = True
    described = file.service.add(name=service.rpartition(".")[2])
    for name, (request, response) in METHODS[service].items():
        if (needed := request.DESCRIPTOR.file.name) not in file.dependency:
            file.dependency.append(needed)
        described.method.add(
            name=name,
            input_type=f".{request.DESCRIPTOR.full_name}",
            output_type=f".{response.DESCRIPTOR.full_name}",
        )
    file.dependency.sort()
    return file


FILES = (
    _file("tensorflow_serving/apis/prediction_service.proto", PREDICTION_SERVICE),
    _file("tensorflow_serving/apis/model_service.proto", MODEL_SERVICE),
)
for _each in FILES:
    # Reflection finds the services there.
    descriptor_pool.Default().AddSerializedFile(_each.SerializeToString())


def handler(service: str, servicer: Any) -> grpc.GenericRpcHandler:
    """A service for a server.

    Args:
        service: One of `METHODS`.
        servicer: Has a method `(request, context)` for each of the service's.
    """
    handlers = {
        name: grpc.unary_unary_rpc_method_handler(
            getattr(servicer, name), request.FromString, response.SerializeToString
        )
        for name, (request, response) in METHODS[service].items()
    }
    return grpc.method_handlers_generic_handler(service, handlers)
