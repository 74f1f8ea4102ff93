"""On which data the released model was trained, as far as the release state tells."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from schemas.release import Release, statistics_file


@dataclass(frozen=True)
class BaselineStatistics:
    """file : statistics of the train split, or None.  version : stable, 0 when there is none.  run_id : that released it.

    reason : why it is as it is.
    """

    file: Path | None
    version: int = 0
    run_id: str = ""
    reason: str = ""


def find_baseline(release: Release, serving_folder: str | Path) -> BaselineStatistics:
    """The statistics of the stable version of `release`, or a baseline without a file that says why."""
    if release.stable is None:
        return BaselineStatistics(None, reason="no model was released yet")
    moves = (c for c in reversed(release.history) if c.version == release.stable and c.makes_stable)
    run_id = next((c.run_id for c in moves), "")
    file = statistics_file(serving_folder, release.stable)
    if not file.is_file():
        reason = f"version {release.stable} is stable, but the statistics of its train data are not in {file}"
        return BaselineStatistics(None, release.stable, run_id, reason)
    return BaselineStatistics(file, release.stable, run_id, f"version {release.stable} is stable")
