"""The table that New York's Local Law 144 asks for (6 RCNY 5-301): categories, rates and impact ratios, and no pass mark."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from schemas.fairness_evidence import Table, TableRow
from sluicegate.fairness import counts, groups
from sluicegate.fairness.counts import Counts
from sluicegate.fairness.gaps import REFERENCE_SHARE
from sluicegate.fairness.groups import MISSING, Groups
from sluicegate.fairness.rates import rate
from sluicegate.fairness.rows import OneClass


def table(part: OneClass, depth: int) -> Table:
    """Every column by itself, and the intersections of two and of up to `depth` columns.

    A regression has no selection; its scoring rate is the share of values above the median of all rows.
    """
    joint = part.joint
    if joint is None:
        above = part.score > np.median(part.score)
        joint = counts.count(part.finest.codes, np.full(len(above), counts.UNLABELLED), above, part.weight)
    columns = part.finest.columns
    rows: list[TableRow] = []
    unknown: dict[str, int] = {}
    for chosen in groups.combinations(columns, max(depth, 2)):
        coarse, parents = groups.coarsen(part.finest, chosen)
        merged = joint.candidate().merged(parents, len(coarse.values))
        rows += _rows(coarse, merged)
        unknown |= _unknown(coarse, merged) if len(chosen) == 1 else {}
    return Table("selection rate" if part.joint is not None else "scoring rate", tuple(rows), unknown)


def _rows(coarse: Groups, merged: Counts) -> Iterator[TableRow]:
    selection = rate(merged, "selection_rate")
    share = selection.rows / selection.rows.sum()
    is_known = np.array([MISSING not in value for value in coarse.values])
    has_rate = ~np.isnan(selection.value)
    is_kept = is_known & has_rate & (share >= REFERENCE_SHARE)
    best = np.where(is_kept, selection.value, 0.0).max(initial=0.0)
    for place, value in enumerate(coarse.values):
        small = "under 2 % of the rows" if has_rate[place] else "no weight"
        why = "" if is_kept[place] else small if is_known[place] else "category unknown"
        # The ratio of the only category to itself is 1 and compares nobody.
        has_ratio = best > 0 and is_kept.sum() > 1 and not why
        ratio = float(selection.value[place] / best) if has_ratio else None
        yield TableRow(
            columns=coarse.columns,
            values=value,
            rows=round(float(selection.rows[place])),
            selected=round(float(selection.hits[place])),
            rate=float(selection.value[place]) if has_rate[place] else None,
            impact_ratio=ratio,
            left_out=why,
        )


def _unknown(coarse: Groups, merged: Counts) -> Mapping[str, int]:
    rows = merged.rows.sum((-1, -2))
    places = [i for i, value in enumerate(coarse.values) if value == (MISSING,)]
    return {coarse.columns[0]: int(rows[places].sum())}
