"""Which released model a new one has to be compared with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from schemas.file_names import SAVED_MODEL_GRAPH
from schemas.release import Release
from sluicegate.delivery.versions import local_copy
from sluicegate.storage.opening import at

#: Where TFX looks for a servable model inside a Model artifact (tfx.utils.path_constants).


@dataclass(frozen=True)
class BaselineModel:
    """folder : of the released version, or None.  version : 0 when there is none.  reason : why it is as it is."""

    folder: Path | None
    version: int = 0
    digest: str = ""
    reason: str = ""

    @property
    def is_empty(self) -> bool:
        return self.folder is None


def find_baseline(release: Release, serving_folder: str | Path) -> BaselineModel:
    """The stable version of `release` in `serving_folder`, or an empty baseline that says why there is none.

    Raises StorageError and MachineError where it lies in a bucket and cannot be fetched as it was pushed.
    """
    if release.stable is None:
        return BaselineModel(None, reason="no model was released yet")
    folder = local_copy(serving_folder, release.stable)
    if folder is None or not (folder / SAVED_MODEL_GRAPH).is_file():
        place = at(serving_folder).where(str(release.stable))
        return BaselineModel(None, reason=f"release.json names version {release.stable}, but {place} holds no model")
    return BaselineModel(folder, release.stable, release.stable_digest or "", f"version {release.stable} is stable")
