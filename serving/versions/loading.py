"""Brings one version from its folder into memory: load, then warm-up with the requests that came with the model."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from serving.engine.batching import Batcher, Journal
from serving.engine.batching import Threads as BatchThreads
from serving.engine.limits import BatchLimits
from serving.engine.saved_model import SavedModel, Threads
from serving.engine.warmup import warm_up
from serving.signature import RAW_SIGNATURE

if TYPE_CHECKING:
    from serving.request_reading import RequestReader

#: Where models/signatures.py says what a client must know; another SavedModel has none.
DESCRIPTION = Path("assets.extra/model.json")


@dataclass(frozen=True)
class Loaded:
    """description : the model's own model.json, or {}.  reader : of its requests' cells, where model.json says how."""

    saved_model: SavedModel
    batcher: Batcher
    description: dict[str, Any]
    reader: RequestReader | None = None


Load = Callable[[str, Path], Loaded]


@dataclass(frozen=True)
class Loader:
    """How versions are loaded. Called in a thread; everything it makes belongs to the event loop afterwards."""

    batch_threads: BatchThreads
    limits: BatchLimits = field(default_factory=BatchLimits)
    threads: Threads = field(default_factory=Threads)
    warm_up: bool = True
    journal: Journal | None = None

    def __call__(self, model: str, path: Path) -> Loaded:
        """Raises ServingError for what cannot be loaded or fails in its warm-up."""
        saved_model = SavedModel(path, self.threads)
        try:
            if self.warm_up:
                warm_up(saved_model, path)
        except BaseException:
            saved_model.close()
            raise
        batcher = Batcher(saved_model.run, self.batch_threads, self.limits, journal=self.journal)
        description = _description(path)
        return Loaded(saved_model, batcher, description, _reader(path, description, saved_model))


def _reader(path: Path, description: dict[str, Any], saved_model: SavedModel) -> RequestReader | None:
    """None for a model of others, of an older release, or whose model.json is not about its signature."""
    signature, described = saved_model.signatures.get(RAW_SIGNATURE), description.get("inputs")
    if signature is None or not isinstance(described, dict):
        return None
    if {one.get("input") for one in described.values() if isinstance(one, dict)} != set(signature.inputs):
        return None
    # It brings pyarrow, which a server of other people's models does not need.
    from serving.request_reading import RequestReader

    return RequestReader.of(path, description)


def _description(path: Path) -> dict[str, Any]:
    try:
        content = json.loads((path / DESCRIPTION).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
