"""Where things lie in an output folder, and in each run's folder there; the one place that says so.

output/census/
metadata.db              ML Metadata
artifacts/<step>/...     what the steps left
schemas/<digest>/        the schema as the settings amend it
serving/<name>/          versions and release.json; a model server's base path
frontier/                what `sluicegate frontier` drew last
runs/index.html          all runs
runs/latest              link to the newest run that ended
runs/<run id>/           result.json, evidence/, reports/index.html, log.txt
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ARTIFACTS, RUNS = "artifacts", "runs"
LATEST = "latest"


@dataclass(frozen=True)
class OutputFolder:
    """name : of the pipeline, which its folder of versions is called by; nothing else here needs it."""

    root: Path
    name: str = ""

    @property
    def metadata_db(self) -> Path:
        return self.root / "metadata.db"

    @property
    def artifacts(self) -> Path:
        return self.root / ARTIFACTS

    @property
    def schemas(self) -> Path:
        return self.root / "schemas"

    @property
    def serving(self) -> Path:
        """Folder of versions and `release.json`; a model server's base path."""
        return self.root / "serving" / self.name

    @property
    def runs(self) -> Path:
        return self.root / RUNS

    @property
    def index(self) -> Path:
        """The page over all runs."""
        return self.runs / "index.html"

    @property
    def latest(self) -> Path:
        """Link to the newest finished run's folder."""
        return self.runs / LATEST

    @property
    def frontier(self) -> Path:
        """What `sluicegate frontier` drew last."""
        return self.root / "frontier"

    def run(self, run_id: str) -> Path:
        return self.runs / run_id

    def run_folders(self) -> Iterator[Path]:
        """The folder of every run, by name; `latest` is a link to one that stands here under its own name."""
        if self.runs.is_dir():
            yield from (path for path in sorted(self.runs.iterdir()) if path.is_dir() and not path.is_symlink())


def evidence_of(run_folder: Path) -> Path:
    """The folder of what the pages are drawn from."""
    return run_folder / "evidence"


def report_of(run_folder: Path) -> Path:
    """The first page of a run's report; the others lie beside it."""
    return run_folder / "reports" / "index.html"


def log_of(run_folder: Path) -> Path:
    return run_folder / "log.txt"


def output_of(run_folder: Path) -> OutputFolder | None:
    """The output folder that a run's folder lies in; None where it was copied out of one.

    >>> output_of(Path("/data/census/runs/20260101-000000")).root.as_posix()
    '/data/census'
    >>> output_of(Path("/somewhere/20260101-000000")) is None
    True
    """
    runs = run_folder.resolve().parent
    return OutputFolder(runs.parent) if runs.name == RUNS else None
