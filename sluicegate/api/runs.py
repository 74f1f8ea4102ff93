"""The runs of an output folder, as objects to read from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, overload

from schemas.output_folder import OutputFolder, report_of
from schemas.records import RunResult, StepRecord
from sluicegate.api import html, tables
from sluicegate.api.gates import Gates
from sluicegate.api.listing import Row, lines
from sluicegate.api.names import unknown
from sluicegate.api.report import Report, of_page
from sluicegate.api.tables import Table
from sluicegate.history.folders import RunFolder, check_ran, named, newest, run_folders
from sluicegate.reports.story import headline

if TYPE_CHECKING:
    from sluicegate.api.lineage import Lineage

#: The first of these that a run measured stands for it.
KEY_METRICS = ("auc", "accuracy", "r2")
#: Runs that a notebook shows.
SHOWN = 20


def runs(folder: str | Path) -> Runs:
    """The runs in an output folder, oldest first, as `sluicegate runs` lists them; what is read is how it is now.

    folder : what `--output` or `output:` of the settings names, such as "output/census"; it may have been moved.
    Raises MachineError for a folder in which nothing ran.
    """
    root = Path(folder)
    check_ran(root, "name an output folder, or run the pipeline first: sluicegate run --config configs/census.yaml")
    return Runs(root, tuple(map(Run, run_folders(root))))


@dataclass(frozen=True, repr=False)
class Run:
    """One run: what it decided, what it measured, and what it left.

    A run that is under way, was killed or cannot be read has an `id`, a `path` and a `why`; all else raises MachineError, and
    `verdict` is "".
    """

    folder: RunFolder

    @property
    def id(self) -> str:
        return self.folder.path.name

    @property
    def path(self) -> Path:
        """The run's folder."""
        return self.folder.path

    @property
    def name(self) -> str:
        """Name of the pipeline."""
        known = self.folder.result or self.folder.told
        return known.name if known else self.path.parents[1].name

    @property
    def has_ended(self) -> bool:
        """Whether there is a record to read."""
        return self.folder.result is not None

    @property
    def verdict(self) -> str:
        """One of "PASSED", "REFUSED" and "ERROR"; "" where the run left no record."""
        return self.folder.result.verdict if self.folder.result else ""

    @property
    def why(self) -> str:
        """Why it released nothing, or left no record; "" for a run that passed."""
        result = self.folder.result
        if result is None:
            return self.folder.problem
        if result.verdict == "PASSED":
            return ""
        failed = next((step for step in result.steps if step.error), None)
        is_error = failed and result.verdict == "ERROR"
        return f"{failed.step}: {failed.problem}" if failed and is_error else headline(result).sentence

    @property
    def record(self) -> RunResult:
        """All of `result.json`. Raises MachineError where there is none."""
        return self.folder.recorded()

    @property
    def started_at(self) -> datetime | None:
        """UTC; None where nothing tells."""
        known = self.folder.result or self.folder.told
        return datetime.fromisoformat(known.started_at) if known and known.started_at else None

    @property
    def seconds(self) -> float:
        """Wall time."""
        return self.record.seconds

    @property
    def version(self) -> int | None:
        """The model version that it pushed, or found there already; None where it was refused."""
        return self.record.pushed_version

    @property
    def metrics(self) -> Mapping[str, float]:
        """Of the whole test split; those of groups and their intervals: `table("metrics")`."""
        return MappingProxyType(dict(self.record.metrics))

    @property
    def row(self) -> Row:
        """The run in one line, also of a run without a record."""
        result = self.folder.result
        if result is None:
            return Row("", self.id, self.name, why=self.why)
        metric = next(((name, result.metrics[name]) for name in KEY_METRICS if name in result.metrics), None)
        return Row(result.verdict, self.id, self.name, metric, result.seconds, result.pushed_version, self.why)

    @property
    def settings(self) -> Mapping[str, Any]:
        """The settings as the run resolved them; nested, and nothing in them can be changed."""
        frozen: Mapping[str, Any] = _frozen(self.record.settings)
        return frozen

    @property
    def gates(self) -> Gates:
        """By name: "data_gate", "quality_gate", "fairness", "explanation", "serving_check", "release_gate"."""
        return Gates(self.record.gates, f"run {self.id}")

    @property
    def steps(self) -> Steps:
        """By name, in their order."""
        return Steps(self.record.steps, self.id)

    def table(self, name: str) -> Table:
        """A table that the run left: "scored_rows", "batch_predictions", "metrics" or "measurements".

        Raises NoSuchName, and MachineError where the run did not come so far.
        """
        return tables.of_run(name, self.path, self.record)

    def lineage(self) -> Lineage:
        """What made the version that this run pushed; reads ML Metadata. Raises UsageError where it pushed none."""
        from sluicegate.api.lineage import of_run

        record = self.record
        return of_run(OutputFolder(self.path.parents[1], record.name), record.settings, self.id)

    def report(self) -> Report:
        """The run's report, which a notebook shows. Raises MachineError where it was not drawn."""
        return of_page(report_of(self.path), self.id)

    def __repr__(self) -> str:
        said = "\n".join(lines([self.row])[1:])
        return f"{said}\n{self.gates!r}" if self.has_ended else said

    def _repr_html_(self) -> str:
        if not self.has_ended:
            return f"<p><b>{escape(self.id)}</b>: {escape(self.why)}</p>"
        said = headline(self.record)
        metrics = html.table(("metric", "value"), self.metrics.items())
        return (
            f"<p><b>{html.status(self.verdict)}</b>, run {escape(self.id)} of {escape(self.name)}<br>"
            f"{escape(said.sentence)} {escape(said.consequence)}</p>{self.gates._repr_html_()}{metrics}"
        )


