"""What the server was told: TensorFlow Serving's flags by their names, and ours."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sluicegate.serving import textproto
from sluicegate.serving.engine.limits import BatchLimits
from sluicegate.serving.engine.session import SessionSettings
from sluicegate.serving.metrics_path import DEFAULT_PATH, TAKEN
from sluicegate.serving.request_log.settings import RequestLogSettings
from sluicegate.serving.textproto import TextError
from sluicegate.storage.place import StorageFolder

log = logging.getLogger("sluicegate.serving")

_PATH = re.compile(r"(/[\w.~-]+)+/?", re.ASCII)
#: Fields of BatchingParameters without a meaning here, and why.
_NO_LIMITS = {
    "thread_pool_name": "the threads that run batches have a name of their own",
    "pad_variable_length_inputs": "inputs of different lengths go into different batches",
    "enable_large_batch_splitting": "a request larger than max_batch_size runs by itself",
    "max_execution_batch_size": "a request larger than max_batch_size runs by itself",
}


def _message(name: str) -> Any:
    # Imported when a file is given: protobuf has no part in `--help`.
    from sluicegate.serving import protos

    return getattr(protos, name)()


@dataclass(frozen=True)
class Tls:
    """PEM texts.  client_ca : where given, clients must show a certificate that it signed."""

    certificate: bytes
    key: bytes
    client_ca: bytes | None = None


#: Bytes per second that a body must bring beyond `Waits.body`: a slow line may take its time, a trickle may not.
SLOWEST = 1000


@dataclass(frozen=True)
class Waits:
    """Seconds.

    idle : without a request, before its first one and between two.
    head : from a request's first byte to the end of its headers.
    body : from there to the end of its body, and a second more for each `SLOWEST` bytes that came.
    """

    idle: float = 75.0
    head: float = 20.0
    body: float = 60.0


@dataclass(frozen=True)
class Options:
    """Everything that decides how a server runs.

    grpc_port, rest_port : 0 takes a free one, None is off.  rest_timeout, poll, drain, load_interval : seconds.
    host : an address; loopback only unless told otherwise.  grpc_socket : a Unix socket beside the port.
    warm_ups, own_batching : as in `Loader`.  tensor_content : outputs over gRPC as `tensor_content`.
    """

    model_config_file: Path | None = None
    model_name: str = "default"
    model_base_path: Path | StorageFolder | None = None
    host: str = "127.0.0.1"
    grpc_port: int | None = 8500
    rest_port: int | None = None
    rest_timeout: float = 30.0
    rest_waits: Waits = Waits()
    config_poll: float = 0.0
    poll: float = 1.0
    load_retries: int = 5
    load_interval: float = 60.0
    warm_ups: int = 1
    new_labels_may_wait: bool = False
    any_label_may_wait: bool = False
    batching: BatchLimits = field(default_factory=BatchLimits)
    own_batching: bool = False
    session: SessionSettings = field(default_factory=lambda: SessionSettings(intra_op=1))
    metrics_path: str = DEFAULT_PATH
    cors: bool = False
    max_request_bytes: int = 64 * 2**20
    max_request_rows: int = 100_000
    routing_header: str = "x-routing-key"
    routing_column: str = ""
    admin_token: str = ""
    operators: tuple[tuple[str, str], ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    access_log: str = ""
    request_log: RequestLogSettings | None = None
    tls: Tls | None = None
    grpc_socket: Path | None = None
    grpc_arguments: tuple[tuple[str, int | str], ...] = ()
    grpc_health: bool = True
    tensor_content: bool = False
    drain: float = 0.5
    ports_file: Path | None = None


def batch_limits(text: str, base: BatchLimits) -> BatchLimits:
    """A batching_parameters_file (BatchingParameters as text). Raises TextError."""
    given = textproto.parse(text, _message("batching_parameters"))
    sizes = tuple(given.allowed_batch_sizes)
    limits = BatchLimits(
        max_batch_size=_value(given, "max_batch_size", sizes[-1] if sizes else base.max_batch_size),
        batch_timeout_micros=_value(given, "batch_timeout_micros", base.batch_timeout_micros),
        max_enqueued_batches=_value(given, "max_enqueued_batches", base.max_enqueued_batches),
        num_batch_threads=_value(given, "num_batch_threads", base.num_batch_threads),
        allowed_batch_sizes=sizes,
    )
    for name, least in (
        ("max_batch_size", 1),
        ("max_enqueued_batches", 1),
        ("num_batch_threads", 1),
        ("batch_timeout_micros", 0),
    ):
        if getattr(limits, name) < least:
            raise TextError(None, f"{name} is {getattr(limits, name)}", f"a whole number, {least} or more")
    if sizes and (list(sizes) != sorted(set(sizes)) or sizes[0] < 1 or sizes[-1] != limits.max_batch_size):
        raise TextError(
            None,
            f"allowed_batch_sizes are {list(sizes)}, max_batch_size is {limits.max_batch_size}",
            "sizes of 1 or more that rise and end with max_batch_size",
        )
    for one, _ in given.ListFields():
        if one.name in _NO_LIMITS:
            log.warning("%s of BatchingParameters has no effect here: %s", one.name, _NO_LIMITS[one.name])
    return limits


def _value(given: Any, name: str, default: int) -> int:
    return int(getattr(given, name).value) if given.HasField(name) else default


def metrics_path(text: str) -> str:
    """Where a monitoring_config_file puts the metrics; "" when it turns them off. Raises TextError."""
    section = textproto.parse(text, _message("monitoring_config")).prometheus_config
    if not section.enable:
        return ""
    path = section.path or DEFAULT_PATH
    if not _PATH.fullmatch(path):
        raise TextError(None, f"path is {path!r}", f"a path such as {DEFAULT_PATH!r}")
    if path.lower().startswith(("/v1", "/v2/", "/admin/")) or path in TAKEN:
        raise TextError(None, f"path is {path!r}, which answers something else", f"a path such as {DEFAULT_PATH!r}")
    return str(path)


def tls(text: str) -> Tls:
    """An ssl_config_file (SSLConfig as text, with the PEM texts in it). Raises TextError."""
    given = textproto.parse(text, _message("ssl_config"))
    for name in ("server_key", "server_cert"):
        if not getattr(given, name):
            raise TextError(None, f"{name} is missing", "server_key and server_cert, the PEM texts themselves")
    if given.client_verify and not given.custom_ca:
        raise TextError(
            None, "client_verify is true and custom_ca is missing", "custom_ca, which signs the clients' certificates"
        )
    return Tls(
        given.server_cert.encode(), given.server_key.encode(), given.custom_ca.encode() if given.client_verify else None
    )
