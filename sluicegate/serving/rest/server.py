"""The REST port: uvicorn in our event loop, without its own signal handlers, and a door that closes on nobody."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
import time
from typing import Any

import uvicorn

from schemas.address import with_port
from sluicegate.serving import tls as pem
from sluicegate.serving.options import Tls, Waits
from sluicegate.serving.rest.app import RestApp
from sluicegate.serving.rest.connection import with_waits

_USUAL = Waits()
#: Turns of the event loop between accept() and a connection that is known, and some more.
_TURNS = 5
#: Seconds after the door is closed in which those who were already through it may still finish their handshakes.
_SETTLE = 0.1
#: Seconds in which a connection that was never used may still bring the request it was opened for.
_FIRST_REQUEST = 5.0
#: Seconds in which a client that kept its connection may still be on the way with another request.
_NEXT_REQUEST = 1.0


class RestServer:
    """port : the one taken.  grace : seconds that requests under way may take once the server stops."""

    def __init__(self, app: RestApp, grace: float, waits: Waits = _USUAL) -> None:
        self._app, self._grace, self._waits = app, grace, waits
        self._server: uvicorn.Server
        self._task: asyncio.Task[None]
        self.port = 0

    async def start(self, host: str, port: int, tls: Tls | None) -> None:
        """Raises RuntimeError when the port is taken."""
        self._server = uvicorn.Server(self._config(host, port, tls))
        self._task = asyncio.ensure_future(_run(self._server))
        while not self._server.started:
            if self._task.done():
                await self._task
                raise RuntimeError(f"{with_port(host, port)} is taken")
            await asyncio.sleep(0.005)
        self.port = self._server.servers[0].sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Closes the door, answers what came in, hangs up.

        Each answer given while the server drains ends its connection. Those that remain hold a request which nobody has read
        yet, or are idle; hanging up at once would lose the former.
        """
        waiting = await _close_door(self._server.servers)
        late = [asyncio.ensure_future(self._let_in(one)) for one in waiting]
        closed = time.monotonic()
        await asyncio.sleep(_SETTLE)
        while any(time.monotonic() - closed < _patience(one) for one in self._server.server_state.connections):
            await asyncio.sleep(0.01)
        self._server.should_exit = True
        await self._task
        for one in late:
            one.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _let_in(self, connection: socket.socket) -> None:
        config, state = self._server.config, self._server.server_state
        protocol: Any = config.http_protocol_class
        loop = asyncio.get_running_loop()
        await loop.connect_accepted_socket(
            lambda: protocol(config=config, server_state=state, app_state=self._server.lifespan.state),
            connection,
            ssl=config.ssl,
        )

    def _config(self, host: str, port: int, tls: Tls | None) -> uvicorn.Config:
        with pem.files(tls) if tls else contextlib.nullcontext((None, None)) as (certificate, private):
            config = uvicorn.Config(
                self._app,
                host=host,
                port=port,
                log_config=None,
                access_log=False,
                lifespan="off",
                server_header=False,
                date_header=False,
                ws="none",
                timeout_graceful_shutdown=int(self._grace),
                ssl_certfile=certificate,
                ssl_keyfile=private,
                backlog=4096,
                http=with_waits(self._waits),
                timeout_keep_alive=self._waits.idle,  # type: ignore[arg-type]
            )
            config.load()
        if tls and tls.client_ca and config.ssl:
            config.ssl.load_verify_locations(cadata=tls.client_ca.decode())
            config.ssl.verify_mode = ssl.CERT_REQUIRED
        return config


async def _close_door(doors: list[asyncio.Server]) -> list[socket.socket]:
    """Takes no new connection, and loses none that was taken; gives those that came while it closed.

    asyncio drops a connection without a word when its server is closed between accept() and the making of its transport, a
    turn of the loop later (CPython 3.11, Server._attach). So the sockets are looked away from first, and closed turns later.
    Meanwhile the system goes on taking connections, with requests on them, and would reset all of them when the last
    descriptor of the socket is closed. So that one is ours, and closed in the moment in which nobody waits.
    """
    loop = asyncio.get_running_loop()
    listening = [one for door in doors for one in door.sockets]
    kept = [socket.socket(fileno=os.dup(one.fileno())) for one in listening]
    for one in listening:
        loop.remove_reader(one.fileno())
    await _turns()
    for door in doors:
        door.close()
    await _turns()
    return [connection for one in kept for connection in _rest_of(one)]


async def _turns() -> None:
    for _ in range(_TURNS):
        await asyncio.sleep(0)


def _rest_of(listening: socket.socket) -> list[socket.socket]:
    """All connections that wait at a socket, which is closed then."""
    found: list[socket.socket] = []
    listening.setblocking(False)
    with listening:
        while True:
            try:
                found.append(listening.accept()[0])
            except BlockingIOError:
                break
            except ConnectionError:
                # This one is gone already.
                continue
            except OSError:
                break
    for one in found:
        one.setblocking(False)
    return found


def _patience(connection: Any) -> float:
    """Seconds. connection.cycle is uvicorn's: the last request of the connection, None before the first."""
    return _FIRST_REQUEST if connection.cycle is None else _NEXT_REQUEST


async def _run(server: uvicorn.Server) -> None:
    try:
        await server._serve()
    except SystemExit:
        # uvicorn ends the process when it cannot bind.
        raise RuntimeError(f"{with_port(server.config.host, server.config.port)} is taken") from None
