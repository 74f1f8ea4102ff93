"""TFX adapter: the stock Pusher's executor, with our way of copying."""

import time
from datetime import UTC, datetime
from typing import Any

from tfx.components.pusher import executor as stock
from tfx.proto import pusher_pb2
from tfx.types import artifact_utils
from tfx.utils import io_utils, path_utils, proto_utils

from components.pusher import bucket, core
from components.pusher.core import Pushed
from schemas.errors import MachineError, Problem
from schemas.push_record import PushRecord
from sluicegate.delivery import push_records
from sluicegate.storage.opening import at, is_remote

Artifacts = dict[str, list[Any]]
#: Set by TFX's InfraValidator and ours on a blessing that holds a model.
HAS_MODEL = "has_model"


class Executor(stock.Executor):
    """Obeys blessings as TFX does; adds `digest`, `serving_folder` and `copied` (1 or 0) to TFX's properties."""

    def Do(self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]) -> None:
        self._log_startup(input_dict, output_dict, exec_properties)
        pushed_model = artifact_utils.get_single_instance(output_dict["pushed_model"])
        serving_folder = _serving_folder(exec_properties)
        pushed_model.set_string_custom_property("serving_folder", serving_folder)
        if not self.CheckBlessing(input_dict):
            self._MarkNotPushed(pushed_model)
            return
        model = self.GetModelPath(input_dict)
        pushed = _push(model, serving_folder)
        _record(input_dict, serving_folder, pushed.version, pushed.digest)
        io_utils.copy_dir(model, pushed_model.uri)
        self._MarkPushed(pushed_model, pushed_destination=pushed.folder, pushed_version=str(pushed.version))
        pushed_model.set_string_custom_property("digest", pushed.digest)
        pushed_model.set_int_custom_property("copied", int(pushed.copied))

    def GetModelPath(self, input_dict: Artifacts) -> str:
        """The copy with warm-up requests where the serving check made one; TFX would take the other."""
        for blessing in input_dict.get("infra_blessing", []):
            if blessing.get_int_custom_property(HAS_MODEL) == 1:
                return str(path_utils.stamped_model_path(blessing.uri))
        return str(super().GetModelPath(input_dict))


def _push(model: str, serving_folder: str) -> Pushed:
    now = time.time()
    return (
        bucket.push(model, at(serving_folder), now)
        if is_remote(serving_folder)
        else core.push(model, serving_folder, now)
    )


def _record(input_dict: Artifacts, serving_folder: str, version: int, digest: str) -> None:
    """Without it a version is one that came past the gates; a model that was pushed before there were records gets one now."""
    found = {
        name: input_dict[name][0].uri if input_dict.get(name) else "" for name in ("model_blessing", "infra_blessing")
    }
    now = datetime.now(UTC).isoformat(timespec="seconds")
    record = PushRecord(version, digest, found["model_blessing"], now, found["infra_blessing"])
    push_records.keep(record, serving_folder)


def _serving_folder(exec_properties: dict[str, Any]) -> str:
    destination = pusher_pb2.PushDestination()
    proto_utils.json_to_proto(exec_properties["push_destination"], destination)
    folder = destination.filesystem.base_directory
    if not folder:
        raise MachineError(
            "The Pusher cannot push there.",
            Problem(
                "push_destination.filesystem.base_directory",
                repr(folder),
                "a folder of this machine, or s3://, gs:// or az://",
                "name the serving folder",
            ),
        )
    at(folder)  # refuses what is no place
    return str(folder)
