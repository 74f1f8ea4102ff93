"""A running server: the library, its two ports, and the tasks that watch folders; from start to the last answer."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import logging
import math
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from schemas.address import with_port
from schemas.errors import MachineError, Problem
from schemas.plain_file import read_plain
from schemas.whole_file import replacing
from sluicegate.serving import config, listening
from sluicegate.serving.access_log import AccessLog
from sluicegate.serving.admission import Admission
from sluicegate.serving.config import Latest, ModelConfig
from sluicegate.serving.core import RequestLimits, ServerCore
from sluicegate.serving.engine.batching import Journal
from sluicegate.serving.engine.batching import Threads as BatchThreads
from sluicegate.serving.metrics import Metrics
from sluicegate.serving.options import Options
from sluicegate.serving.request_log.log import RequestLog
from sluicegate.serving.rest.app import RestApp, RestOptions
from sluicegate.serving.rest.extras import extras, not_ready
from sluicegate.serving.rest.server import RestServer
from sluicegate.serving.routing_key import RoutingKey
from sluicegate.serving.rpc.kserve import KServeHealth
from sluicegate.serving.rpc.model_service import ModelService
from sluicegate.serving.rpc.prediction_service import PredictionService
from sluicegate.serving.rpc.server import GrpcOptions, GrpcServer
from sluicegate.serving.status import ServingError, invalid
from sluicegate.serving.versions.library import LabelRules, Library, Model, RetryPolicy
from sluicegate.serving.versions.loading import Loader
from sluicegate.serving.watching import CONFIG, RELEASE, VERSIONS, Watches, in_own_thread, keep_looking, reason_of

log = logging.getLogger("sluicegate.serving")
LOOPBACK = ("127.0.0.1", "::1", "localhost")
#: Seconds that requests under way may take once the server stops.
GRACE = 30.0
#: Seconds.
_SHORTEST_POLL = 0.01


@dataclass(frozen=True)
class Ports:
    """The ports taken; None where one is off.  grpc_socket : path of the Unix socket."""

    grpc: int | None
    rest: int | None
    grpc_socket: Path | None = None


async def serve(options: Options) -> None:
    """Runs until SIGTERM or SIGINT, then answers what was accepted. Raises SluicegateError when it cannot start."""
    stop, started = asyncio.Event(), asyncio.Event()
    _on_signals(stop, started)
    try:
        async with running(options, settled=freeze) as ports:
            started.set()
            print(_welcome(options, ports), flush=True)  # noqa: T201
            await stop.wait()
            log.info("draining")
    except asyncio.CancelledError:
        if not stop.is_set():
            raise
        log.info("stopped before it served")


def _on_signals(stop: asyncio.Event, started: asyncio.Event) -> None:
    """A start is stopped, too, and not only when it is through: a model that does not load is tried for minutes."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def end() -> None:
        if task is not None and not started.is_set() and not stop.is_set():
            task.cancel()
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)


def freeze() -> None:
    """Takes what was made so far out of garbage collection, for a process that serves and does nothing else.

    TensorFlow alone is some hundred thousand objects. Whenever requests are held for a while, by a queue or a shadow, Python
    would go through all of them again.
    """
    gc.collect()
    gc.freeze()


def _nothing() -> None:
    pass


def _welcome(options: Options, ports: Ports) -> str:
    told = [f"gRPC on {with_port(options.host, ports.grpc)}"] if ports.grpc else []
    told += [f"gRPC on unix:{ports.grpc_socket}"] if ports.grpc_socket else []
    scheme = "https" if options.tls else "http"
    told += [f"REST on {scheme}://{with_port(options.host, ports.rest)}/"] if ports.rest else []
    return "serving " + ", ".join(told)


@asynccontextmanager
async def running(options: Options, settled: Callable[[], None] = _nothing) -> AsyncIterator[Ports]:
    """A server for the time of the block; it drains at its end.

    settled : called when the models are loaded, before anybody can ask.
    """
    _check_ports(options)
    threads = options.batching.num_batch_threads
    with ThreadPoolExecutor(threads, "batch") as batches, ThreadPoolExecutor(4, "load") as loads:
        metrics = Metrics()
        with _request_log(options, metrics) as journal, _access_log(options) as access:
            library = _library(options, batches, loads, journal)
            metrics.more.append(library.watches.samples)
            library.watchers.append(lambda v: metrics.state.labels(v.model, str(v.number)).set(int(v.state)))
            core = ServerCore(library, metrics, access, RequestLimits(rows=options.max_request_rows))
            try:
                applied = await _configure(library, options)
                if journal is not None:
                    journal.await_writer()
                settled()
                async with _watching(library, options, applied), _listening(core, options) as ports:
                    yield ports
            finally:
                await core.close()


