"""Where things lie in an output folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from schemas.errors import MachineError, Problem


@dataclass(frozen=True)
class OutputFolder:
    """output/<name>/: metadata.db, artifacts/, serving/<name>/<version>/, runs/<run id>/."""

    root: Path
    name: str

    @property
    def metadata_db(self) -> Path:
        return self.root / "metadata.db"

    @property
    def artifacts(self) -> Path:
        return self.root / "artifacts"

    @property
    def serving(self) -> Path:
        """Folder of versions and `release.json`; a model server's base path."""
        return self.root / "serving" / self.name

    @property
    def runs(self) -> Path:
        return self.root / "runs"

    @property
    def latest(self) -> Path:
        """Link to the newest finished run's folder."""
        return self.runs / "latest"

    @property
    def frontier(self) -> Path:
        """What `sluicegate frontier` drew last."""
        return self.root / "frontier"

    def run(self, run_id: str) -> Path:
        return self.runs / run_id

    def make(self) -> None:
        """Makes the folders. Raises MachineError where the machine does not let us write."""
        try:
            for folder in (self.root, self.artifacts, self.runs):
                folder.mkdir(parents=True, exist_ok=True)
            probe = self.root / f".writable.{os.getpid()}"
            probe.write_text("")
            probe.unlink()
        except OSError as error:
            raise cannot_write(self.root, error) from None

    def point_latest_at(self, run_id: str) -> None:
        aside = self.runs / f".latest.{os.getpid()}"
        aside.unlink(missing_ok=True)
        aside.symlink_to(run_id)
        os.replace(aside, self.latest)


def cannot_write(place: Path, error: OSError) -> MachineError:
    """The four parts of "cannot write here"."""
    remedy = "free some space" if error.errno in (28, 122) else "give yourself the right to write there"
    return MachineError(
        "The output folder cannot be written.",
        Problem(str(place), (error.strerror or str(error)).lower(), "a folder that can be written",
                f"{remedy}, or choose another folder with --output"),
    )  # fmt: skip
