"""Asks a model server over gRPC and REST, as a client would, and keeps what came back."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from components.infra_validator.core import MAX_DIFFERENCE, rows_to_send
from components.infra_validator.mistakes import NO_EXAMPLE, mistakes
from components.infra_validator.model import DirectModel, RequestCase, difference, not_finite
from schemas.evidence import BadRequest, WayOfAsking
from sluicegate.serving.client.asked import Client, RefusedError, Tensors

#: After so many failures in a row the rest would only take time.
GIVE_UP_AFTER = 3


def ask_all(client: Client, question: RequestCase, requests: int) -> WayOfAsking:
    """Sends the requests one after the other, one row each, and lays every answer beside the model's own."""
    rows = rows_to_send(len(next(iter(question.inputs.values()))), requests)
    latencies: list[float] = []
    worst, bad_values, failures, problem = None, 0, 0, ""
    for row in rows:
        inputs, began = question.row(row), time.perf_counter()
        try:
            answer = client.ask(question.signature, inputs)
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
        client.protocol, question.signature, len(rows), len(latencies), tuple(round(v, 3) for v in latencies),
        worst, bad_values, problem,
    )  # fmt: skip


def ask_wrongly(clients: Sequence[Client], question: RequestCase, model: DirectModel) -> tuple[BadRequest, ...]:
    """Sends every kind of bad request to every protocol."""
    return tuple(
        _sent(client, name, request) for client in clients for name, request in mistakes(client, question, model)
    )


def is_well(client: Client, question: RequestCase) -> bool:
    """Whether a good request is answered as the model answers it."""
    try:
        answer = client.ask(question.signature, question.row(0))
    except RefusedError:
        return False
    return difference(_named(answer, question.answer(0)), question.answer(0)) <= MAX_DIFFERENCE


def _sent(client: Client, name: str, request: Any) -> BadRequest:
    try:
        if name == NO_EXAMPLE:
            client.ask(*request)
        else:
            client.send(request)
    except RefusedError as error:
        return BadRequest(client.protocol, name, error.status, error.clients_mistake)
    return BadRequest(client.protocol, name, "an answer", refused=False)


def _named(answer: Tensors, expected: Tensors) -> Tensors:
    """REST leaves out the name of an only output."""
    return {next(iter(expected)): answer[""]} if "" in answer and len(expected) == 1 else answer


def _shown(tensors: Tensors) -> str:
    values = np.asarray(next(iter(tensors.values()), np.array([]))).ravel()[:3]
    return ", ".join(f"{v:.6g}" if isinstance(v, float | np.floating) and math.isfinite(v) else str(v) for v in values)
