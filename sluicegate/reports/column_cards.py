"""What the data page shows of each column: small multiples per split on one shared scale, and how far splits differ."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from schemas.evidence import AnomalyRow, ColumnInSplit, ColumnProfile, DataEvidence, Drift
from sluicegate.reports.small_charts import Scale

#: More cards than this make a page that nobody reads and a phone cannot hold; the table above them lists every column.
MAX_CARDS = 48
MAX_VALUES = 6


@dataclass(frozen=True)
class Value:
    """One value of a text column.  shares : of the rows that have a value, per split; None where it is not listed."""

    text: str
    shares: tuple[float | None, ...]


@dataclass(frozen=True)
class Card:
    """One column.  splits : in the order of the page.  scale : shared by the splits' histograms.  flags : in words."""

    column: ColumnProfile
    splits: tuple[tuple[str, ColumnInSplit | None], ...]
    scale: Scale
    values: tuple[Value, ...]
    widest: float
    other_values: int
    flags: tuple[str, ...]

    @property
    def worst_skew(self) -> Drift | None:
        """The distance between splits of this run that is nearest to, or furthest above, its limit."""
        return max((d for d in self.column.drift if d.released_version is None), key=severity, default=None)

    @property
    def worst_drift(self) -> Drift | None:
        """Likewise the distance from the train data of the released model."""
        return max((d for d in self.column.drift if d.released_version is not None), key=severity, default=None)

    @property
    def sample(self) -> ColumnInSplit | None:
        """The first split that has the column: the one for the overview table."""
        return next((c for _, c in self.splits if c is not None), None)


def severity(drift: Drift) -> tuple[bool, float]:
    """Orders drift by its share of the limit; without a limit, by its value and after all others."""
    if drift.limit is None:
        return (False, drift.value)
    return (True, drift.value / drift.limit if drift.limit > 0 else math.inf if drift.value > 0 else 0.0)


def is_over(drift: Drift) -> bool:
    """Found to be above its limit, by the data gate's interval.

    Runs from before the gate had one: above by its value, or not a number, because it was not shown to be below.
    """
    if drift.outcome:
        return drift.outcome in ("FAILED", "WARNED")
    return drift.limit is not None and not drift.value <= drift.limit


def cards(data: DataEvidence, anomalies: Sequence[AnomalyRow] = ()) -> tuple[Card, ...]:
    """One card per column, in the table's order."""
    flagged: dict[str, list[str]] = {}
    for anomaly in anomalies:
        flagged.setdefault(anomaly.column, []).append(f"{anomaly.short} ({anomaly.split})")
    return tuple(_card(c, tuple(data.rows), flagged.get(c.name, [])) for c in data.columns)


def shown(all_cards: Sequence[Card]) -> tuple[Card, ...]:
    """The cards the page has room for: the label and whatever is flagged first, the rest in the table's order."""
    ranked = sorted(all_cards, key=lambda c: (c.column.role != "label", not c.flags))
    chosen = {id(c) for c in ranked[:MAX_CARDS]}
    return tuple(c for c in all_cards if id(c) in chosen)


def _card(column: ColumnProfile, order: Sequence[str], flags: Sequence[str]) -> Card:
    names = [*(s for s in order if s in column.splits), *(s for s in column.splits if s not in order)]
    splits = tuple((name, column.splits[name]) for name in names)
    edges = [e for _, c in splits for low, high, _ in c.histogram for e in (low, high) if math.isfinite(e)]
    values = _values([c for _, c in splits])
    listed = max((c.distinct or 0 for _, c in splits), default=0)
    over = [f"{d.measure.replace('_', ' ')} {_side(d)} above its limit" for d in column.drift if is_over(d)]
    return Card(
        column=column,
        splits=splits,
        scale=Scale(min(edges), max(edges)) if edges else Scale(0.0, 1.0),
        values=values,
        widest=max((s for v in values for s in v.shares if s is not None), default=1.0) or 1.0,
        other_values=max(listed - len(values), 0),
        flags=(*dict.fromkeys(flags), *over),
    )


def _side(drift: Drift) -> str:
    """Skew is between splits of one run, drift between runs."""
    return f"skew of {drift.split}" if drift.released_version is None else f"drift from {drift.against}"


def _values(splits: Sequence[ColumnInSplit]) -> tuple[Value, ...]:
    """The most frequent values of the first split, with their share in every split."""
    counts = [dict(c.top) for c in splits]
    present = [max(c.rows - c.missing, 0) for c in splits]
    names = list(dict.fromkeys(text for c in splits for text, _ in c.top))[:MAX_VALUES]
    return tuple(
        Value(n, tuple(c[n] / rows if n in c and rows else None for c, rows in zip(counts, present, strict=True)))
        for n in names
    )
