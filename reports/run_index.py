"""The page over all runs: newest first, what each decided, its metrics and its report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from reports import story
from reports.renderer import write_page
from schemas.records import RESULT_NAME, RunResult, read_result

_MAX_METRICS = 5


@dataclass(frozen=True)
class Entry:
    """One run folder.  result : None where result.json is missing or cannot be read, and then `problem` says why."""

    folder: str
    result: RunResult | None
    report: str | None
    problem: str = ""

    @property
    def started_at(self) -> str:
        return self.result.started_at if self.result else ""

    @property
    def sentence(self) -> str:
        return story.headline(self.result).sentence if self.result else self.problem


def build_index(output_folder: Path) -> Path:
    """Writes `output_folder/runs/index.html` from every `runs/*/result.json` and returns its path.

    A run that cannot be read is listed as such; it never hides the others.
    """
    runs = Path(output_folder) / "runs"
    # `latest` is a link to a run that stands here under its own name.
    folders = [f for f in runs.iterdir() if f.is_dir() and not f.is_symlink()] if runs.is_dir() else []
    entries = sorted(_own(map(_entry, folders)), key=lambda e: (e.started_at, e.folder), reverse=True)
    counts: dict[str, int] = {}
    for entry in entries:
        for name in entry.result.metrics if entry.result else ():
            counts[name] = counts.get(name, 0) + 1
    metrics = sorted(counts, key=lambda n: -counts[n])[:_MAX_METRICS]
    return write_page("runs.html.j2", runs / "index.html", entries=entries, metrics=metrics)


def _own(found: Iterable[Entry]) -> list[Entry]:
    """Without the copies that a tool which follows links made of `latest`: each run once, under its own id."""
    entries = list(found)
    names = {entry.folder for entry in entries}
    return [e for e in entries if e.result is None or e.result.run_id == e.folder or e.result.run_id not in names]


def _entry(folder: Path) -> Entry:
    report = f"{folder.name}/reports/index.html" if (folder / "reports" / "index.html").exists() else None
    try:
        return Entry(folder.name, read_result(folder), report)
    except FileNotFoundError:
        return Entry(folder.name, None, report, f"No {RESULT_NAME}: the run is under way, or was killed.")
    except (ValueError, TypeError, KeyError) as error:
        return Entry(folder.name, None, report, f"{RESULT_NAME} cannot be read: {error}")
