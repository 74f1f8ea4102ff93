"""POST /v1/models/NAME:predict, as a client calls it. Needs NumPy alone."""

from __future__ import annotations

import base64
import http.client
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from sluicegate.serving.client.asked import TIMEOUT_S, RefusedError, Tensors


class RestClient:
    """POST /v1/models/<model>:predict in the row format."""

    protocol = "REST"

    def __init__(self, endpoint: str, model: str) -> None:
        host, _, port = endpoint.rpartition(":")
        self._connection = http.client.HTTPConnection(host, int(port), timeout=TIMEOUT_S)
        self.model = model

    def close(self) -> None:
        self._connection.close()

    def ask(self, signature: str, inputs: Tensors) -> Tensors:
        body = {"signature_name": signature, "instances": instances(inputs)}
        predictions = self.send((self.model, json.dumps(body)))["predictions"]
        if predictions and isinstance(predictions[0], dict):
            return {name: np.array([_plain(row[name]) for row in predictions]) for name in predictions[0]}
        return {"": np.array(_plain(predictions))}

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
            raise RefusedError(f"{status} {response.reason}", text, 400 <= status < 500)
        return json.loads(text)


def instances(inputs: Tensors) -> list[Any]:
    """Rows as the row format wants them."""
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
