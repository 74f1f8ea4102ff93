"""The model server against the endpoint people write by hand, on the same SavedModel: `make bench`.

32 closed-loop clients with one row each, from h2load (Debian: nghttp2-client), which costs little of the two cores that the
servers need. To reach: three times the requests per second over REST and over gRPC with no worse p99, and at most a tenth of
it lost with request log and router on.

A machine's speed changes from one second to the next, by more than the tenth in question. So what is kept with log and router is
measured in pairs: a second of one side, a second of the other, then the other way round, and the median of the pairs' ratios.
Two processes of the same program differ by some five percent for as long as they live, too, so all servers are started several
times. What is printed is the mean over these starts with its standard error, and the same of two equal servers.

A canary is a second model, and its calls cost what they cost whoever routes them. So request log and router are measured
with one version, and with a canary of a tenth against clients who ask both versions themselves, nine to one.
"""

import argparse
import contextlib
import json
import math
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from schemas import release

PROJECT = Path(__file__).resolve().parents[1]
CLIENTS = 32
#: Seconds of warm-up before the seconds that count.
WARM_UP = 1.0
#: Seconds in which a request log's writer, which has just seen its first tf.Example, imports TensorFlow.
SETTLING = 15.0
#: Which sides are to lose at most a tenth against which.
KEPT = (
    ("REST, log and router", "REST"),
    ("gRPC, log and router", "gRPC"),
    ("REST, log and router, canary", "REST, two versions by name"),
)
ONCE_MORE = ", once more"
EQUAL = (("REST" + ONCE_MORE, "REST"), ("gRPC" + ONCE_MORE, "gRPC"))
HEADERS = {"rest": ("content-type: application/json",), "grpc": ("content-type: application/grpc", "te: trailers")}


@dataclass(frozen=True)
class Load:
    """Where and what the clients send.  kind : "rest" or "grpc".  urls : taken in turn."""

    name: str
    kind: str
    urls: tuple[str, ...]
    body: Path


@dataclass(frozen=True)
class Seen:
    """rate : requests per second.  p50, p99 : milliseconds."""

    rate: float
    p50: float
    p99: float


def trained(model: str | None, folder: Path) -> Path:
    """A version's folder: the one named, else of a census model trained here for two epochs."""
    if model:
        return Path(model)
    command = [sys.executable, "local_runner.py", "--config", "configs/census.yaml", "--output", str(folder), "--quiet"]
    command += ["--set", "training.epochs=2", "--set", "quality_gate.limits=[{metric: auc, at_least: 0.5}]"]
    subprocess.run(command, cwd=PROJECT, check=True)
    serving = folder / "serving" / "census"
    return serving / str(release.read(serving).stable)


