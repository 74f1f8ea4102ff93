"""Sluicegate as a library: `sluicegate.load(path).predict(rows)`. Importing it imports nothing else (PEP 562)."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sluicegate.serving import load as load

#: Each public name and the module that has it.
_NAMES = {"load": "sluicegate.serving"}

__all__ = ["load"]


def __getattr__(name: str) -> Any:
    if name not in _NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_NAMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
