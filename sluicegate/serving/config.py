"""The models to serve: TensorFlow Serving's model_config_file in plain terms."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from schemas.errors import SluicegateError
from sluicegate.serving import textproto
from sluicegate.serving.status import invalid
from sluicegate.storage.opening import at, is_remote, local_path
from sluicegate.storage.place import StorageFolder, brief

log = logging.getLogger("sluicegate.serving")


@dataclass(frozen=True)
class Latest:
    """The newest versions, by number."""

    count: int = 1

    def wanted(self, found: Iterable[int]) -> set[int]:
        return set(sorted(found)[-max(self.count, 1) :])


@dataclass(frozen=True)
class All:
    """Every version there is."""

    def wanted(self, found: Iterable[int]) -> set[int]:
        return set(found)


@dataclass(frozen=True)
class Specific:
    """These versions, as far as they are there."""

    versions: frozenset[int]

    def wanted(self, found: Iterable[int]) -> set[int]:
        return set(found) & self.versions


Policy = Latest | All | Specific


@dataclass(frozen=True)
class ModelConfig:
    """One model.

    base_path : folder of version folders, absolute, or a bucket's place.
    labels : name of a label to its version.
    """

    name: str
    base_path: Path | StorageFolder
    policy: Policy = Latest()
    labels: Mapping[str, int] = field(default_factory=dict)


def parse(text: str) -> tuple[ModelConfig, ...]:
    """The models of a model_config_file (text of a ModelServerConfig). Raises ServingError."""
    from tensorflow_serving.config import model_server_config_pb2

    try:
        proto = textproto.parse(text, model_server_config_pb2.ModelServerConfig())
    except textproto.TextError as error:
        raise invalid(f"The model config cannot be parsed: {error.message}") from None
    if proto.WhichOneof("config") == "custom_model_config":
        raise invalid("custom_model_config is not supported; list the models in model_config_list")
    return from_proto(proto.model_config_list)


def from_proto(config_list: Any) -> tuple[ModelConfig, ...]:
    """The models of a ModelConfigList. Raises ServingError with TensorFlow Serving's texts."""
    configs = tuple(_one(proto) for proto in config_list.config)
    seen: set[str] = set()
    for config in configs:
        if config.name in seen:
            raise invalid(f"Illegal to list model {config.name} multiple times in config list")
        seen.add(config.name)
    return configs


def _one(proto: Any) -> ModelConfig:
    if not proto.name:
        raise invalid("ModelConfig has no name")
    if proto.model_platform not in ("", "tensorflow"):
        raise invalid(f"Model {proto.name} is of platform {proto.model_platform!r}; this server runs tensorflow only")
    base_path = base_path_of(proto.base_path)
    if isinstance(base_path, Path) and not base_path.is_absolute():
        raise invalid(f"Expected model {proto.name} to have an absolute path or URI; got base_path()={proto.base_path}")
    if proto.HasField("logging_config"):
        log.warning("logging_config of %s has no effect here: --request_log keeps requests", proto.name)
    return ModelConfig(proto.name, base_path, _policy(proto), dict(proto.version_labels))


def base_path_of(text: str) -> Path | StorageFolder:
    """Raises ServingError for a URI that cannot be used."""
    try:
        return at(text) if is_remote(text) else local_path(text)
    except SluicegateError as error:
        raise invalid(brief(error)) from None


def _policy(proto: Any) -> Policy:
    policy = proto.model_version_policy
    match policy.WhichOneof("policy_choice"):
        case "all":
            return All()
        case "specific":
            return Specific(frozenset(policy.specific.versions))
        case _:
            return Latest(policy.latest.num_versions or 1)
