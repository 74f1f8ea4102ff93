"""Health and small requests do not wait for large ones, and a large one takes a few times its size of memory."""

import base64
import gzip
import http.client
import json
import subprocess
import sys
import time
from contextlib import closing

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2

from tests.sluicegate.serving.test_process import process

LARGE = 25_000_000
#: Milliseconds.
MOST_WAIT, MOST_COPIES = 50.0, 1000.0

#: Sends what it is given on the standard input without pause, so long, and prints what came back first.
CLIENT = """
import http.client, sys, time
port, path, seconds, encoding = int(sys.argv[1]), sys.argv[2], float(sys.argv[3]), sys.argv[4]
body, stop, told = sys.stdin.buffer.read(), time.monotonic() + seconds, None
while told is None or time.monotonic() < stop:
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=200)
    client.request("POST", path, body, {"content-encoding": encoding})
    answer = client.getresponse()
    told = told or (answer.status, answer.read())
    client.close()
sys.stdout.buffer.write(str(told[0]).encode() + b" " + told[1][:200])
"""

#: The same over gRPC.
GRPC_CLIENT = """
import grpc, sys, time
port, seconds = int(sys.argv[1]), float(sys.argv[2])
body, stop, told = sys.stdin.buffer.read(), time.monotonic() + seconds, b""
options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
with grpc.insecure_channel(f"127.0.0.1:{port}", options=options) as channel:
    call = channel.unary_unary("/tensorflow.serving.PredictionService/Predict")
    while not told or time.monotonic() < stop:
        told = call(body)
sys.stdout.buffer.write(b"%d" % len(told))
"""


