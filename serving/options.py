"""What the server was told: TensorFlow Serving's flags by their names, and ours."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from serving import textproto
from serving.engine.limits import BatchLimits
from serving.metrics_path import DEFAULT_PATH
from serving.request_log.settings import RequestLogSettings
from serving.status import invalid


@dataclass(frozen=True)
class Tls:
    """PEM texts.  client_ca : where given, clients must show a certificate that it signed."""

    certificate: bytes
    key: bytes
    client_ca: bytes | None = None


@dataclass(frozen=True)
class Options:
    """Everything that decides how a server runs.

    grpc_port, rest_port : 0 takes a free one, None is off.  rest_timeout, poll, drain, load_interval : seconds.
    host : an address; loopback only unless told otherwise.
    """

    model_config_file: Path | None = None
    model_name: str = "default"
    model_base_path: Path | None = None
    host: str = "127.0.0.1"
    grpc_port: int | None = 8500
    rest_port: int | None = None
    rest_timeout: float = 30.0
    config_poll: float = 0.0
    poll: float = 1.0
    load_retries: int = 5
    load_interval: float = 60.0
    warm_up: bool = True
    new_labels_may_wait: bool = False
    any_label_may_wait: bool = False
    batching: BatchLimits = field(default_factory=BatchLimits)
    intra_op_threads: int = 1
    inter_op_threads: int = 0
    metrics_path: str = DEFAULT_PATH
    cors: bool = False
    max_request_bytes: int = 64 * 2**20
    max_request_rows: int = 100_000
    routing_header: str = "x-routing-key"
    routing_column: str = ""
    admin_token: str = ""
    access_log: str = ""
    request_log: RequestLogSettings | None = None
    tls: Tls | None = None
    drain: float = 0.5
    ports_file: Path | None = None


def batch_limits(text: str, base: BatchLimits) -> BatchLimits:
    """A batching_parameters_file (BatchingParameters as text). Raises ServingError."""
    given = textproto.parse(text)
    sizes = tuple(given.get("allowed_batch_sizes", ()))
    most = textproto.one(given, "max_batch_size", sizes[-1] if sizes else base.max_batch_size)
    if sizes and (list(sizes) != sorted(set(sizes)) or sizes[-1] != most):
        raise invalid(f"allowed_batch_sizes must rise and end with max_batch_size: got {list(sizes)} and {most}")
    limits = BatchLimits(
        max_batch_size=most,
        batch_timeout_micros=textproto.one(given, "batch_timeout_micros", base.batch_timeout_micros),
        max_enqueued_batches=textproto.one(given, "max_enqueued_batches", base.max_enqueued_batches),
        num_batch_threads=textproto.one(given, "num_batch_threads", base.num_batch_threads),
        allowed_batch_sizes=sizes,
    )
    for name in ("max_batch_size", "max_enqueued_batches", "num_batch_threads"):
        if not isinstance(getattr(limits, name), int) or getattr(limits, name) < 1:
            raise invalid(f"{name} must be a whole number, 1 or more: got {getattr(limits, name)!r}")
    return limits


def metrics_path(text: str) -> str:
    """Where a monitoring_config_file puts the metrics; "" when it turns them off. Raises ServingError."""
    section = textproto.parse(text).get("prometheus_config", [{}])[-1]
    if not textproto.one(section, "enable", False):
        return ""
    return str(textproto.one(section, "path", DEFAULT_PATH)) or DEFAULT_PATH


def tls(text: str) -> Tls:
    """An ssl_config_file (SSLConfig as text, with the PEM texts in it). Raises ServingError."""
    given = textproto.parse(text)
    certificate, key = (str(textproto.one(given, name, "")) for name in ("server_cert", "server_key"))
    if not certificate or not key:
        raise invalid("an ssl_config_file needs server_key and server_cert")
    verify = bool(textproto.one(given, "client_verify", False))
    authority = str(textproto.one(given, "custom_ca", ""))
    if verify and not authority:
        raise invalid("client_verify needs custom_ca, which signs the clients' certificates")
    return Tls(certificate.encode(), key.encode(), authority.encode() if verify else None)
