"""What a request is routed by: a header, a column of its first row, or its id."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

DEFAULT_HEADER = "x-routing-key"


@dataclass(frozen=True)
class RoutingKey:
    """header : name in small letters, in REST and in gRPC's metadata.  column : of the request's first row, or ""."""

    header: str = DEFAULT_HEADER
    column: str = ""

    def of(self, headers: Mapping[str, str], value_of: Callable[[str], str | None], request_id: str) -> str:
        """The key of a request. Without header and column two requests of a user may get different arms."""
        given = headers.get(self.header)
        if given:
            return given
        return (value_of(self.column) if self.column else None) or request_id
