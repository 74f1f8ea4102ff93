"""A client's connection: how long it may stay idle, and how long a request may take to arrive."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from sluicegate.serving.options import SLOWEST, Waits
from sluicegate.serving.rest import encode


class Connection(HttpToolsProtocol):
    """uvicorn's, which by itself waits forever for the rest of a request, and for the first one.

    A request that comes in one piece, as nearly all do, sets no timer.
    """

    waits = Waits()

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._is_receiving = self._has_head = False
        self._began, self._bytes = 0.0, 0
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._await_request()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._is_receiving:
            self._bytes += len(data)
            if self._timer is None:
                self._begin(0)
            return
        if self._timer is not None:
            self._stop()
        if self.timeout_keep_alive_task is None and self._is_idle():
            # Nothing but line ends came, or the rest of a request that was answered before its end.
            self._await_request()

    def on_message_begin(self) -> None:
        self._is_receiving, self._has_head = True, False
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._has_head = True
        if self._timer is not None:
            self._begin(0)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._is_receiving = False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._is_receiving and self.timeout_keep_alive_task is not None:
            # The rest of this request, or the next one, is on its way and has a limit of its own.
            self._unset_keepalive_if_required()

    def _is_idle(self) -> bool:
        return (self.cycle is None or self.cycle.response_complete) and not self.transport.is_closing()

    def _await_request(self) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)

    def _begin(self, received: int) -> None:
        self._stop()
        self._began, self._bytes = self.loop.time(), received
        self._timer = self.loop.call_later(self._limit(), self._look)

    def _limit(self) -> float:
        return self.waits.body + self._bytes / SLOWEST if self._has_head else self.waits.head

    def _look(self) -> None:
        """Whether the time is over for what is being received."""
        self._timer = None
        if self.flow.read_paused or not self._is_the_client_late():
            # It is we who do not read.
            self._begin(self._bytes)
            return
        left = self._began + self._limit() - self.loop.time()
        if left > 0:
            self._timer = self.loop.call_later(left, self._look)
        else:
            self._give_up()

    def _is_the_client_late(self) -> bool:
        """While an earlier request is being answered, the next one may wait."""
        return self._has_head or self.cycle is None or self.cycle.response_complete

    def _give_up(self) -> None:
        cycle = self.cycle if self._has_head else None
        if cycle is None or not cycle.response_started:
            said = "headers" if cycle is None else "body"
            text = encode.error(f"Timed out waiting for the rest of the request's {said}")
            head = b"content-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(text)
            self.transport.write(STATUS_LINE[408] + head + text)
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()
        self.transport.close()

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def with_waits(waits: Waits) -> type[Connection]:
    """The protocol that uvicorn makes one of for each connection."""
    return type("Connection", (Connection,), {"waits": waits})
