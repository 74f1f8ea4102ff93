"""How the REST port closes."""

import asyncio
import socket
import time

import pytest
import uvloop

from sluicegate.serving.rest.server import RestServer

REQUEST = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"
HANG_UP = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"


async def greet(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"hi"})


class Client:
    """A connection that says nothing until told to."""

    def __init__(self, port):
        self.connection = socket.create_connection(("127.0.0.1", port), timeout=5)

    async def ask(self, request=REQUEST, after=0.0):
        """The answer; nothing when the server hung up."""
        await asyncio.sleep(after)
        return await asyncio.to_thread(self._ask, request)

    def _ask(self, request):
        answer = b""
        try:
            self.connection.sendall(request)
            while not answer.endswith(b"hi") and (part := self.connection.recv(1000)):
                answer += part
        except OSError:
            return b""
        return answer


def closing(*stories):
    """Runs each story beside the stop of a server; the answers, and the seconds that the stop took."""

    async def main():
        server = RestServer(greet, grace=5)
        await server.start("127.0.0.1", 0, None)
        told = [asyncio.ensure_future(story(Client(server.port))) for story in stories]
        # The first turn of the loop accepts the connections; their protocols come to life in the third.
        for _ in range(2):
            await asyncio.sleep(0)
        before = time.monotonic()
        await server.stop()
        seconds = time.monotonic() - before
        return await asyncio.gather(*told), seconds

    return asyncio.run(main())


def test_a_connection_accepted_while_the_door_closed_is_answered():
    async def story(client):
        return await client.ask(HANG_UP, after=0.3)

    answers, _ = closing(story, story)
    assert [answer[:15] for answer in answers] == [b"HTTP/1.1 200 OK"] * 2


def test_a_slow_client_may_bring_its_first_request():
    async def story(client):
        return await client.ask(HANG_UP, after=1.5)

    answers, seconds = closing(story)
    assert answers[0].startswith(b"HTTP/1.1 200 OK")
    assert 1.4 < seconds < 4


def test_nobody_waits_for_those_who_never_ask():
    async def story(client):
        await asyncio.sleep(5.3)
        return await client.ask()

    answers, seconds = closing(story)
    assert answers == [b""]
    assert seconds < 7


def test_a_kept_connection_is_given_up_sooner():
    async def story(client):
        return [await client.ask(), await client.ask(after=0.5), await client.ask(after=1.5)]

    answers, seconds = closing(story)
    assert [answer[:15] for answer in answers[0]] == [b"HTTP/1.1 200 OK", b"HTTP/1.1 200 OK", b""]
    assert seconds < 3


def test_without_clients_it_closes_at_once():
    _, seconds = closing()
    assert seconds < 1


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_who_comes_while_the_door_closes_is_answered(run):
    """The system has taken these connections and requests; nobody has looked at them when the door is closed."""

    async def main():
        server = RestServer(greet, grace=5)
        await server.start("127.0.0.1", 0, None)
        came = []

        class Door:
            def __init__(self, real):
                self.sockets, self._real = real.sockets, real

            def close(self):
                # uvicorn closes once more.
                for _ in range(0 if came else 20):
                    came.append(socket.create_connection(("127.0.0.1", server.port), timeout=5))
                    came[-1].sendall(HANG_UP)
                self._real.close()

            def __getattr__(self, name):
                return getattr(self._real, name)

        server._server.servers[:] = [Door(one) for one in server._server.servers]
        await server.stop()
        return [await asyncio.to_thread(_received, one) for one in came]

    assert [answer[-2:] for answer in run(main())] == [b"hi"] * 20


def _received(connection):
    try:
        return connection.recv(1000)
    except OSError as error:
        return repr(error).encode()