class Large(tf.Module):
    """Takes and gives what is large."""

    @tf.function(input_signature=[tf.TensorSpec([None, None, None, 3], tf.float32, name="image")])
    def mean(self, image):
        return {"mean": tf.reduce_mean(image, axis=[1, 2, 3])}

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.float32, name="x")])
    def total(self, x):
        return {"total": tf.reduce_sum(x, axis=1)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.int32, name="n")])
    def many(self, n):
        return {"y": tf.random.stateless_uniform(tf.stack([tf.shape(n)[0], n[0]]), seed=[1, 2])}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
    def length(self, text):
        return {"length": tf.strings.length(text)}

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.float32, name="number"),
            tf.TensorSpec([None], tf.string, name="text"),
        ]
    )
    def table(self, number, text):
        return {"number": number, "text": text}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="inputs")])
    def regress(self, inputs):
        return {"outputs": tf.io.parse_example(inputs, {"x": tf.io.FixedLenFeature([], tf.float32)})["x"]}


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A server of its own process."""
    base = tmp_path_factory.mktemp("large")
    model = Large()
    signatures = {
        "serving_default": model.mean, "total": model.total, "many": model.many, "length": model.length,
        "table": model.table, "regress": model.regress,
    }  # fmt: skip
    tf.saved_model.save(model, str(base / "m" / "1"), signatures=signatures)
    with process(base, "--model_name=m", f"--model_base_path={base / 'm'}") as (child, ports):
        yield child.pid, ports


def image(size=LARGE):
    side = int((size / 21) ** 0.5)
    values = np.round(np.random.default_rng(0).random((1, side, side, 3)), 4)
    return json.dumps({"instances": values.tolist()}, separators=(",", ":")).encode()


def row(size=LARGE):
    return b'{"signature_name":"total","instances":[[' + b"0.12345," * (size // 8) + b"1]]}"


def table(size=LARGE):
    rows = ",".join(f'{{"number":{n}.5,"text":"text of row {n}"}}' for n in range(90_000))
    return f'{{"signature_name":"table","instances":[{rows}]}}'.encode()


def wrong(size=LARGE):
    return row(size).replace(b",1]]}", b",null]]}")


def numbers_as_texts(size=LARGE):
    return json.dumps({"signature_name": "length", "inputs": ["a" * 20] * (size // 25)}).encode()


def encoded(size=LARGE):
    text = base64.b64encode(bytes(size * 3 // 4)).decode()
    return json.dumps({"signature_name": "length", "instances": [{"b64": text}]}).encode()


def examples(size=LARGE):
    return b'{"signature_name":"regress","examples":[' + b'{"x":0.5},' * 60_000 + b'{"x":1.0}]}'


class Probe:
    """Waits of /healthz in milliseconds, while `client` runs."""

    def __init__(self, port, client):
        self.waits = []
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as asked:
            while client.poll() is None:
                began = time.monotonic()
                asked.request("GET", "/healthz")
                assert asked.getresponse().read() == b"ok\n"
                self.waits.append((time.monotonic() - began) * 1e3)
                time.sleep(0.005)

    @property
    def median(self):
        return sorted(self.waits)[len(self.waits) // 2]

    @property
    def p99(self):
        return sorted(self.waits)[int(len(self.waits) * 0.99)]


def memory(pid, what="VmRSS"):
    """Bytes."""
    with open(f"/proc/{pid}/status") as told:
        return next(int(line.split()[1]) * 1024 for line in told if line.startswith(what))


def forget_peak(pid):
    with open(f"/proc/{pid}/clear_refs", "w") as file:
        file.write("5")


def tensor(values, signature, content):
    """A PredictRequest."""
    request = predict_pb2.PredictRequest(model_spec={"name": "m", "signature_name": signature})
    proto = request.inputs["n" if signature == "many" else "x"]
    proto.CopyFrom(tf.make_tensor_proto(values))
    if not content:
        proto.tensor_content = b""
        proto.float_val.extend(values.ravel().tolist())
    return request.SerializeToString()


@pytest.mark.parametrize(
    ("values", "signature", "content", "least"),
    [(np.ones((1, LARGE // 4), np.float32), "total", False, 10), (np.ones((1, LARGE // 4), np.float32), "total", True, 10),
     (np.array([LARGE // 4], np.int32), "many", True, LARGE)],
    ids=["numbers one by one", "numbers as bytes", "a large answer"],
)  # fmt: skip
def test_nor_for_a_large_one_over_grpc(large, values, signature, content, least):
    _, ports = large
    command = [sys.executable, "-c", GRPC_CLIENT, str(ports["grpc"]), "2"]
    client = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    client.stdin.write(tensor(values, signature, content))
    client.stdin.close()
    probe = Probe(ports["rest"], client)
    assert int(said_by(client)) >= least
    assert probe.median < MOST_WAIT
    # gRPC itself puts a message together in the event loop, which takes as long as copying it a few times.
    assert max(probe.waits) < MOST_COPIES


def said_by(client):
    with client:
        return client.stdout.read()


def fire(ports, path, body, seconds=2.0, encoding="identity"):
    command = [sys.executable, "-c", CLIENT, str(ports["rest"]), path, str(seconds), encoding]
    client = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    client.stdin.write(body)
    client.stdin.close()
    return client


@pytest.mark.parametrize(
    ("make", "call", "status"),
    [(image, "predict", 200), (row, "predict", 200), (table, "predict", 200), (wrong, "predict", 400),
     (numbers_as_texts, "predict", 400), (encoded, "predict", 200), (examples, "regress", 200)],
)  # fmt: skip
def test_health_does_not_wait_for_a_large_request(large, make, call, status):
    _, ports = large
    client = fire(ports, f"/v1/models/m:{call}", make())
    probe = Probe(ports["rest"], client)
    assert said_by(client).startswith(str(status).encode())
    assert len(probe.waits) > 20
    assert probe.p99 < MOST_WAIT


def test_nor_for_a_compressed_one(large):
    _, ports = large
    client = fire(ports, "/v1/models/m:predict", gzip.compress(row(), 1), encoding="gzip")
    probe = Probe(ports["rest"], client)
    assert said_by(client).startswith(b"200")
    assert probe.p99 < MOST_WAIT


def test_nor_for_a_large_answer(large):
    _, ports = large
    client = fire(ports, "/v1/models/m:predict", b'{"signature_name":"many","instances":[2000000]}')
    probe = Probe(ports["rest"], client)
    assert said_by(client).startswith(b"200")
    assert probe.p99 < MOST_WAIT


@pytest.mark.parametrize(
    "body",
    [b'{"signature_name":"total","instances":[[' + b"0," * 6_000_000 + b"1]]}",
     b'{"signature_name":"total","instances":[' + b"[1]," * 3_000_000 + b"[1]]}",
     b'{"instances":[[' + b"[[1,1,1]]," * 1_200_000 + b"[[1,1,1]]]]}"],
    ids=["one wide row", "many lists of one", "lists in lists of one"],
)  # fmt: skip
def test_memory_is_less_than_ten_times_the_body(large, body):
    pid, ports = large
    before = memory(pid)
    forget_peak(pid)
    client = fire(ports, "/v1/models/m:predict", body, seconds=0)
    Probe(ports["rest"], client)
    assert said_by(client)[:3] in (b"200", b"400")
    assert memory(pid, "VmHWM") - before < 10 * len(body)