class Runs(Sequence[Run]):
    """Runs, oldest first: `runs[-1]` began last, `runs["20260101-120000"]` is the one of that id."""

    def __init__(self, root: Path, found: Sequence[Run]) -> None:
        self.root = root
        self._found = tuple(found)

    @overload
    def __getitem__(self, place: int | str) -> Run: ...
    @overload
    def __getitem__(self, place: slice) -> Runs: ...
    def __getitem__(self, place: int | str | slice) -> Run | Runs:
        if isinstance(place, str):
            return Run(named(place, [run.folder for run in self._found], [self.root]))
        return Runs(self.root, self._found[place]) if isinstance(place, slice) else self._found[place]

    def __len__(self) -> int:
        return len(self._found)

    def latest(self) -> Run:
        """The newest that has ended. Raises MachineError where none has."""
        return Run(newest([run.folder for run in self._found], self.root))

    def lineage(self, version: int | None = None) -> Lineage:
        """What made a version; None for the stable one. Raises UsageError for one that nobody pushed."""
        from sluicegate.api.lineage import of_version

        record = self.latest().record
        return of_version(OutputFolder(self.root, record.name), record.settings, version)

    def __repr__(self) -> str:
        return "\n".join(lines([run.row for run in self._found])) if self._found else f"no runs in {self.root}"

    def _repr_html_(self) -> str:
        newest_first = [run.row for run in reversed(self._found[-SHOWN:])]
        rows = ((html.Raw(html.status(row.verdict)), *row.cells[1:], row.why) for row in newest_first)
        heads = ("verdict", "run", "name", "metric", "seconds", "version", "why")
        return html.table(heads, rows, f"{html.counted(len(self), 'run')} in {self.root}, newest first")


class Steps(Mapping[str, StepRecord]):
    """The steps of one run by name; each is a `schemas.records.StepRecord`. Raises NoSuchName, a KeyError, for another."""

    def __init__(self, records: Sequence[StepRecord], run_id: str) -> None:
        self._records = {record.step: record for record in records}
        self._run_id = run_id

    def __getitem__(self, name: str) -> StepRecord:
        if name not in self._records:
            raise unknown("step", name, tuple(self._records), f"run {self._run_id}")
        return self._records[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._records)

    def __len__(self) -> int:
        return len(self._records)

    def __repr__(self) -> str:
        return "\n".join(f"{one.state.value:<8} {one.step:<20} {one.seconds:>8.1f} s" for one in self.values())

    def _repr_html_(self) -> str:
        rows = ((html.Raw(html.status(s.state.value)), s.step, f"{s.seconds:.1f}", s.problem) for s in self.values())
        return html.table(("state", "step", "seconds", "error"), rows)


def _frozen(value: Any) -> Any:
    if isinstance(value, Mapping):
        return MappingProxyType({key: _frozen(one) for key, one in value.items()})
    return tuple(map(_frozen, value)) if isinstance(value, list | tuple) else value