def fire(load: Load, seconds: int, folder: Path, warm_up: float = WARM_UP) -> Seen:
    """Clients for so many seconds, after the warm-up. Raises RuntimeError when a request fails."""
    log = folder / "requests.log"
    log.unlink(missing_ok=True)
    command = [
        "h2load",
        "-c",
        str(CLIENTS),
        "-D",
        str(seconds),
        f"--warm-up-time={warm_up * 1e3:.0f}ms",
        f"--log-file={log}",
    ]
    command += ["--h1"] * (load.kind == "rest") + ["-d", str(load.body)]
    for header in HEADERS[load.kind]:
        command += ["-H", header]
    told = subprocess.run([*command, *load.urls], check=True, capture_output=True, text=True).stdout
    if " 0 failed, 0 errored, 0 timeout" not in told or "0 4xx, 0 5xx" not in told:
        raise RuntimeError(f"{load.name}: requests failed\n{told}")
    times = sorted(int(line.split()[2]) / 1e3 for line in log.read_text().splitlines())
    return Seen(len(times) / seconds, times[len(times) // 2], times[int(len(times) * 0.99)])


@contextlib.contextmanager
def server(base: Path, folder: Path, *flags: str) -> Iterator[dict[str, int]]:
    """Our server on a folder of versions; yields its ports."""
    ports = folder / "ports.json"
    command = [sys.executable, "-m", "sluicegate.serving", "--free_ports"]
    if not any(flag.startswith("--model_config_file") for flag in flags):
        command += ["--model_name=m", f"--model_base_path={base}"]
    with child([*command, f"--ports_file={ports}", *flags], folder / "server.log"):
        until(ports.exists)
        yield json.loads(ports.read_text())


@contextlib.contextmanager
def child(command: list[str], log: Path) -> Iterator[None]:
    with log.open("w") as file:
        process = subprocess.Popen(command, cwd=PROJECT, stdout=file, stderr=subprocess.STDOUT)
    try:
        yield
    finally:
        process.terminate()
        process.wait(60)


def until(is_so: Callable[[], bool], seconds: float = 120) -> None:
    stop = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > stop:
            raise TimeoutError
        time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def answers(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def bodies(version: Path, folder: Path) -> dict[str, Path]:
    """One row as each side wants it: the hand-written endpoint, REST, and gRPC's frame around a tf.Example."""
    described = json.loads((version / "assets.extra" / "model.json").read_text())["inputs"]
    row = {one["input"]: "a" if one["dtype"] == "string" else 1.0 for one in described.values()}
    files = {name: folder / f"{name}.body" for name in ("hand", "rest", "grpc")}
    files["hand"].write_text(json.dumps(row))
    files["rest"].write_text(json.dumps({"signature_name": "serving_raw", "instances": [row]}))
    files["grpc"].write_bytes(grpc_frame(described))
    return files


def grpc_frame(described: dict) -> bytes:
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2

    example = tf.train.Example()
    for column, one in described.items():
        feature = example.features.feature[column]
        if one["example_dtype"] == "string":
            feature.bytes_list.value.append(b"a")
        elif one["example_dtype"] == "int64":
            feature.int64_list.value.append(1)
        else:
            feature.float_list.value.append(1.5)
    asked = predict_pb2.PredictRequest(model_spec={"name": "m", "signature_name": "serving_default"})
    asked.inputs["examples"].CopyFrom(tf.make_tensor_proto([example.SerializeToString()]))
    message = asked.SerializeToString()
    return b"\0" + struct.pack(">I", len(message)) + message


def floor(version: Path, row: dict, seconds: float) -> float:
    """Calls per second of the tf.function in a loop, in this process, without any server."""
    import tensorflow as tf

    signature = tf.saved_model.load(str(version)).signatures["serving_raw"]
    specs = signature.structured_input_signature[1]
    tensors = {name: tf.constant([row[name]], dtype=spec.dtype) for name, spec in specs.items()}
    for _ in range(50):
        signature(**tensors)
    calls, stop = 0, time.monotonic() + seconds
    while time.monotonic() < stop:
        signature(**tensors)
        calls += 1
    return calls / seconds


def show(found: dict[str, list[Seen]], in_process: float) -> None:
    middle = {
        name: Seen(*(statistics.median(getattr(s, key) for s in seen) for key in ("rate", "p50", "p99")))
        for name, seen in found.items()
    }
    hand = middle["hand-written FastAPI"]
    table = Table(
        "", "requests/s", "p50 ms", "p99 ms", "requests, ratio", "p99, ratio", title=f"{CLIENTS} clients, one row each"
    )
    for name, one in [*middle.items(), ("tf.function in a loop (1 caller)", Seen(in_process, 0, 0))]:
        against = (f"{one.rate / hand.rate:.2f}", f"{one.p99 / hand.p99:.2f}" if one.p99 else "")
        table.add_row(
            name, f"{one.rate:.0f}", f"{one.p50:.1f}" if one.p50 else "", f"{one.p99:.1f}" if one.p99 else "", *against
        )
    console = Console(width=120)
    console.print(table)


def compared(loads: list[Load], pairs: int, folder: Path) -> list[float]:
    """Ratio of rates of each of KEPT and EQUAL, as these servers have it."""
    by_name = {load.name: load for load in loads}
    return [
        statistics.median(_pair(by_name[what], by_name[against], number, folder) for number in range(pairs))
        for what, against in (*KEPT, *EQUAL)
    ]


def show_kept(ratios: list[list[float]]) -> None:
    """Prints what `compared` found after each start of the servers."""
    for (what, against), found in zip((*KEPT, *EQUAL), zip(*ratios, strict=True), strict=True):
        logs = [math.log(ratio) for ratio in found]
        mean = math.exp(statistics.fmean(logs))
        error = mean * statistics.stdev(logs) / len(logs) ** 0.5
        wanted = " (to reach: 0.90)" if (what, against) in KEPT else ": equal servers"
        each = " ".join(f"{ratio:.2f}" for ratio in found)
        print(f"{what}: {mean:.3f} ± {error:.3f} of the rate of {against}{wanted}; each start: {each}")


def _pair(one: Load, other: Load, number: int, folder: Path) -> float:
    """Ratio of the rates of two sides, the one first that was last in the pair before."""
    order = (one, other) if number % 2 == 0 else (other, one)
    rate = {load.name: fire(load, 1, folder, warm_up=0.3).rate for load in order}
    return rate[one.name] / rate[other.name]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="a version's folder (default: a census model, trained here)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--starts", type=int, default=8, help="of all servers, at least 2")
    parser.add_argument("--pairs", type=int, default=7, help="of seconds, of each comparison after each start")
    given = parser.parse_args()
    if not shutil.which("h2load"):
        sys.exit("h2load is missing: on Debian, apt-get install nghttp2-client")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        version = trained(given.model, folder / "run")
        body = bodies(version, folder)
        found: dict[str, list[Seen]] = {}
        ratios: list[list[float]] = []
        for number in range(given.starts):
            with started(version, body, folder / str(number)) as loads:
                if not number:
                    for load in loads * given.rounds:
                        found.setdefault(load.name, []).append(fire(load, given.seconds, folder))
                ratios.append(compared(loads, given.pairs, folder))
        show(found, floor(version, json.loads(body["hand"].read_text()), 3))
        show_kept(ratios)


@contextlib.contextmanager
def started(version: Path, body: dict[str, Path], folder: Path) -> Iterator[list[Load]]:
    """All servers, warm; yields where to ask."""
    folder.mkdir()
    port = free_port()
    hand = [sys.executable, "-m", "benchmarks.hand_written_endpoint", str(version), str(port)]
    with contextlib.ExitStack() as stack:
        stack.enter_context(child(hand, folder / "hand.log"))
        loads = [Load("hand-written FastAPI", "rest", (f"http://127.0.0.1:{port}/predict",), body["hand"])]
        for side in sides(version, folder):
            loads += listening(side, folder / f"server{len(loads)}", body, stack)
        until(lambda: answers(port))
        check(loads, body)
        for load in loads:
            fire(load, 1, folder)
        time.sleep(SETTLING)
        yield loads


@dataclass(frozen=True)
class Side:
    """A server of ours.  by_name : its clients ask for versions 1 and 2, nine to one, over REST."""

    name: str
    base: Path
    flags: tuple[str, ...] = ()
    by_name: bool = False


def sides(version: Path, folder: Path) -> list[Side]:
    alone, routed, split = (folder / name for name in ("alone", "routed", "split"))
    for base, names in ((alone, "1"), (routed, "1"), (split, "12")):
        for name in names:
            shutil.copytree(version, base / name)
    release.write(release.Release(stable=1, salt="s"), routed)
    both = folder / "both"
    shutil.copytree(split, both)
    release.write(release.Release(stable=1, canary=2, weight=0.1, salt="s", mode="canary"), split)
    config = folder / "both.config"
    config.write_text(
        f'model_config_list {{ config {{ name: "m" base_path: "{both}" model_platform: "tensorflow" '
        "model_version_policy { all {} } } }"
    )
    log = (f"--request_log={folder / 'log'}",)
    return [
        Side("", alone),
        Side(ONCE_MORE, alone),
        Side(", log and router", routed, log),
        Side(", two versions by name", both, (f"--model_config_file={config}",), by_name=True),
        Side(", log and router, canary", split, log),
    ]


def listening(side: Side, place: Path, body: dict[str, Path], stack: contextlib.ExitStack) -> list[Load]:
    place.mkdir()
    ports = stack.enter_context(server(side.base, place, *side.flags))
    rest, rpc = f"http://127.0.0.1:{ports['rest']}/v1/models/m", f"http://127.0.0.1:{ports['grpc']}"
    if side.by_name:
        urls = (*[f"{rest}/versions/1:predict"] * 9, f"{rest}/versions/2:predict")
        return [Load(f"REST{side.name}", "rest", urls, body["rest"])]
    return [
        Load(f"REST{side.name}", "rest", (f"{rest}:predict",), body["rest"]),
        Load(f"gRPC{side.name}", "grpc", (f"{rpc}/tensorflow.serving.PredictionService/Predict",), body["grpc"]),
    ]


def check(loads: list[Load], body: dict[str, Path]) -> None:
    """All REST sides give the same scores, so that equal work is compared."""
    scores = []
    for load in loads:
        if load.kind == "rest":
            asked = urllib.request.Request(load.urls[-1], load.body.read_bytes(), {"content-type": "application/json"})
            [found] = json.load(urllib.request.urlopen(asked)).values()
            scores.append([round(value, 4) for value in found[0]])
    if any(one != scores[0] for one in scores):
        raise RuntimeError(f"the servers disagree: {scores}")


if __name__ == "__main__":
    main()
