"""The old name of sluicegate.serving, for one release: `python -m serving` and `serving.load` go on working and say so."""

from __future__ import annotations

import warnings
from typing import Any

NOTE = "`serving` is called `sluicegate.serving` now (0.1); the old name goes with the next release"


def load(*arguments: Any, **more: Any) -> Any:
    """`sluicegate.load`, under its old name."""
    warnings.warn(f"{NOTE}: use sluicegate.load", DeprecationWarning, stacklevel=2)
    from sluicegate.serving import load as load_model

    return load_model(*arguments, **more)
