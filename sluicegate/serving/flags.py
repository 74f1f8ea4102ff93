"""The command line of `python -m sluicegate.serving` and `sluicegate serve`."""

from __future__ import annotations

import argparse
import logging
import math
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from schemas.address import bare
from schemas.errors import Problem, UsageError
from schemas.names import OF_MANY, did_you_mean
from sluicegate.serving import options, tls
from sluicegate.serving.admission import operators_of
from sluicegate.serving.engine import session
from sluicegate.serving.engine.limits import UNBATCHED, BatchLimits
from sluicegate.serving.engine.session import SessionSettings
from sluicegate.serving.flags_without_effect import WITHOUT_EFFECT
from sluicegate.serving.metrics_path import DEFAULT_PATH
from sluicegate.serving.options import Options, Tls, Waits
from sluicegate.serving.request_log.settings import RequestLogSettings
from sluicegate.serving.textproto import TextError
from sluicegate.storage.opening import at, is_remote, local_path
from sluicegate.storage.place import StorageFolder

log = logging.getLogger("sluicegate.serving")

_UNRECOGNIZED = re.compile(r"unrecognized arguments: (--\w+)")
#: Numbers that gRPC takes as such; all else goes there as text.
_INT32 = re.compile(r"[+-]?\d{1,10}")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> Any:
        unknown = _UNRECOGNIZED.match(message)
        allowed = did_you_mean(unknown[1], self._option_string_actions, likeness=OF_MANY) if unknown else ""
        raise UsageError(
            "The command line is wrong.", Problem(f"`{self.prog}`", message, allowed, f"see `{self.prog} --help`")
        )


class _Version(argparse.Action):
    """--version, as a switch like TensorFlow Serving's."""

    def __init__(self, **more: Any) -> None:
        super().__init__(nargs="?", const="true", metavar="BOOL", **more)

    def __call__(self, parser: argparse.ArgumentParser, namespace: Any, values: Any, option: str | None = None) -> None:
        if _truth(values):
            print(f"Sluicegate ModelServer: {_installed('sluicegate')}\nTensorFlow Library: {_tensorflow()}")  # noqa: T201
            parser.exit()


def _tensorflow() -> str:
    return next((found for name in ("tensorflow", "tensorflow-cpu") if (found := _installed(name))), "not installed")


