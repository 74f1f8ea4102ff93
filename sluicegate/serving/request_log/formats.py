"""What the files of a request log ask of a format."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sluicegate.serving.exchange import Exchange


@dataclass(frozen=True)
class LoggedBatch:
    """layout : only batches of the same go into one file.  pieces : what to append."""

    layout: bytes
    pieces: list[bytes]


class Growing(Protocol):
    """A file in progress.  size : bytes that are whole."""

    size: int

    def append(self, pieces: Sequence[bytes]) -> None:
        """Puts all of it or, as far as readers of the complete file are concerned, nothing. Raises OSError."""

    def close(self) -> None:
        """Raises OSError."""


class Format(Protocol):
    """ending : of complete files."""

    ending: str

    def stream_of(self, exchange: Exchange) -> Hashable:
        """Exchanges of the same may go into one file."""

    def encode(self, exchanges: Sequence[Exchange]) -> LoggedBatch:
        """Of exchanges of one stream."""

    def open(self, path: Path, layout: bytes) -> Growing:
        """Begins an empty file that is there. Raises OSError."""

    def finish(self, in_progress: Path, complete: Path, torn: bool) -> bool:
        """Makes a complete file; False where there is nothing in it. The file in progress may stay or go.

        torn : the end may be half written.  Raises OSError.
        """
