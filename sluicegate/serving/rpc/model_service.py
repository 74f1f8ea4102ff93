"""ModelService over gRPC: what state a model is in, and serving other models."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from tensorflow_serving.apis import get_model_status_pb2, model_management_pb2

from sluicegate.serving import config
from sluicegate.serving.admission import Admission
from sluicegate.serving.core import ServerCore
from sluicegate.serving.rpc.prediction_service import _abort
from sluicegate.serving.status import Code, ServingError, invalid
from sluicegate.serving.versions.arrival import served

log = logging.getLogger("sluicegate.serving")
_ONLY_LISTS = (
    "ServerModelConfig type not supported by HandleReloadConfigRequest. Only ModelConfigList is currently supported"
)


@dataclass(frozen=True)
class ModelService:
    """GetModelStatus and HandleReloadConfigRequest."""

    core: ServerCore
    admission: Admission

    async def get_model_status(self, request: Any, context: Any) -> Any:
        if not request.HasField("model_spec"):
            return await _abort(context, invalid("Missing ModelSpec"))
        spec = request.model_spec
        # As the real server, which looks at the version only and not at a label.
        number = spec.version.value if spec.WhichOneof("version_choice") == "version" else None
        try:
            versions = self.core.library.statuses(spec.name, number)
        except ServingError as error:
            return await _abort(context, error)
        response = get_model_status_pb2.GetModelStatusResponse()
        for version in versions:
            status = response.model_version_status.add(version=version.number, state=int(version.state))
            code, status.status.error_message = version.status
            status.status.error_code = int(code)
        return response

    async def handle_reload_config_request(self, request: Any, context: Any) -> Any:
        metrics = self.core.metrics
        before = {name: metrics.value(name) for name in request.metric_names}
        try:
            who = self.admission.check({k: v for k, v in context.invocation_metadata() if isinstance(v, str)})
            log.info("%s reloads the models", who)
            await self._reload(request)
        except ServingError as error:
            return await _abort(context, error)
        response = model_management_pb2.ReloadConfigResponse()
        response.status.error_code = int(Code.OK)
        for name, value in before.items():
            response.metric.add(name=name, int64_value_increase=metrics.value(name) - value)
        return response

    async def _reload(self, request: Any) -> None:
        kind = request.config.WhichOneof("config")
        if kind != "model_config_list":
            raise invalid(_ONLY_LISTS)
        configs = config.from_proto(request.config.model_config_list)
        await self.core.library.take_up(configs)
        await served(self.core.library, [one.name for one in configs])
