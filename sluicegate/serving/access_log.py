"""One JSON line per request: when, what, how it ended, how long it took."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TextIO

from sluicegate.serving import private
from sluicegate.serving.exchange import Call
from sluicegate.serving.status import Code


@dataclass
class AccessLog:
    """Lines are buffered by the file; a line that cannot be written is lost, not the request."""

    file: TextIO
    owned: bool

    @classmethod
    def open(cls, name: str) -> AccessLog:
        """`-` is standard error."""
        if name == "-":
            return cls(sys.stderr, False)
        return cls(open(name, "a", encoding="utf-8", buffering=1, opener=private.opener), True)

    def write(self, call: Call, code: Code, seconds: float) -> None:
        line = {
            "time": round(call.received, 6),
            "request_id": call.request_id,
            "entrypoint": call.entrypoint,
            "api": call.api,
            "model": call.model,
            "status": code.name,
            "latency_ms": round(seconds * 1e3, 3),
        }
        try:
            self.file.write(json.dumps(line) + "\n")
        except OSError:
            return

    def close(self) -> None:
        if self.owned:
            self.file.close()
