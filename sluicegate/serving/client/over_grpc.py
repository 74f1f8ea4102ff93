"""PredictionService.Predict, as a client calls it. Needs TensorFlow and tensorflow-serving-api."""

from __future__ import annotations

from typing import Any

import grpc
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

from sluicegate.serving.client.asked import TIMEOUT_S, RefusedError, Tensors

CLIENTS_MISTAKE = frozenset({"INVALID_ARGUMENT", "NOT_FOUND", "FAILED_PRECONDITION", "OUT_OF_RANGE", "UNIMPLEMENTED"})


class GrpcClient:
    """PredictionService.Predict."""

    protocol = "gRPC"

    def __init__(self, endpoint: str, model: str) -> None:
        self._channel = grpc.insecure_channel(endpoint)
        self._stub = prediction_service_pb2_grpc.PredictionServiceStub(self._channel)
        self.model = model

    def close(self) -> None:
        self._channel.close()

    def ask(self, signature: str, inputs: Tensors) -> Tensors:
        response = self.send(predict_request(self.model, signature, inputs))
        return {name: tf.make_ndarray(tensor) for name, tensor in response.outputs.items()}

    def send(self, request: Any) -> Any:
        try:
            return self._stub.Predict(request, timeout=TIMEOUT_S)
        except grpc.RpcError as error:
            status = error.code().name
            raise RefusedError(status, error.details() or "", status in CLIENTS_MISTAKE) from None


def predict_request(model: str, signature: str, inputs: Tensors) -> predict_pb2.PredictRequest:
    """A PredictRequest of these tensors."""
    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = model, signature
    for name, values in inputs.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(list(values) if values.dtype == object else values))
    return request
