"""KServe's questions about health over gRPC (grpc_predict_v2.proto); inference is TensorFlow Serving's API."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sluicegate.serving.core import ServerCore
from sluicegate.serving.health import model_is_ready
from sluicegate.serving.protos import kserve
from sluicegate.serving.rpc.prediction_service import _abort
from sluicegate.serving.status import ServingError, invalid

SERVICE = "inference.GRPCInferenceService"


@dataclass(frozen=True)
class KServeHealth:
    """not_ready : why the server should get no traffic."""

    core: ServerCore
    not_ready: Callable[[], list[str]]

    async def server_live(self, _: Any, __: Any) -> Any:
        return kserve("ServerLiveResponse")(live=True)

    async def server_ready(self, _: Any, __: Any) -> Any:
        return kserve("ServerReadyResponse")(ready=not self.not_ready())

    async def model_ready(self, request: Any, context: Any) -> Any:
        try:
            if request.version and not request.version.isdecimal():
                raise invalid(f"version is {request.version!r}; it is a number, or nothing")
            version = int(request.version) if request.version else None
            ready = model_is_ready(self.core.library, request.name, version)
        except ServingError as error:
            return await _abort(context, error)
        return kserve("ModelReadyResponse")(ready=ready)

    def methods(self) -> dict[str, tuple[Callable[..., Any], Any, Any]]:
        """Name to handler, request and response."""
        handlers = {"ServerLive": self.server_live, "ServerReady": self.server_ready, "ModelReady": self.model_ready}
        return {name: (call, kserve(f"{name}Request"), kserve(f"{name}Response")) for name, call in handlers.items()}
