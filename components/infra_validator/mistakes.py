"""Requests that a model server must refuse as the client's mistake."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np

from components.infra_validator.model import EXAMPLES, DirectModel, RequestCase
from sluicegate.serving.client.asked import Client
from sluicegate.serving.client.over_grpc import GrpcClient, predict_request
from sluicegate.serving.client.over_rest import RestClient, instances

NO_SUCH = "no_such_name"
NO_EXAMPLE = "bytes that are no tf.Example"
NOT_AN_EXAMPLE = b"\xff\xfe not an example"


def mistakes(client: Client, question: RequestCase, model: DirectModel) -> Iterator[tuple[str, Any]]:
    """Requests that are wrong, by name, ready for the client's `send`; NO_EXAMPLE for its `ask`."""
    yield from MISTAKES[client.protocol](client.model, question)
    garbage = {name: np.array([NOT_AN_EXAMPLE], object) for name in question.inputs}
    # A model of texts may well answer this; then a server must, too.
    if question.signature == EXAMPLES and model.refuses(EXAMPLES, garbage):
        yield NO_EXAMPLE, (question.signature, garbage)


def _of_grpc(model: str, question: RequestCase) -> Iterator[tuple[str, Any]]:
    good = question.row(0)
    [first, *rest] = good.items()
    yield "an unknown model", predict_request(NO_SUCH, question.signature, good)
    yield "an unknown signature", predict_request(model, NO_SUCH, good)
    yield "no inputs", predict_request(model, question.signature, {})
    yield "an unknown input", predict_request(model, question.signature, {NO_SUCH: first[1], **dict(rest)})
    other = np.array([True])
    yield "an input of another type", predict_request(model, question.signature, {**good, first[0]: other})


def _of_rest(model: str, question: RequestCase) -> Iterator[tuple[str, Any]]:
    name, rows = question.signature, instances(question.row(0))
    yield "an unknown model", (NO_SUCH, json.dumps({"signature_name": name, "instances": rows}))
    yield "an unknown signature", (model, json.dumps({"signature_name": NO_SUCH, "instances": rows}))
    yield "no instances", (model, json.dumps({"signature_name": name}))
    yield "a body that is no JSON", (model, '{"instances": [')
    yield "an unknown input", (model, json.dumps({"signature_name": name, "instances": [{NO_SUCH: 1}]}))


MISTAKES = {GrpcClient.protocol: _of_grpc, RestClient.protocol: _of_rest}
