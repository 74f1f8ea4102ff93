"""Asks a model server over gRPC and REST, as a client would, and keeps what came back."""

from __future__ import annotations

import base64
import http.client
import json
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import grpc
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

from components.infra_validator.core import MAX_DIFFERENCE, rows_to_send
from components.infra_validator.model import EXAMPLES, DirectModel, Question, Tensors, difference, not_finite
from schemas.evidence import BadRequest, WayOfAsking

#: A single row that takes longer got no answer.
TIMEOUT_S = 10.0
#: After so many failures in a row the rest would only take time.
GIVE_UP_AFTER = 3
CLIENTS_MISTAKE = frozenset({"INVALID_ARGUMENT", "NOT_FOUND", "FAILED_PRECONDITION", "OUT_OF_RANGE", "UNIMPLEMENTED"})
NO_SUCH = "no_such_name"
NOT_AN_EXAMPLE = b"\xff\xfe not an example"


class RefusedError(Exception):
    """The server's answer is an error.  status : its code.  clients_mistake : whether it blames the request."""

    def __init__(self, status: str, message: str, clients_mistake: bool) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status
        self.clients_mistake = clients_mistake


class Door(Protocol):
    """One of the two ways into a model server."""

    protocol: str

    def ask(self, signature: str, inputs: Tensors) -> Tensors:
        """Raises RefusedError."""
        ...

    def mistakes(self, question: Question) -> Iterator[tuple[str, Any]]:
        """Requests that are wrong, by name, ready for `send`."""
        ...

    def send(self, request: Any) -> Any: ...


class Grpc:
    """PredictionService.Predict."""

    protocol = "gRPC"

    def __init__(self, endpoint: str, model: str) -> None:
        self._channel = grpc.insecure_channel(endpoint)
        self._stub = prediction_service_pb2_grpc.PredictionServiceStub(self._channel)
        self._model = model

    def close(self) -> None:
        self._channel.close()

    def ask(self, signature: str, inputs: Tensors) -> Tensors:
        response = self.send(predict_request(self._model, signature, inputs))
        return {name: tf.make_ndarray(tensor) for name, tensor in response.outputs.items()}

    def mistakes(self, question: Question) -> Iterator[tuple[str, Any]]:
        good = question.row(0)
        [first, *rest] = good.items()
        yield "an unknown model", predict_request(NO_SUCH, question.signature, good)
        yield "an unknown signature", predict_request(self._model, NO_SUCH, good)
        yield "no inputs", predict_request(self._model, question.signature, {})
        yield "an unknown input", predict_request(self._model, question.signature, {NO_SUCH: first[1], **dict(rest)})
        other = np.array([True])
        yield "an input of another type", predict_request(self._model, question.signature, {**good, first[0]: other})

    def send(self, request: Any) -> Any:
        try:
            return self._stub.Predict(request, timeout=TIMEOUT_S)
        except grpc.RpcError as error:
            status = error.code().name
            raise RefusedError(status, _brief(error.details() or ""), status in CLIENTS_MISTAKE) from None


class Rest:
    """POST /v1/models/<model>:predict in the row format."""

    protocol = "REST"

    def __init__(self, endpoint: str, model: str) -> None:
        host, _, port = endpoint.rpartition(":")
        self._connection = http.client.HTTPConnection(host, int(port), timeout=TIMEOUT_S)
        self._model = model

    def close(self) -> None:
        self._connection.close()

    def ask(self, signature: str, inputs: Tensors) -> Tensors:
        body = {"signature_name": signature, "instances": _instances(inputs)}
        predictions = self.send((self._model, json.dumps(body)))["predictions"]
        if predictions and isinstance(predictions[0], dict):
            return {name: np.array([_plain(row[name]) for row in predictions]) for name in predictions[0]}
        return {"": np.array(_plain(predictions))}

    def mistakes(self, question: Question) -> Iterator[tuple[str, Any]]:
        name, rows = question.signature, _instances(question.row(0))
        yield "an unknown model", (NO_SUCH, json.dumps({"signature_name": name, "instances": rows}))
        yield "an unknown signature", (self._model, json.dumps({"signature_name": NO_SUCH, "instances": rows}))
        yield "no instances", (self._model, json.dumps({"signature_name": name}))
        yield "a body that is no JSON", (self._model, '{"instances": [')
        yield "an unknown input", (self._model, json.dumps({"signature_name": name, "instances": [{NO_SUCH: 1}]}))

    def send(self, request: Any) -> Any:
        model, body = request
        try:
            self._connection.request("POST", f"/v1/models/{model}:predict", body, {"Content-Type": "application/json"})
            response = self._connection.getresponse()
            status, text = response.status, response.read().decode("utf-8", "replace")
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise RefusedError("no answer", f"{type(error).__name__} {error}".strip(), clients_mistake=False) from None
        if status != http.client.OK:
            raise RefusedError(f"{status} {response.reason}", _brief(text), 400 <= status < 500)
        return json.loads(text)


