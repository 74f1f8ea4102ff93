"""On which data the released model was trained, as far as the release state tells."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from schemas.release import Release, statistics_name
from sluicegate.delivery.kept import kept
from sluicegate.storage.opening import at


@dataclass(frozen=True)
class BaselineStatistics:
    """content : statistics of the train split, or None.  version : stable, 0 when there is none.  run_id : that released it.

    reason : why it is as it is.
    """

    content: bytes | None
    version: int = 0
    run_id: str = ""
    reason: str = ""


def find_baseline(release: Release, serving_folder: str | Path) -> BaselineStatistics:
    """The statistics of the stable version of `release`, or a baseline without any that says why."""
    if release.stable is None:
        return BaselineStatistics(None, reason="no model was released yet")
    moves = (c for c in reversed(release.history) if c.version == release.stable and c.makes_stable)
    run_id = next((c.run_id for c in moves), "")
    name = statistics_name(release.stable)
    content = kept(serving_folder, name)
    if content is None:
        where = at(serving_folder).where(name)
        reason = f"version {release.stable} is stable, but the statistics of its train data are not in {where}"
        return BaselineStatistics(None, release.stable, run_id, reason)
    return BaselineStatistics(content, release.stable, run_id, f"version {release.stable} is stable")
