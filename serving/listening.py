"""Whether an address and port can be listened on, in the system's own words."""

from __future__ import annotations

import errno
import socket

from schemas.address import with_port
from schemas.errors import MachineError, Problem

_ALLOWED = "an address of this machine and a free port"
_REMEDIES = {
    errno.EADDRINUSE: "end what listens there, or choose another with {flag}",
    errno.EACCES: "choose a port of 1024 or more with {flag}, or allow it (CAP_NET_BIND_SERVICE)",
    errno.EADDRNOTAVAIL: "give --host an address of this machine: 127.0.0.1, ::1, 0.0.0.0, ::",
}


def check(host: str, port: int, flag: str) -> None:
    """Binds the address for a moment, because neither uvicorn nor gRPC says why it could not. Raises MachineError.

    flag : the one that sets the port.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise cannot(with_port(host, port), said.lower(), _REMEDIES[errno.EADDRNOTAVAIL]) from None
    for family, kind, protocol, _, address in found:
        with socket.socket(family, kind, protocol) as probe:
            # As asyncio and gRPC do: connections that have just ended are no reason.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            try:
                probe.bind(address)
                probe.listen(1)
            except OSError as error:
                remedy = _REMEDIES.get(error.errno or 0, "choose another with {flag}").format(flag=flag)
                raise cannot(with_port(host, port), (error.strerror or str(error)).lower(), remedy) from None


def cannot(address: str, got: str, remedy: str) -> MachineError:
    """The four parts of "cannot listen"."""
    return MachineError("The server cannot listen.", Problem(address, got, _ALLOWED, remedy))
