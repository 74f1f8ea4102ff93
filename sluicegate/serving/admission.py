"""Who may reload models and move traffic: whoever knows a token; on a server bound to loopback without tokens, any program there.

A page in a browser is no such program, though the browser runs there: what it can send without asking first is refused.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from sluicegate.serving.status import Code, ServingError

HEADER = "authorization"
#: Of RFC 6750; its letters may have either case.
SCHEME = "bearer"
#: A page may send it to its own server only: to others the browser asks first, and is told no.
MARK = "x-sluicegate-admin"
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
ANYBODY = "local, unauthenticated"
NAMELESS = "operator (token without a name)"
_OWN_SITES = ("same-origin", "none")


@dataclass(frozen=True)
class Admission:
    """token : secret of the operators, or "".  operators : a token of their own for each name.

    Without any token only a server that is not `open_to_network` takes orders.
    host : that the server is bound to.  allowed_hosts : names by which it may be called for an order, beside its address and loopback's.
    """

    token: str = ""
    open_to_network: bool = False
    operators: Mapping[str, str] | None = None
    host: str = "127.0.0.1"
    allowed_hosts: tuple[str, ...] = ()

    def check(self, headers: Mapping[str, str]) -> str:
        """Who orders. Raises ServingError unless the request may change what is served."""
        for name in ("origin", "sec-fetch-site"):
            if name in headers and not self._is_own(name, headers):
                raise _forbidden(f"An order from a page of another site ({name}: {headers[name][:100]}) is refused")
        if not self._has_tokens:
            if self.open_to_network:
                raise _forbidden("This server listens to the network and has no --admin_token_file: reloading is off")
            return ANYBODY
        scheme, _, given = headers.get(HEADER, "").partition(" ")
        who = self._who(given.strip())
        if scheme.lower() != SCHEME or who is None:
            raise ServingError(Code.UNAUTHENTICATED, "Send the operators' token as `authorization: Bearer TOKEN`")
        return who

    def check_http(self, headers: Mapping[str, str]) -> str:
        """As `check`, and for what a browser could be made to send: the name that the server is called by, and the mark."""
        host = headers.get("host", "")
        if self._knows_hosts and _name_of(host) not in {*LOOPBACK_NAMES, self.host.lower(), *self.allowed_hosts}:
            raise _forbidden(
                f"An order to the host {host[:100]!r} is refused: name it with --allowed_hosts if it is this server's"
            )
        who = self.check(headers)
        if not self._has_tokens and not headers.get(MARK):
            raise _forbidden(f"Send the header `{MARK}: 1`, which no page of another site can")
        return who

    @property
    def _has_tokens(self) -> bool:
        return bool(self.token or self.operators)

    @property
    def _knows_hosts(self) -> bool:
        """Not where the network knows this server by names that nobody told it; there a token is asked for, which no page knows."""
        return bool(self.allowed_hosts) or not self.open_to_network

    def _is_own(self, name: str, headers: Mapping[str, str]) -> bool:
        if name == "sec-fetch-site":
            return headers[name].lower() in _OWN_SITES
        host = headers.get("host", "").lower()
        return bool(host) and headers[name].lower() in (f"http://{host}", f"https://{host}")

    def _who(self, given: str) -> str | None:
        """Looks at all tokens, so that its time tells nothing."""
        # Latin-1 gives back the bytes that stood in the header.
        raw = given.encode("latin-1", "replace")
        tokens = {**({NAMELESS: self.token} if self.token else {}), **(self.operators or {})}
        right = [name for name, token in tokens.items() if hmac.compare_digest(raw, token.encode())]
        return right[0] if right else None


def operators_of(text: str) -> dict[str, str]:
    """Name to token, of a file with `NAME TOKEN` a line; empty lines and those that begin with # do not count.

    Raises ValueError.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if len(words) != 2:
            raise ValueError(f"line {number} has {len(words)} words; a line is NAME TOKEN")
        name, token = words
        if name in found or token in found.values():
            raise ValueError(f"line {number}: the name {name!r} or its token stands there twice")
        found[name] = token
    if not found:
        raise ValueError("it names nobody; a line is NAME TOKEN")
    return found


def _name_of(host: str) -> str:
    """Of a Host header: without its port, without an IPv6 address's brackets; "" for what is no host."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".") if not set(host) & set("@/?#\\ ") else ""
    except ValueError:
        return ""


def _forbidden(why: str) -> ServingError:
    return ServingError(Code.PERMISSION_DENIED, why)
