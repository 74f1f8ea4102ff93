"""The gRPC port: both services, and grpc.health.v1."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.message import DecodeError
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    model_management_pb2,
    predict_pb2,
    regression_pb2,
)

from schemas.address import with_port
from sluicegate.serving.aside import LARGE, Aside, request_is_large
from sluicegate.serving.options import Tls
from sluicegate.serving.rpc.kserve import SERVICE as KSERVE
from sluicegate.serving.rpc.kserve import KServeHealth
from sluicegate.serving.rpc.model_service import ModelService
from sluicegate.serving.rpc.prediction_service import PredictionService

PREDICTION, MODEL = "tensorflow.serving.PredictionService", "tensorflow.serving.ModelService"
#: As TensorFlow Serving names them in its health service.
_HEALTH_NAMES = ("", "PredictionService", "ModelService", PREDICTION, MODEL)


@dataclass(frozen=True)
class GrpcOptions:
    """arguments : gRPC's own names to values; they win over ours.  health : whether grpc.health.v1 answers."""

    max_request_bytes: int
    arguments: tuple[tuple[str, int | str], ...] = ()
    health: bool = True


class GrpcServer:
    """port : the one taken, 0 for none."""

    def __init__(
        self, prediction: PredictionService, model: ModelService, kserve: KServeHealth, options: GrpcOptions
    ) -> None:
        arguments = {
            "grpc.max_receive_message_length": options.max_request_bytes,
            "grpc.max_send_message_length": -1,
            "grpc.so_reuseport": 0,
            **dict(options.arguments),
        }
        self._server = grpc.aio.server(options=list(arguments.items()))
        self._health = health.aio.HealthServicer()
        if options.health:
            health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        health_too = _handlers(KSERVE, prediction.core.aside, kserve.methods())
        self._server.add_generic_rpc_handlers((_prediction(prediction), _model(model), health_too))
        self._socket: Path | None = None
        self.port = 0

    async def start(self, host: str, port: int | None, tls: Tls | None, socket: Path | None = None) -> None:
        """Listens.

        port : 0 takes a free one, None opens none.

        Raises RuntimeError when the port is taken.
        """
        if port is not None:
            self.port = self._open(with_port(host, port), tls)
        if socket is not None:
            self._open(f"unix:{socket}", tls)
            self._socket = socket
        await self._server.start()

    def _open(self, address: str, tls: Tls | None) -> int:
        if tls is None:
            found = self._server.add_insecure_port(address)
        else:
            found = self._server.add_secure_port(address, _credentials(tls))
        if not found:
            raise RuntimeError(f"{address} is taken")
        return int(found)

    async def say(self, serving: bool) -> None:
        """Tells the health service's clients."""
        status = health_pb2.HealthCheckResponse.SERVING if serving else health_pb2.HealthCheckResponse.NOT_SERVING
        for name in _HEALTH_NAMES:
            await self._health.set(name, status)

    async def stop(self, grace: float) -> None:
        """Takes nothing new and answers what came in."""
        await self._server.stop(grace)
        if self._socket is not None:
            self._socket.unlink(missing_ok=True)


def _credentials(tls: Tls) -> Any:
    return grpc.ssl_server_credentials(
        [(tls.key, tls.certificate)], root_certificates=tls.client_ca, require_client_auth=tls.client_ca is not None
    )


def _handlers(service: str, aside: Aside, methods: dict[str, tuple[Callable[..., Any], Any, Any]]) -> Any:
    return grpc.method_handlers_generic_handler(
        service,
        {
            name: grpc.unary_unary_rpc_method_handler(
                _with_large(call, request, aside), partial(_read_if_small, request), _written
            )
            for name, (call, request, _) in methods.items()
        },
    )


def _with_large(call: Callable[..., Any], message: Any, aside: Aside) -> Callable[..., Any]:
    """A method whose large requests are read, and whose large answers are written, aside."""

    async def called(request: Any, context: Any) -> Any:
        if isinstance(request, bytes):
            request_is_large.set(True)
            try:
                request = await aside.run(lambda: message.FromString(request))
            except DecodeError:
                # What gRPC says itself of small ones.
                await context.abort(grpc.StatusCode.INTERNAL, "Exception deserializing request!")
        return await call(request, context)

    return called


def _read_if_small(message: Any, raw: bytes) -> Any:
    return raw if len(raw) > LARGE else message.FromString(raw)


def _written(response: Any) -> bytes:
    return response if isinstance(response, bytes) else response.SerializeToString()


def _prediction(service: PredictionService) -> Any:
    return _handlers(
        PREDICTION,
        service.core.aside,
        {
            "Predict": (service.predict, predict_pb2.PredictRequest, predict_pb2.PredictResponse),
            "Classify": (
                service.classify,
                classification_pb2.ClassificationRequest,
                classification_pb2.ClassificationResponse,
            ),
            "Regress": (service.regress, regression_pb2.RegressionRequest, regression_pb2.RegressionResponse),
            "MultiInference": (
                service.multi_inference,
                inference_pb2.MultiInferenceRequest,
                inference_pb2.MultiInferenceResponse,
            ),
            "GetModelMetadata": (
                service.get_model_metadata,
                get_model_metadata_pb2.GetModelMetadataRequest,
                get_model_metadata_pb2.GetModelMetadataResponse,
            ),
        },
    )


def _model(service: ModelService) -> Any:
    return _handlers(
        MODEL,
        service.core.aside,
        {
            "GetModelStatus": (
                service.get_model_status,
                get_model_status_pb2.GetModelStatusRequest,
                get_model_status_pb2.GetModelStatusResponse,
            ),
            "HandleReloadConfigRequest": (
                service.handle_reload_config_request,
                model_management_pb2.ReloadConfigRequest,
                model_management_pb2.ReloadConfigResponse,
            ),
        },
    )
