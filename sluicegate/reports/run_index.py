"""The page over all runs: newest first, what each decided, its metrics and its report."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from schemas import evidence
from schemas.document import RecordError
from schemas.output_folder import OutputFolder, evidence_of, report_of
from schemas.records import RunResult
from sluicegate.history.folders import RunFolder, run_folders
from sluicegate.reports import story
from sluicegate.reports.charts import PastRun, trend
from sluicegate.reports.drawing import Chart
from sluicegate.reports.renderer import write_page
from sluicegate.reports.slice_plots import OVERALL

_MAX_METRICS = 5
#: Metrics whose trend is drawn, and runs in it.
_MAX_TRENDS = 2
_MAX_PAST = 40


@dataclass(frozen=True)
class RunEntry:
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
    output = OutputFolder(Path(output_folder))
    entries = sorted(map(_entry, run_folders(output.root)), key=lambda e: (e.started_at, e.folder), reverse=True)
    counts: dict[str, int] = {}
    for entry in entries:
        for name in entry.result.metrics if entry.result else ():
            counts[name] = counts.get(name, 0) + 1
    metrics = sorted(counts, key=lambda n: -counts[n])[:_MAX_METRICS]
    trends = tuple(_trends(entries, metrics, output.runs))
    return write_page("runs.html.j2", output.index, entries=entries, metrics=metrics, trends=trends)


def _trends(entries: Sequence[RunEntry], metrics: Sequence[str], runs: Path) -> Iterator[Chart]:
    """The first metrics over the newest run's namesakes, where there is more than one value."""
    ended = [(e.folder, e.result) for e in entries if e.result][::-1]
    if not ended:
        return
    newest = ended[-1][1]
    mine = [(folder, run) for folder, run in ended if run.name == newest.name and run.metrics][-_MAX_PAST:]
    overall = {folder: _overall(runs / folder) for folder, _ in mine}
    for metric in metrics[:_MAX_TRENDS]:
        past = [
            PastRun(
                folder, run.metrics[metric], *overall[folder].get(metric, (None, None)), run.pushed_version, run.verdict,
                run.data_digest == newest.data_digest,
            )
            for folder, run in mine
            if math.isfinite(run.metrics.get(metric, math.nan))
        ]  # fmt: skip
        if len(past) > 1:
            yield trend(metric, past)


def _overall(run: Path) -> dict[str, tuple[float | None, float | None]]:
    """The interval of each metric of all rows; {} where the run's evidence cannot be read."""
    try:
        found = evidence.read(evidence.EvaluationEvidence, evidence_of(run))
    except RecordError:
        return {}
    return {m.name: (m.low, m.high) for m in found.metrics if m.slice == OVERALL} if found else {}


def _entry(run: RunFolder) -> RunEntry:
    page = report_of(run.path)
    report = page.relative_to(run.path.parent).as_posix() if page.exists() else None
    return RunEntry(run.path.name, run.result, report, run.problem)