def _library(
    options: Options, batches: ThreadPoolExecutor, loads: ThreadPoolExecutor, journal: Journal | None
) -> Library:
    loader = Loader(
        BatchThreads(batches, options.batching.num_batch_threads),
        options.batching,
        options.session,
        options.warm_ups,
        journal,
        options.own_batching,
    )
    return Library(
        loader,
        loads,
        RetryPolicy(options.load_retries, options.load_interval),
        LabelRules(options.new_labels_may_wait, options.any_label_may_wait),
        # Not asked to look again, nobody is ever late.
        watches=Watches(max(options.poll, _SHORTEST_POLL) if options.poll > 0 else math.inf),
    )


async def _configure(library: Library, options: Options) -> bytes:
    """Returns the config file's content. Raises MachineError."""
    place = str(options.model_config_file or options.model_base_path)
    try:
        # The first time it may be a pipe, which may never end.
        content = await in_own_thread(options.model_config_file.read_bytes) if options.model_config_file else b""
        await library.configure(config.parse(_text_of(content)) if options.model_config_file else _only_model(options))
    except (ServingError, OSError, ValueError, RecursionError) as error:
        raise MachineError(
            "The models cannot be served.", Problem(place, reason_of(error), "", "correct it and start again")
        ) from None
    await _refuse_nothing(library)
    return content


