"""One version of a model, from START to END."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING

from sluicegate.delivery.versions import BucketVersion
from sluicegate.serving.status import Code, ServingError

if TYPE_CHECKING:
    from sluicegate.serving.engine.batching import Batcher
    from sluicegate.serving.engine.saved_model import SavedModel
    from sluicegate.serving.request_reading import RequestReader


class VersionState(IntEnum):
    """Numbers as in TensorFlow Serving's ModelVersionStatus."""

    START = 10
    LOADING = 20
    AVAILABLE = 30
    UNLOADING = 40
    END = 50


@dataclass(eq=False)
class Version:
    """One version.

    error : why it is in END; None after a clean unload.  in_use : requests that hold it.
    given_up : it was in END, and nobody asked for it any more.  dropped : set while nobody asks for one that is on its way up.
    """

    model: str
    number: int
    path: Path | BucketVersion
    state: VersionState = VersionState.START
    error: ServingError | None = None
    saved_model: SavedModel | None = None
    batcher: Batcher | None = None
    in_use: int = 0
    given_up: bool = False
    description: dict[str, object] = field(default_factory=dict)
    reader: RequestReader | None = None
    dropped: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_coming(self) -> bool:
        return self.state in (VersionState.START, VersionState.LOADING)

    @property
    def is_available(self) -> bool:
        return self.state is VersionState.AVAILABLE

    @property
    def may_start_anew(self) -> bool:
        """Whether it is loaded again when it is asked for: one that failed only after it was out of favour."""
        return self.state is VersionState.END and (self.error is None or self.given_up)

    @property
    def status(self) -> tuple[Code, str]:
        """As GetModelStatus says it."""
        return (self.error.code, self.error.message) if self.error else (Code.OK, "")
