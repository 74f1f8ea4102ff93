"""Who may reload models and move traffic: whoever knows the token; on a server bound to loopback, anyone there."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from serving.status import Code, ServingError

HEADER = "authorization"
#: Of RFC 6750; its letters may have either case.
SCHEME = "bearer"


@dataclass(frozen=True)
class Admission:
    """token : secret of the operators, or ""; then only a server that is not `open_to_network` takes their orders."""

    token: str = ""
    open_to_network: bool = False

    def check(self, headers: Mapping[str, str]) -> None:
        """Raises ServingError unless the request may change what is served."""
        if not self.token:
            if self.open_to_network:
                raise ServingError(
                    Code.PERMISSION_DENIED,
                    "This server listens to the network and has no --admin_token_file: reloading is off",
                )
            return
        scheme, _, given = headers.get(HEADER, "").partition(" ")
        # Latin-1 gives back the bytes that stood in the header.
        right = hmac.compare_digest(given.strip().encode("latin-1", "replace"), self.token.encode())
        if scheme.lower() != SCHEME or not right:
            raise ServingError(Code.UNAUTHENTICATED, "Send the operators' token as `authorization: Bearer TOKEN`")
