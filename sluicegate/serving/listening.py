"""Whether an address and port can be listened on, in the system's own words."""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path

from schemas.address import with_port
from schemas.errors import MachineError, Problem

_ALLOWED = "an address of this machine and a free port"
#: Of sun_path, without its last zero (unix(7)).
_LONGEST_SOCKET_PATH = 107
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


def check_socket(path: Path, flag: str) -> None:
    """Raises MachineError for a path that cannot be listened on.

    gRPC itself removes a socket that it finds there, also one on which another server listens.

    flag : the one that sets the path.
    """
    place, allowed = f"{flag} {path}", "a path for a Unix socket in a folder that can be written"
    choose = f"choose another with {flag}"
    if len(os.fsencode(path)) > _LONGEST_SOCKET_PATH:
        raise _no_socket(place, f"{len(os.fsencode(path))} bytes", f"{_LONGEST_SOCKET_PATH} bytes at most", choose)
    if not path.parent.is_dir() or not os.access(path.parent, os.W_OK | os.X_OK):
        raise _no_socket(place, "a folder that is missing or may not be written", allowed, f"make it, or {choose}")
    if not path.exists() and not path.is_symlink():
        return
    if not path.is_socket():
        raise _no_socket(place, "something that is no socket", allowed, choose)
    with socket.socket(socket.AF_UNIX) as probe:
        if probe.connect_ex(str(path)) == 0:
            raise _no_socket(place, "another server listens there", allowed, f"end it, or {choose}")


def _no_socket(place: str, got: str, allowed: str, remedy: str) -> MachineError:
    return MachineError("The server cannot listen.", Problem(place, got, allowed, remedy))


def cannot(address: str, got: str, remedy: str) -> MachineError:
    """The four parts of "cannot listen"."""
    return MachineError("The server cannot listen.", Problem(address, got, _ALLOWED, remedy))
