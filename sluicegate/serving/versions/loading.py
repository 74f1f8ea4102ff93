"""Brings one version from its folder into memory: load, then warm-up with the requests that came with the model."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from schemas.errors import MachineError
from schemas.file_names import MODEL_DESCRIPTION
from schemas.plain_file import read_plain
from sluicegate.delivery.versions import BucketVersion
from sluicegate.serving.engine.batching import Batcher, Journal
from sluicegate.serving.engine.batching import Threads as BatchThreads
from sluicegate.serving.engine.limits import UNBATCHED, BatchLimits
from sluicegate.serving.engine.saved_model import SavedModel
from sluicegate.serving.engine.session import SessionSettings
from sluicegate.serving.engine.warmup import warm_up
from sluicegate.serving.options import batch_limits
from sluicegate.serving.signature import RAW_SIGNATURE
from sluicegate.serving.status import Code, ServingError, invalid
from sluicegate.storage.place import brief

if TYPE_CHECKING:
    from sluicegate.serving.request_reading import RequestReader

#: Where models/signatures.py says what a client must know; another SavedModel has none.
#: BatchingParameters of a version, as in TensorFlow Serving.
BATCHING = "batching_params.pbtxt"


@dataclass(frozen=True)
class Loaded:
    """description : the model's own model.json, or {}.  reader : of its requests' cells, where model.json says how."""

    saved_model: SavedModel
    batcher: Batcher
    description: dict[str, Any]
    reader: RequestReader | None = None


Load = Callable[[str, Path | BucketVersion], Loaded]


@dataclass(frozen=True)
class Loader:
    """How versions are loaded. Called in a thread; everything it makes belongs to the event loop afterwards.

    warm_ups : how often a version's own requests are replayed; 0 warms nothing up.
    own_limits : whether a version says itself how it is batched; one that does not is not batched.
    """

    batch_threads: BatchThreads
    limits: BatchLimits = field(default_factory=BatchLimits)
    session: SessionSettings = field(default_factory=SessionSettings)
    warm_ups: int = 1
    journal: Journal | None = None
    own_limits: bool = False

    def __call__(self, model: str, version: Path | BucketVersion) -> Loaded:
        """Raises ServingError for what cannot be loaded or fails in its warm-up."""
        path = version if isinstance(version, Path) else _fetched(version)
        _check_files(path)
        limits = _own_limits(path) if self.own_limits else self.limits
        saved_model = SavedModel(path, self.session)
        try:
            if self.warm_ups:
                warm_up(saved_model, path, self.warm_ups)
        except BaseException:
            saved_model.close()
            raise
        batcher = Batcher(saved_model.run, self.batch_threads, limits, journal=self.journal)
        description = _description(path)
        return Loaded(saved_model, batcher, description, _reader(path, description, saved_model))


def _fetched(version: BucketVersion) -> Path:
    try:
        return version.fetched()
    except MachineError as error:
        raise ServingError(Code.UNAVAILABLE, f"{version} cannot be fetched: {brief(error)}") from None


def _check_files(path: Path) -> None:
    """Raises ServingError for a pipe or the like: who reads it may wait for ever, and a thread that waits cannot be ended."""
    for one in path.rglob("*"):
        if one.exists() and not one.is_file() and not one.is_dir():
            raise invalid(f"{one} is no file")


def _own_limits(path: Path) -> BatchLimits:
    """Raises ServingError for a file that is wrong."""
    try:
        text = read_plain(path / BATCHING).decode()
    except FileNotFoundError:
        return UNBATCHED
    except (OSError, ValueError) as error:
        raise invalid(f"{path / BATCHING}: {error}") from None
    try:
        return batch_limits(text, BatchLimits())
    except ServingError as error:
        raise invalid(f"{path / BATCHING}: {error.message}") from None


def _reader(path: Path, description: dict[str, Any], saved_model: SavedModel) -> RequestReader | None:
    """None for a model of others, of an older release, or whose model.json is not about its signature."""
    signature, described = saved_model.signatures.get(RAW_SIGNATURE), description.get("inputs")
    if signature is None or not isinstance(described, dict):
        return None
    if {one.get("input") for one in described.values() if isinstance(one, dict)} != set(signature.inputs):
        return None
    # It brings pyarrow, which a server of other people's models does not need.
    from sluicegate.serving.request_reading import RequestReader

    return RequestReader.of(path, description)


def _description(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(read_plain(path / MODEL_DESCRIPTION))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
