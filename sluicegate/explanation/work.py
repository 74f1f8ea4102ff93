"""How much is asked of the model, so that a wide table does not take an hour.

The caps are counts, not seconds: the same run asks the same questions on any machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sluicegate.explanation.shapley import questions_per_reference
from sluicegate.explanation.wanted import Wanted

#: Rows asked per part where the settings are the defaults; more where they ask for more.
IMPORTANCE, ATTRIBUTION, DISPARITY, LOCAL, RANDOMISED = 600_000, 250_000, 300_000, 200_000, 40_000
#: Beyond these, for a table whose columns are hard to order. A small one gets many repeats for it, a large one needs none.
MORE = 300_000
ATTRIBUTED_ROWS = 200
_DEFAULT = Wanted()


@dataclass(frozen=True)
class Work:
    """rows, repeats : of permutation importance.  attributed, references : rows and references of mean |Shapley|.
    randomised : rows of each model with shuffled weights.  more : rows that may be asked, in importances and in attributions
    alike, until the order of the columns can be told.

    gap_rows, donors, exact : of the decomposition.  local_references : of single rows.
    """

    rows: int
    repeats: int
    attributed: int
    references: int
    randomised: int
    more: int
    gap_rows: int
    donors: int
    exact: bool
    local_references: int

    def notes(self, wanted: Wanted, rows: int) -> Iterator[str]:
        """What was cut against the settings, in sentences."""
        if self.rows < min(wanted.rows, rows) or self.repeats < wanted.repeats:
            yield (
                f"Permutation importance uses {self.rows} rows and {self.repeats} shuffles instead of "
                f"{min(wanted.rows, rows)} and {wanted.repeats}: the table is wide, and the work is capped."
            )
        least = min(self.references, self.local_references)
        if least < min(wanted.references, rows):
            yield f"Contributions use as few as {least} reference rows instead of {wanted.references}, for the same reason."


def plan(wanted: Wanted, rows: int, columns: int, groups: tuple[int, int], shown: int) -> Work:
    """How far the caps let the settings go.

    rows : at hand.  columns : of the model.  groups : all of them, and those of several columns.
    shown : rows explained by themselves.
    """
    scale = max(1.0, wanted.rows * wanted.repeats / (_DEFAULT.rows * _DEFAULT.repeats))
    used, targets = min(wanted.rows, rows), max(columns + groups[1], 1)
    repeats = _between(scale * IMPORTANCE / (used * targets), 3, wanted.repeats)
    per_pair = max(questions_per_reference(columns, exact=False), 1)
    wide = max(1.0, wanted.references / _DEFAULT.references)
    attributed = _between(wide * ATTRIBUTION / (wanted.references * per_pair), 30, min(ATTRIBUTED_ROWS, rows))
    gap_rows, donors, exact = _of_gap(int(scale * DISPARITY), rows, groups[0], wanted.repeats)
    references = _between(wide * ATTRIBUTION / (attributed * per_pair), 5, min(wanted.references, rows))
    return Work(
        rows=_between(scale * IMPORTANCE / (targets * repeats), 200, used),
        repeats=repeats,
        attributed=attributed,
        references=references,
        randomised=_between(RANDOMISED / (references * per_pair), 10, attributed),
        more=MORE,
        gap_rows=gap_rows,
        donors=donors,
        exact=exact,
        local_references=_between(wide * LOCAL / (max(shown, 1) * per_pair), 10, min(wanted.references, rows)),
    )


def _of_gap(most: int, rows: int, players: int, repeats: int) -> tuple[int, int, bool]:
    """Rows, donors per row, and whether all coalitions are taken.

    With so many questions in all, more rows narrow the interval more than more donors do: the variance is that of a row
    over the rows, plus that of the shuffles over the questions. So all rows come first, then all coalitions, then donors.
    """
    exact = questions_per_reference(players, exact=True) * rows <= most
    each = max(questions_per_reference(players, exact), 1)
    used = _between(most / each, 200, rows)
    return used, _between(most / (used * each), 1, repeats), exact


def _between(value: float, low: int, high: int) -> int:
    """`value` no lower than `low`, and in any case no higher than `high`."""
    return min(max(int(value), low), max(high, 1))
