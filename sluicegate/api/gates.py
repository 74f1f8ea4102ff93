"""The gates of one run: what each measured, against which limit, and what it said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, overload

from schemas.verdict import Measurement, Status, Verdict
from sluicegate.api import html
from sluicegate.api.names import unknown

_HEADS = ("status", "measured", "of", "value", "interval", "limit")
#: More lines than these are counted, not shown.
SHOWN = 40


class Measurements(Sequence[Measurement]):
    """What a gate measured, in its order; each is a `schemas.verdict.Measurement`."""

    def __init__(self, found: Sequence[Measurement]) -> None:
        self._found = tuple(found)

    @overload
    def __getitem__(self, place: int) -> Measurement: ...
    @overload
    def __getitem__(self, place: slice) -> Measurements: ...
    def __getitem__(self, place: int | slice) -> Measurement | Measurements:
        return Measurements(self._found[place]) if isinstance(place, slice) else self._found[place]

    def __len__(self) -> int:
        return len(self._found)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Measurements) and self._found == other._found

    def __hash__(self) -> int:
        return hash(self._found)

    def to_arrow(self) -> Any:
        """A pyarrow Table, a row per measurement and a column per field of `Measurement`."""
        from sluicegate.api.tables import of_records

        return of_records(self._found, Measurement)

    def to_pandas(self) -> Any:
        """The same as a pandas DataFrame."""
        return self.to_arrow().to_pandas()

    def __repr__(self) -> str:
        return "\n".join(
            [html.counted(len(self), "measurement"), *(f"  {line_of(one)}" for one in self._found[:SHOWN])]
        )

    def _repr_html_(self) -> str:
        rows = (
            (html.Raw(html.status(m.status.value)), m.name, m.slice, _value(m) or m.reason, _interval(m), _limit(m))
            for m in self._found[:SHOWN]
        )
        rest = len(self) - SHOWN
        return html.table(_HEADS, rows, html.counted(len(self), "measurement")) + (
            f"<p>and {rest} more</p>" if rest > 0 else ""
        )


@dataclass(frozen=True, repr=False)
class Gate:
    """What one gate said. `passed` is what the steps behind it obey."""

    verdict: Verdict

    @property
    def name(self) -> str:
        return self.verdict.gate

    @property
    def status(self) -> Status:
        return self.verdict.status

    @property
    def passed(self) -> bool:
        return self.verdict.passed

    @property
    def detail(self) -> str:
        """The gate's own sentence, "" where it has none."""
        return self.verdict.detail

    @property
    def measurements(self) -> Measurements:
        return Measurements(self.verdict.measurements)

    @property
    def refusals(self) -> Measurements:
        """The measurements that did not pass and count, worst first."""
        return Measurements(self.verdict.refusals)

    def __repr__(self) -> str:
        head = f"{self.name}: {self.status.value}, {html.counted(len(self.measurements), 'measurement')}"
        refused = [f"  {line_of(one)}" for one in self.refusals[:SHOWN]]
        return "\n".join([head, *([f"  {self.detail}"] if self.detail else []), *refused])

    def _repr_html_(self) -> str:
        said = f"<p>{escape(self.detail)}</p>" if self.detail else ""
        head = f"<p><b>{escape(self.name)}</b>: {html.status(self.status.value)}</p>"
        return head + said + self.measurements._repr_html_()


class Gates(Mapping[str, Gate]):
    """The gates of one run by name, in the order of the steps. Raises NoSuchName, a KeyError, for another name."""

    def __init__(self, verdicts: Sequence[Verdict], place: str) -> None:
        self._gates = {one.gate: Gate(one) for one in verdicts}
        self._place = place

    def __getitem__(self, name: str) -> Gate:
        if name not in self._gates:
            raise unknown("gate", name, tuple(self._gates), self._place)
        return self._gates[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._gates)

    def __len__(self) -> int:
        return len(self._gates)

    def __repr__(self) -> str:
        lines = (f"{g.status.value:<8} {g.name:<14} {len(g.measurements):>4} measurements" for g in self.values())
        return "\n".join(lines) or "no gate came to a verdict"

    def _repr_html_(self) -> str:
        rows = ((html.Raw(html.status(g.status.value)), g.name, len(g.measurements), g.detail) for g in self.values())
        return html.table(("status", "gate", "measurements", "detail"), rows)


def line_of(m: Measurement) -> str:
    """One measurement in a line.

    >>> line_of(Measurement("auc", "overall", Status.PASSED, 0.926, 0.921, 0.931, 0.84, "at least"))
    'PASSED   auc of overall: 0.926 [0.921, 0.931], at least 0.84'
    """
    interval, limit = _interval(m), _limit(m)
    head = f"{m.status.value:<8} {m.name} of {m.slice}: {_value(m) or m.reason or 'not measured'}"
    return head + (f" {interval}" if interval else "") + (f", {limit}" if limit else "")


def _value(m: Measurement) -> str:
    return html.number(m.value) + (f" {m.unit}" if m.unit and m.value is not None else "")


def _interval(m: Measurement) -> str:
    return "" if m.low is None or m.high is None else f"[{html.number(m.low)}, {html.number(m.high)}]"


def _limit(m: Measurement) -> str:
    return "" if m.limit is None else f"{m.direction} {html.number(m.limit)}".strip()
