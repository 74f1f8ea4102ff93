"""What both clients have in common: tensors in, tensors out, and how a server refuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

#: Arrays by the name of a signature's input or output, (rows, ...) each.
Tensors = Mapping[str, Any]
#: A single row that takes longer got no answer.
TIMEOUT_S = 10.0


class RefusedError(Exception):
    """The server's answer is an error.  status : its code.  clients_mistake : whether it blames the request."""

    def __init__(self, status: str, message: str, clients_mistake: bool) -> None:
        super().__init__(f"{status}: {brief(message)}")
        self.status = status
        self.clients_mistake = clients_mistake


class Client(Protocol):
    """One of the two protocols, bound to one model of one server."""

    protocol: str
    model: str

    def ask(self, signature: str, inputs: Tensors) -> Tensors:
        """The signature's outputs. Raises RefusedError."""
        ...

    def send(self, request: Any) -> Any:
        """A request as the protocol has it, as it is. Raises RefusedError."""
        ...


def brief(text: str) -> str:
    """One line of at most 200 characters."""
    line = " ".join(text.split())
    return line if len(line) <= 200 else f"{line[:199]}…"