def predict_request(model: str, signature: str, inputs: Tensors) -> predict_pb2.PredictRequest:
    """A PredictRequest of these tensors."""
    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = model, signature
    for name, values in inputs.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(list(values) if values.dtype == object else values))
    return request


def ask_all(door: Door, question: Question, requests: int) -> WayOfAsking:
    """Sends the requests one after the other, one row each, and lays every answer beside the model's own."""
    rows = rows_to_send(len(next(iter(question.inputs.values()))), requests)
    latencies: list[float] = []
    worst, bad_values, failures, problem = None, 0, 0, ""
    for row in rows:
        inputs, began = question.row(row), time.perf_counter()
        try:
            answer = door.ask(question.signature, inputs)
        except RefusedError as error:
            failures, problem = failures + 1, problem or str(error)
            if failures >= GIVE_UP_AFTER:
                break
            continue
        latencies.append((time.perf_counter() - began) * 1e3)
        failures = 0
        expected = question.answer(row)
        answer = _named(answer, expected)
        apart = difference(answer, expected)
        if apart > MAX_DIFFERENCE:
            problem = problem or f"Row {row}: {_shown(answer)}, and the model itself says {_shown(expected)}."
        worst = max(worst or 0.0, apart)
        bad_values += not_finite(answer)
    return WayOfAsking(
        door.protocol, question.signature, len(rows), len(latencies), tuple(round(v, 3) for v in latencies),
        worst, bad_values, problem,
    )  # fmt: skip


def ask_wrongly(doors: Sequence[Door], question: Question, model: DirectModel) -> tuple[BadRequest, ...]:
    """Sends every kind of bad request through every door."""
    return tuple(_sent(door, name, request) for door in doors for name, request in _mistakes(door, question, model))


def is_well(door: Door, question: Question) -> bool:
    """Whether a good request is answered as the model answers it."""
    try:
        answer = door.ask(question.signature, question.row(0))
    except RefusedError:
        return False
    return difference(_named(answer, question.answer(0)), question.answer(0)) <= MAX_DIFFERENCE


def _mistakes(door: Door, question: Question, model: DirectModel) -> Iterator[tuple[str, Any]]:
    yield from door.mistakes(question)
    garbage = {name: np.array([NOT_AN_EXAMPLE], object) for name in question.inputs}
    # A model of texts may well answer this; then a server must, too.
    if question.signature == EXAMPLES and model.refuses(EXAMPLES, garbage):
        yield "bytes that are no tf.Example", (question.signature, garbage)


def _sent(door: Door, name: str, request: Any) -> BadRequest:
    try:
        if name == "bytes that are no tf.Example":
            door.ask(*request)
        else:
            door.send(request)
    except RefusedError as error:
        return BadRequest(door.protocol, name, error.status, error.clients_mistake)
    return BadRequest(door.protocol, name, "an answer", refused=False)


def _named(answer: Tensors, expected: Tensors) -> Tensors:
    """REST leaves out the name of an only output."""
    return {next(iter(expected)): answer[""]} if "" in answer and len(expected) == 1 else answer


def _instances(inputs: Tensors) -> list[Any]:
    rows = len(next(iter(inputs.values())))
    if len(inputs) == 1:
        [values] = inputs.values()
        return [_json(value, only=True) for value in values]
    return [{name: _json(values[row]) for name, values in inputs.items()} for row in range(rows)]


def _json(value: Any, only: bool = False) -> Any:
    """A value of an instance; bytes that are no text, and serialized examples, travel in base64."""
    if not isinstance(value, bytes):
        return float(value)
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = None
    return {"b64": base64.b64encode(value).decode()} if text is None or only else text


def _plain(value: Any) -> Any:
    """JSON's answer with base64 turned back into bytes."""
    if isinstance(value, Mapping):
        return base64.b64decode(value["b64"]) if set(value) == {"b64"} else value
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def _brief(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 200 else f"{line[:199]}…"


def _shown(tensors: Tensors) -> str:
    values = np.asarray(next(iter(tensors.values()), np.array([]))).ravel()[:3]
    return ", ".join(f"{v:.6g}" if isinstance(v, float | np.floating) and math.isfinite(v) else str(v) for v in values)