def _installed(name: str) -> str:
    """The version of an installed package, or ""."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def parser(prog: str = "python -m sluicegate.serving") -> argparse.ArgumentParser:
    made = _Parser(
        prog=prog,
        description="A model server that speaks TensorFlow Serving's gRPC and REST.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add_flags(made)
    return made


def add_flags(made: argparse.ArgumentParser) -> None:
    """Adds every flag; values as `--flag=value` or `--flag value`, switches also without one."""
    _tensorflow_serving(made.add_argument_group("as in TensorFlow Serving"))
    _ours(made.add_argument_group("of this server"))
    quiet = made.add_argument_group("taken without effect")
    for name in WITHOUT_EFFECT:
        quiet.add_argument(f"--{name}", nargs="?", const="true", default=None, help=argparse.SUPPRESS)


def _tensorflow_serving(group: Any) -> None:
    add = group.add_argument
    _number(group, "port", int, None, "N", "gRPC port; 0 is off (default: 8500)")
    add("--grpc_socket_path", default="", metavar="PATH", help="gRPC on a Unix socket, too (with --port=0: only there)")
    add(
        "--grpc_channel_arguments",
        default="",
        metavar="A=1,B=2",
        help="of gRPC's server: grpc.max_connection_age_ms=2000",
    )
    _switch(group, "enable_grpc_healthcheck_service", True, "grpc.health.v1 (default: on)")
    _switch(group, "enable_serialization_as_tensor_content", False, "outputs over gRPC as tensor_content")
    _number(group, "rest_api_port", int, None, "N", "REST port; 0 is off (default: off)")
    _number(group, "rest_api_timeout_in_ms", _least(int, 1), 30000, "MS", "of a REST request (default: 30000)")
    add("--model_name", metavar="NAME", help="the one model to serve (default: $MODEL_NAME, or 'default')")
    add(
        "--model_base_path",
        metavar="FOLDER",
        help="its versions: a folder, s3://, gs:// or az:// (default: $MODEL_BASE_PATH/$MODEL_NAME)",
    )
    add("--model_config_file", metavar="FILE", help="ModelServerConfig as text, for several models")
    _number(group, "model_config_file_poll_wait_seconds", float, 0, "S", "read it again so often; 0 is never")
    _number(group, "file_system_poll_wait_seconds", float, 1, "S", "look for versions so often; 0 is once (default: 1)")
    _number(group, "max_num_load_retries", _least(int, 0), 5, "N", "of a version that fails to load (default: 5)")
    _number(group, "load_retry_interval_micros", int, 60_000_000, "US", "between them (default: 1 minute)")
    _switch(group, "enable_model_warmup", True, "replay the warm-up requests that a version brings")
    _number(group, "num_request_iterations_for_warmup", int, 0, "N", "replay each so often (default: once)")
    _switch(
        group, "allow_version_labels_for_unavailable_models", False, "a new label may name a version not yet loaded"
    )
    _switch(group, "force_allow_any_version_labels_for_unavailable_models", False, "any label may")
    _switch(group, "enable_batching", True, "put requests together (default: on; it adds no delay)")
    _switch(group, "enable_per_model_batching_parameters", False, "batch a version as its batching_params.pbtxt says")
    add("--batching_parameters_file", metavar="FILE", help="BatchingParameters as text")
    add("--monitoring_config_file", metavar="FILE", help="MonitoringConfig as text (default: metrics are on)")
    add("--ssl_config_file", metavar="FILE", help="SSLConfig as text, with the PEM texts in it")
    _sessions(group)
    _switch(group, "rest_api_enable_cors_support", False, "answer with CORS headers")
    _switch(group, "use_alts_credentials", False, "refused: use a certificate")
    add("--version", action=_Version, help="print the versions and end")


def _sessions(group: Any) -> None:
    add = group.add_argument
    add(
        "--saved_model_tags",
        default=session.SERVE,
        metavar="A,B",
        help="of the graph in the SavedModel (default: serve)",
    )
    add("--tensorflow_session_config_file", metavar="FILE", help="ConfigProto as text")
    within = "threads within an operation; 0: TensorFlow's choice (default: 1)"
    _number(group, "tensorflow_intra_op_parallelism", _least(int, 0), None, "N", within)
    _number(group, "tensorflow_inter_op_parallelism", _least(int, 0), 0, "N", "threads between operations")
    _number(group, "tensorflow_session_parallelism", _least(int, 0), 0, "N", "both of them")
    _number(group, "per_process_gpu_memory_fraction", float, 0.0, "P", "of each GPU, 0 to 1; 0: TensorFlow's choice")


def _ours(group: Any) -> None:
    add = group.add_argument
    add("--host", default="127.0.0.1", metavar="ADDRESS", help="listen here (default: 127.0.0.1, this machine only)")
    _number(group, "max_request_bytes", _least(int, 1), 64 * 2**20, "N", "of one request (default: 64 MiB)")
    _number(
        group, "rest_api_keep_alive_seconds", float, 75, "S", "a REST connection may stay idle; longer than a proxy's"
    )
    _number(
        group, "rest_api_header_seconds", float, 20, "S", "for the headers of a REST request, else 408 (default: 20)"
    )
    _number(
        group, "rest_api_body_seconds", float, 60, "S", "for its body, and a second more per 1000 bytes (default: 60)"
    )
    _number(group, "max_request_rows", _least(int, 1), 100_000, "N", "of one request (default: 100000)")
    add("--routing_header", default="x-routing-key", metavar="NAME", help="its value decides between stable and canary")
    add(
        "--routing_column",
        default="",
        metavar="NAME",
        help="an input whose first value decides where the header is missing",
    )
    add(
        "--admin_token_file",
        metavar="FILE",
        help="secret of the operators; needed to reload when --host is no loopback",
    )
    add("--operators_file", metavar="FILE", help="a line NAME TOKEN per operator: the name stands in the history")
    add(
        "--allowed_hosts",
        default="",
        metavar="A,B",
        help="names by which operators may call this server, beside its address",
    )
    add("--access_log", default="", metavar="FILE", help="one JSON line per REST and gRPC request; - is standard error")
    add("--request_log", default="", metavar="FOLDER", help="keep requests and answers there (default: off)")
    add("--request_log_format", default="parquet", choices=("parquet", "tfrecord"), help="(default: parquet)")
    _number(group, "request_log_sampling_rate", float, 1.0, "P", "share of requests, 0 to 1 (default: 1)")
    add("--request_log_leave_out", default="", metavar="A,B", help="columns that are never written")
    add("--request_log_hash", default="", metavar="A,B", help="columns written as keyed hashes only")
    add("--request_log_hash_key_file", metavar="FILE", help="the hashes' key, 16 characters or more")
    _number(group, "request_log_rotate_seconds", float, 300.0, "S", "a file's age (default: 300)")
    _number(group, "request_log_max_files", _least(int, 0), 0, "N", "kept per model; 0 keeps all (default)")
    add("--tls_certificate", metavar="FILE", help="PEM; for both ports")
    add("--tls_key", metavar="FILE", help="PEM")
    _number(group, "drain_seconds", _least(float, 0), 0.5, "S", "after SIGTERM still take new connections so long")
    add("--ports_file", metavar="FILE", help="write the ports taken there as JSON once the server is ready")
    add("--free_ports", action="store_true", help="take free ports instead of --port and --rest_api_port")


def _number(group: Any, name: str, kind: Callable[[str], float], default: float | None, unit: str, what: str) -> None:
    read = _least(kind, -math.inf) if isinstance(kind, type) else kind
    group.add_argument(f"--{name}", type=read, default=default, metavar=unit, help=what)


def _least(kind: type, bound: float) -> Callable[[str], float]:
    """Reads a finite number of `bound` or more."""

    def read(text: str) -> float:
        found: float = kind(text)
        if not math.isfinite(found) or found < bound:
            allowed = "" if bound == -math.inf else f" of {bound} or more"
            raise argparse.ArgumentTypeError(f"{text!r} is no number{allowed}")
        return found

    # argparse names it where a text is no number at all.
    read.__name__ = "whole number" if kind is int else "number"
    return read


def _switch(group: Any, name: str, default: bool, what: str) -> None:
    group.add_argument(f"--{name}", type=_truth, nargs="?", const=True, default=default, metavar="BOOL", help=what)


def _truth(text: str) -> bool:
    if text.lower() in ("true", "1", "t", "yes"):
        return True
    if text.lower() in ("false", "0", "f", "no"):
        return False
    raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false")


def read(argv: Sequence[str], environment: Mapping[str, str], prog: str = "python -m sluicegate.serving") -> Options:
    """The options of a command line. Raises UsageError."""
    return from_arguments(parser(prog).parse_args(argv), environment)


def from_arguments(given: argparse.Namespace, environment: Mapping[str, str]) -> Options:
    """Raises UsageError for what contradicts itself and for files that cannot be read."""
    for name, reason in WITHOUT_EFFECT.items():
        if getattr(given, name) is not None:
            log.warning("--%s has no effect here: %s", name, reason)
    _check_doors(given)
    name, base = _model(given, environment)
    return Options(
        model_config_file=Path(given.model_config_file) if given.model_config_file else None,
        model_name=name,
        model_base_path=base,
        host=bare(given.host),
        grpc_port=_port(given.port, 8500, given.free_ports),
        rest_port=_port(given.rest_api_port, 0, given.free_ports),
        rest_timeout=given.rest_api_timeout_in_ms / 1e3,
        rest_waits=_waits(given),
        config_poll=given.model_config_file_poll_wait_seconds,
        poll=given.file_system_poll_wait_seconds,
        load_retries=given.max_num_load_retries,
        load_interval=given.load_retry_interval_micros / 1e6,
        warm_ups=max(1, given.num_request_iterations_for_warmup) if given.enable_model_warmup else 0,
        new_labels_may_wait=given.allow_version_labels_for_unavailable_models,
        any_label_may_wait=given.force_allow_any_version_labels_for_unavailable_models,
        batching=_batching(given),
        own_batching=given.enable_per_model_batching_parameters and given.enable_batching,
        session=_session(given),
        grpc_socket=Path(given.grpc_socket_path).absolute() if given.grpc_socket_path else None,
        grpc_arguments=_channel_arguments(given.grpc_channel_arguments),
        grpc_health=given.enable_grpc_healthcheck_service,
        tensor_content=given.enable_serialization_as_tensor_content,
        metrics_path=_parsed("monitoring_config_file", given, options.metrics_path, DEFAULT_PATH),
        cors=given.rest_api_enable_cors_support,
        max_request_bytes=given.max_request_bytes,
        max_request_rows=given.max_request_rows,
        routing_header=given.routing_header.lower(),
        routing_column=given.routing_column,
        admin_token=_token(given),
        operators=_operators(given),
        allowed_hosts=tuple(bare(name).lower() for name in _names(given.allowed_hosts)),
        access_log=given.access_log,
        request_log=_request_log(given),
        tls=_tls(given),
        drain=given.drain_seconds,
        ports_file=Path(given.ports_file) if given.ports_file else None,
    )


def _model(given: argparse.Namespace, environment: Mapping[str, str]) -> tuple[str, Path | StorageFolder | None]:
    name = given.model_name or environment.get("MODEL_NAME") or "default"
    base = given.model_base_path
    if base is None and not given.model_config_file:
        if "MODEL_NAME" not in environment and "MODEL_BASE_PATH" not in environment:
            raise _wrong("--model_base_path", "nothing", "a folder of versions", "name one, or a --model_config_file")
        base = f"{environment.get('MODEL_BASE_PATH', '/models').rstrip('/')}/{name}"
    if not base:
        return name, None
    return name, at(base) if is_remote(base) else local_path(base).resolve()


def _port(given: int | None, default: int, free: bool) -> int | None:
    if free:
        return 0
    port = default if given is None else given
    if not 0 <= port <= 65535:
        raise _wrong("a port", str(port), "0 (off) to 65535", "choose another")
    return port or None


def _waits(given: argparse.Namespace) -> Waits:
    seconds = []
    for name in ("rest_api_keep_alive_seconds", "rest_api_header_seconds", "rest_api_body_seconds"):
        value = getattr(given, name)
        if not 0 < value < float("inf"):
            raise _wrong(f"--{name}", f"{value:g}", "seconds, more than 0", "choose another")
        seconds.append(value)
    return Waits(*seconds)


def _batching(given: argparse.Namespace) -> BatchLimits:
    if not given.enable_batching:
        if given.batching_parameters_file:
            allowed = "one of them: TensorFlow Serving refuses both, too"
            raise _wrong("--batching_parameters_file", "and --enable_batching=false", allowed, "leave one out")
        return UNBATCHED
    return _parsed(
        "batching_parameters_file", given, lambda text: options.batch_limits(text, BatchLimits()), BatchLimits()
    )


def _session(given: argparse.Namespace) -> SessionSettings:
    intra, inter = given.tensorflow_intra_op_parallelism, given.tensorflow_inter_op_parallelism
    both = given.tensorflow_session_parallelism
    if intra and inter and both:
        raise _wrong(
            "--tensorflow_session_parallelism", "also --tensorflow_intra_op_parallelism and --tensorflow_inter_op_parallelism",
            "all threads by one flag, or by the two", "leave one or two out",
        )  # fmt: skip
    if not 0 <= given.per_process_gpu_memory_fraction <= 1:
        got = str(given.per_process_gpu_memory_fraction)
        raise _wrong("--per_process_gpu_memory_fraction", got, "0 to 1", "choose another")
    config = _parsed("tensorflow_session_config_file", given, session.config_of, b"")
    if intra is None:
        # Small models are quicker so; who gives a whole configuration, or both, has chosen.
        intra = both or (0 if config else 1)
    return SessionSettings(
        intra_op=intra,
        inter_op=inter or both,
        tags=_names(given.saved_model_tags) or (session.SERVE,),
        gpu_memory_fraction=given.per_process_gpu_memory_fraction,
        config=config,
    )


def _check_doors(given: argparse.Namespace) -> None:
    if given.use_alts_credentials:
        remedy = "leave it out, and encrypt with --tls_certificate and --tls_key, or --ssl_config_file"
        raise _wrong("--use_alts_credentials", "true", "false: ALTS works between Google's own machines only", remedy)
    if given.port == 0 and not given.grpc_socket_path and not given.rest_api_port and not given.free_ports:
        raise _wrong("--port and --rest_api_port", "both 0", "one of them, or a --grpc_socket_path", "open a door")


def _channel_arguments(text: str) -> tuple[tuple[str, int | str], ...]:
    found: list[tuple[str, int | str]] = []
    for pair in filter(None, map(str.strip, text.split(","))):
        name, equals, value = pair.partition("=")
        if not name or not equals:
            allowed = "pairs such as grpc.max_connection_age_ms=2000, with commas between"
            raise _wrong("--grpc_channel_arguments", repr(pair), allowed, "correct the pair")
        if not name.startswith("grpc."):
            log.warning(
                "--grpc_channel_arguments: %s has no effect, the names of gRPC's arguments begin with grpc.", name
            )
        number = _INT32.fullmatch(value) and -(2**31) <= int(value) < 2**31
        found.append((name, int(value) if number else value))
    return tuple(found)


def _parsed(flag: str, given: argparse.Namespace, parse: Any, default: Any) -> Any:
    file = getattr(given, flag)
    if not file:
        return default
    try:
        return parse(_text(file, f"--{flag}"))
    except TextError as error:
        where = f"--{flag} {file}" + (f", line {error.line}" if error.line else "")
        raise _wrong(where, error.got, error.allowed, "correct the file") from None


def _tls(given: argparse.Namespace) -> Tls | None:
    if given.ssl_config_file:
        found: Tls = _parsed("ssl_config_file", given, options.tls, None)
        file = f"--ssl_config_file {given.ssl_config_file}"
        tls.check(found, certificate=f"{file}, server_cert", key=f"{file}, server_key", client_ca=f"{file}, custom_ca")
        return found
    if not given.tls_certificate and not given.tls_key:
        return None
    if not given.tls_certificate or not given.tls_key:
        raise _wrong("--tls_certificate and --tls_key", "only one of them", "both or none", "name the other one too")
    certificate, key = (_text(getattr(given, n), f"--{n}") for n in ("tls_certificate", "tls_key"))
    pair = Tls(certificate.encode(), key.encode())
    tls.check(pair, certificate=f"--tls_certificate {given.tls_certificate}", key=f"--tls_key {given.tls_key}")
    return pair


def _request_log(given: argparse.Namespace) -> RequestLogSettings | None:
    if not given.request_log:
        return None
    try:
        return RequestLogSettings(
            folder=Path(given.request_log),
            format=given.request_log_format,
            sampling_rate=given.request_log_sampling_rate,
            rotate_seconds=given.request_log_rotate_seconds,
            max_files=given.request_log_max_files,
            leave_out=_names(given.request_log_leave_out),
            hash_columns=_names(given.request_log_hash),
            hash_secret=_text(given.request_log_hash_key_file, "--request_log_hash_key_file").strip(),
        )
    except ValueError as error:
        raise _wrong("--request_log...", str(error), "", "correct the flags") from None


def _token(given: argparse.Namespace) -> str:
    token = _text(given.admin_token_file, "--admin_token_file").strip()
    if given.admin_token_file and not token:
        raise _wrong(f"--admin_token_file {given.admin_token_file}", "it is empty", "a token", "write one into it")
    return token


def _operators(given: argparse.Namespace) -> tuple[tuple[str, str], ...]:
    if not given.operators_file:
        return ()
    try:
        return tuple(operators_of(_text(given.operators_file, "--operators_file")).items())
    except ValueError as error:
        place = f"--operators_file {given.operators_file}"
        raise _wrong(place, str(error), "a line NAME TOKEN per operator", "correct the file") from None


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _text(file: str | None, flag: str) -> str:
    if not file:
        return ""
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        said = (error.strerror or str(error)).lower() if isinstance(error, OSError) else "no text in UTF-8"
        raise _wrong(f"{flag} {file}", said, "a text file that can be read", "correct the path") from None


def _wrong(place: str, got: str, allowed: str, remedy: str) -> UsageError:
    return UsageError("The server cannot start like this.", Problem(place, got, allowed, remedy))