def _text_of(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise invalid(f"The model config is no UTF-8 text: byte {error.start} is {content[error.start]:#04x}") from None


def _only_model(options: Options) -> tuple[ModelConfig, ...]:
    assert options.model_base_path is not None  # noqa: S101 - sluicegate/serving/flags.py sees to it
    return (ModelConfig(options.model_name, options.model_base_path, Latest()),)


async def _refuse_nothing(library: Library) -> None:
    """Raises MachineError where a model has nothing that answers, nor can get it."""
    problems = [
        Problem(
            str(version.path), version.error.message, "a SavedModel that loads and passes its warm-up", "push another"
        )
        for model in library.models.values()
        if not model.available()
        for version in model.versions.values()
        if version.error
    ]
    for model in library.models.values():
        if missing := _missing(model):
            remedy = "push a model, or name another folder"
            problems.append(Problem(str(model.config.base_path), missing, "a folder of versions", remedy))
    if problems:
        await library.close()
        raise MachineError("No version of a model could be loaded.", *problems)


def _missing(model: Model) -> str:
    """Why there is no such folder, or bucket; "" where there is one."""
    base_path = model.config.base_path
    if isinstance(base_path, Path):
        return "" if base_path.is_dir() else "no such folder"
    return model.versions_watch.problem


@asynccontextmanager
async def _watching(library: Library, options: Options, applied: bytes) -> AsyncIterator[None]:
    """Each kind of file in a task of its own: none waits for another, nor for a model that loads."""
    watches = library.watches
    watches.begin()
    tasks = [
        asyncio.ensure_future(keep_looking(watches.add(what), partial(library.look, what)))
        for what in (VERSIONS, RELEASE)
        if options.poll > 0
    ]
    if options.config_poll > 0 and options.model_config_file:
        watched = watches.add(CONFIG, every=max(options.config_poll, _SHORTEST_POLL))
        look = ConfigLook(options.model_config_file, library, applied)
        tasks.append(asyncio.ensure_future(keep_looking(watched, look)))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()


@dataclass
class ConfigLook:
    """Takes up the config file whenever it says something new. What could not be taken up is tried again: its versions may be coming."""

    file: Path
    library: Library
    applied: bytes

    async def __call__(self) -> None:
        content = await in_own_thread(read_plain, self.file)
        if content == self.applied:
            return
        self.library.adopt(await in_own_thread(lambda: config.parse(_text_of(content))))
        self.applied = content


@contextlib.contextmanager
def _request_log(options: Options, metrics: Metrics) -> Iterator[RequestLog | None]:
    if options.request_log is None:
        yield None
        return
    kept = RequestLog(options.request_log)
    for name in ("written", "dropped", "failed"):
        metrics.read(f"sluicegate_request_log_{name}", partial(getattr, kept, name))
    try:
        yield kept
    finally:
        kept.close(timeout=GRACE)


@contextlib.contextmanager
def _access_log(options: Options) -> Iterator[AccessLog | None]:
    if not options.access_log:
        yield None
        return
    try:
        access = AccessLog.open(options.access_log)
    except OSError as error:
        raise _cannot_write("--access_log", options.access_log, error) from None
    try:
        yield access
    finally:
        access.close()


@asynccontextmanager
async def _listening(core: ServerCore, options: Options) -> AsyncIterator[Ports]:
    """Both ports; at the end of the block they are closed, after all that came in is answered."""
    if options.tls is None and options.host not in LOOPBACK:
        log.warning("listening on %s without TLS", options.host)
    admission = Admission(
        options.admin_token, options.host not in LOOPBACK, dict(options.operators), options.host, options.allowed_hosts
    )
    key = RoutingKey(options.routing_header, options.routing_column)
    rest = await _start_rest(core, options, admission, key) if options.rest_port is not None else None
    asked = options.grpc_port is not None or options.grpc_socket is not None
    rpc = await _start_grpc(core, options, admission, key) if asked else None
    ports = Ports(rpc.port or None if rpc else None, rest.port if rest else None, options.grpc_socket)
    _tell(options.ports_file, ports)
    try:
        yield ports
    finally:
        core.draining = True
        if rpc:
            await rpc.say(serving=False)
        # Clients and load balancers hear of it while new connections are still welcome.
        await asyncio.sleep(options.drain)
        await asyncio.gather(*([rpc.stop(GRACE)] if rpc else []), *([rest.stop()] if rest else []))


def _tell(file: Path | None, ports: Ports) -> None:
    if file is None:
        return
    doors = {"grpc": ports.grpc, "rest": ports.rest, "pid": os.getpid()}
    told = json.dumps({**doors, "grpc_socket": str(ports.grpc_socket)} if ports.grpc_socket else doors)
    try:
        # Not write_whole, which would make a folder that is not there: a mistyped path must be said.
        with replacing(file) as aside:
            aside.write_text(told, encoding="utf-8")
    except OSError as error:
        raise _cannot_write("--ports_file", str(file), error) from None


def _cannot_write(flag: str, file: str, error: OSError) -> MachineError:
    return MachineError(
        "The server cannot write what it was asked to.",
        Problem(f"{flag} {file}", (error.strerror or str(error)).lower(), "a file in a folder that can be written",
                "make the folder, give the server's user the right, or name another file"),
    )  # fmt: skip


async def _start_grpc(core: ServerCore, options: Options, admission: Admission, key: RoutingKey) -> GrpcServer:
    server = GrpcServer(
        PredictionService(core, key, options.tensor_content),
        ModelService(core, admission),
        KServeHealth(core, lambda: not_ready(core)),
        GrpcOptions(options.max_request_bytes, options.grpc_arguments, options.grpc_health),
    )
    try:
        await server.start(options.host, options.grpc_port, options.tls, options.grpc_socket)
    except RuntimeError as error:
        raise _cannot_listen(options, options.grpc_port, "--port", error) from None
    await server.say(serving=True)
    return server


async def _start_rest(core: ServerCore, options: Options, admission: Admission, key: RoutingKey) -> RestServer:
    app = RestApp(
        core,
        key,
        RestOptions(options.rest_timeout, options.max_request_bytes, options.cors),
        extras(core, admission, options.metrics_path),
    )
    server = RestServer(app, GRACE, options.rest_waits)
    try:
        await server.start(options.host, options.rest_port or 0, options.tls)
    except RuntimeError as error:
        raise _cannot_listen(options, options.rest_port, "--rest_api_port", error) from None
    return server


def _check_ports(options: Options) -> None:
    """Before models take their time to load. Raises MachineError."""
    for port, flag in ((options.rest_port, "--rest_api_port"), (options.grpc_port, "--port")):
        if port is not None:
            listening.check(options.host, port, flag)
    if options.grpc_socket is not None:
        listening.check_socket(options.grpc_socket, "--grpc_socket_path")


def _cannot_listen(options: Options, port: int | None, flag: str, error: Exception) -> MachineError:
    """What only shows when it is done: somebody was quicker, or gRPC's own TLS takes less than OpenSSL."""
    remedy = f"choose another with {flag}"
    if options.tls:
        remedy += ", or make a new certificate and key (RSA 2048 bits or EC P-256)"
    return listening.cannot(with_port(options.host, port or 0), str(error), remedy)
