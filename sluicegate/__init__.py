"""Sluicegate from Python: `sluicegate.runs("output/census").latest()` and `sluicegate.load(path).predict(rows)` (docs/python.md).

Importing it imports nothing else (PEP 562), and nothing below needs TFX.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from schemas.errors import SluicegateError as SluicegateError
    from sluicegate.api.runs import Run as Run
    from sluicegate.api.runs import Runs as Runs
    from sluicegate.api.runs import runs as runs
    from sluicegate.serving import load as load

#: Each public name and the module that has it.
_NAMES = {
    "Run": "sluicegate.api.runs",
    "Runs": "sluicegate.api.runs",
    "SluicegateError": "schemas.errors",
    "load": "sluicegate.serving",
    "runs": "sluicegate.api.runs",
}

__all__ = ["Run", "Runs", "SluicegateError", "load", "runs"]


def __getattr__(name: str) -> Any:
    if name not in _NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_NAMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
