"""Messages of TensorFlow Serving and of KServe for which the server's packages bring no Python code.

After session_bundle_config.proto, monitoring_config.proto and ssl_config.proto of tensorflow/serving, and grpc_predict_v2.proto of
kserve, in a pool of their own: a program that has them from elsewhere keeps those.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, wrappers_pb2

_INT64, _STRING, _BOOL = "Int64Value", "StringValue", "BoolValue"
#: Name of a message to its fields: number, name, type. A type with a capital letter is a message.
_MESSAGES: dict[str, tuple[tuple[int, str, str], ...]] = {
    "BatchingParameters": (
        (1, "max_batch_size", _INT64),
        (2, "batch_timeout_micros", _INT64),
        (3, "max_enqueued_batches", _INT64),
        (4, "num_batch_threads", _INT64),
        (5, "thread_pool_name", _STRING),
        (6, "allowed_batch_sizes", "repeated int64"),
        (7, "pad_variable_length_inputs", "bool"),
        (8, "enable_large_batch_splitting", _BOOL),
        (9, "max_execution_batch_size", _INT64),
    ),
    "PrometheusConfig": ((1, "enable", "bool"), (2, "path", "string")),
    "MonitoringConfig": ((1, "prometheus_config", "PrometheusConfig"),),
    "SSLConfig": (
        (1, "server_key", "string"),
        (2, "server_cert", "string"),
        (3, "custom_ca", "string"),
        (4, "client_verify", "bool"),
    ),
}
_HEALTH: dict[str, tuple[tuple[int, str, str], ...]] = {
    "ServerLiveRequest": (),
    "ServerLiveResponse": ((1, "live", "bool"),),
    "ServerReadyRequest": (),
    "ServerReadyResponse": ((1, "ready", "bool"),),
    "ModelReadyRequest": ((1, "name", "string"), (2, "version", "string")),
    "ModelReadyResponse": ((1, "ready", "bool"),),
}
_TENSORFLOW, _KSERVE = "tensorflow.serving", "inference"


def batching_parameters() -> Any:
    return _made(_TENSORFLOW)["BatchingParameters"]()


def monitoring_config() -> Any:
    return _made(_TENSORFLOW)["MonitoringConfig"]()


def ssl_config() -> Any:
    return _made(_TENSORFLOW)["SSLConfig"]()


def kserve(name: str) -> Any:
    """The class of one of KServe's messages about health."""
    return _made(_KSERVE)[name]


@cache
def _made(package: str) -> dict[str, Any]:
    messages = {_TENSORFLOW: _MESSAGES, _KSERVE: _HEALTH}[package]
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(wrappers_pb2.DESCRIPTOR.serialized_pb)
    file = descriptor_pb2.FileDescriptorProto(
        name=f"sluicegate/{package}.proto", package=package, syntax="proto3", dependency=[wrappers_pb2.DESCRIPTOR.name]
    )
    for name, fields in messages.items():
        message = file.message_type.add(name=name)
        for number, field, kind in fields:
            _add(message.field.add(name=field, number=number), kind, package)
    pool.Add(file)
    found = {name: pool.FindMessageTypeByName(f"{package}.{name}") for name in messages}
    return {name: message_factory.GetMessageClass(one) for name, one in found.items()}


def _add(field: Any, kind: str, package: str) -> None:
    of = descriptor_pb2.FieldDescriptorProto
    repeated, kind = kind.startswith("repeated "), kind.removeprefix("repeated ")
    field.label = of.LABEL_REPEATED if repeated else of.LABEL_OPTIONAL
    if kind[0].islower():
        field.type = of.Type.Value(f"TYPE_{kind.upper()}")
        return
    field.type = of.TYPE_MESSAGE
    field.type_name = f".google.protobuf.{kind}" if kind in (_INT64, _STRING, _BOOL) else f".{package}.{kind}"
