"""The tables that a run left, as Arrow or pandas; read when asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from schemas import evidence, scored_rows
from schemas.errors import MachineError, Problem
from schemas.evidence import EvaluationEvidence, MetricRow
from schemas.output_folder import evidence_of
from schemas.records import RunResult
from schemas.verdict import Measurement
from sluicegate.api import html
from sluicegate.api.names import unknown

#: Rows that a notebook shows.
SHOWN = 10


@dataclass(frozen=True, eq=False, repr=False)
class Table:
    """A table of a run.

    about : what a row is.  path : its file; None where it is made of the run's records.
    """

    name: str
    about: str
    path: Path | None
    _read: Callable[[Sequence[str] | None], Any]

    def to_arrow(self, columns: Sequence[str] | None = None) -> Any:
        """A pyarrow Table.

        columns : names of those to read; None for all.
        Raises NoSuchName for another column.
        """
        for column in columns or ():
            if column not in self.columns:
                raise unknown("column", column, self.columns, f"table {self.name}")
        return self._read(columns)

    def to_pandas(self, columns: Sequence[str] | None = None) -> Any:
        """The same as a pandas DataFrame."""
        return self.to_arrow(columns).to_pandas()

    @property
    def columns(self) -> tuple[str, ...]:
        if self.path is None:
            return tuple(self._read(None).column_names)
        from pyarrow import parquet

        return tuple(parquet.read_schema(self.path).names)

    def __len__(self) -> int:
        if self.path is None:
            return int(self._read(None).num_rows)
        from pyarrow import parquet

        return int(parquet.read_metadata(self.path).num_rows)

    def __repr__(self) -> str:
        return f"{self.name}: {html.counted(len(self), 'row')}, {self.about}\n  {', '.join(self.columns)}"

    def _repr_html_(self) -> str:
        head = self.to_arrow().slice(0, SHOWN)
        rows = (row.values() for row in head.to_pylist())
        return html.table(
            head.column_names,
            (tuple(row) for row in rows),
            f"{self.name}: {html.counted(len(self), 'row')}, {self.about}",
        )


def of_run(name: str, folder: Path, result: RunResult) -> Table:
    """The table of that name. Raises NoSuchName, and MachineError where the run left none."""
    if name not in TABLES:
        raise unknown("table", name, tuple(TABLES), f"run {result.run_id}")
    return TABLES[name](folder, result)


def of_records(records: Sequence[Any], kind: type) -> Any:
    """A pyarrow Table of dataclasses of one kind, a column per field."""
    return of_rows([asdict(one) for one in records], [field.name for field in fields(kind)])


def of_rows(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> Any:
    """A pyarrow Table of dicts with these keys."""
    import pyarrow as pa

    return pa.table({name: pa.array([_plain(row[name]) for row in rows]) for name in names})


def _plain(value: Any) -> Any:
    """Enumerations of text as text."""
    return str(value) if isinstance(value, str) else value


def _scored_rows(folder: Path, result: RunResult) -> Table:
    about = "a row of the test split each, with its label, its groups and what the model answered"
    return _parquet("scored_rows", about, "Score", result)


def _batch_predictions(folder: Path, result: RunResult) -> Table:
    return _parquet("batch_predictions", "a row of the table of batch_scoring each", "PredictionsTable", result)


def _parquet(name: str, about: str, step: str, result: RunResult) -> Table:
    record = next((one for one in result.steps if one.step == step), None)
    artifact = record.output("predictions") if record else None
    path = Path(artifact.uri) / scored_rows.FILE_NAME if artifact else None
    if path is None or not path.is_file():
        why = (
            f"{path} is gone"
            if path
            else f"{step} is {record.state.value}"
            if record
            else f"the run had no step {step}"
        )
        raise MachineError(
            f"This run left no table {name}.",
            Problem(f"run {result.run_id}", why, f"a run whose step {step} ended", "choose another run"),
        )

    def read(columns: Sequence[str] | None) -> Any:
        from pyarrow import parquet

        return parquet.ParquetFile(path).read(columns=None if columns is None else list(columns))

    return Table(name, about, path, read)


def _metrics(folder: Path, result: RunResult) -> Table:
    found = evidence.read(EvaluationEvidence, evidence_of(folder))
    return _whole("metrics", "a metric of a group each", of_records(found.metrics if found else (), MetricRow))


def _measurements(folder: Path, result: RunResult) -> Table:
    rows = [{"gate": gate.gate, **asdict(one)} for gate in result.gates for one in gate.measurements]
    names = ["gate", *(field.name for field in fields(Measurement))]
    return _whole("measurements", "what a gate measured and against which limit", of_rows(rows, names))


def _whole(name: str, about: str, content: Any) -> Table:
    return Table(name, about, None, lambda columns: content if columns is None else content.select(list(columns)))


#: Every table by name.
TABLES: Mapping[str, Callable[[Path, RunResult], Table]] = {
    "scored_rows": _scored_rows,
    "batch_predictions": _batch_predictions,
    "metrics": _metrics,
    "measurements": _measurements,
}
