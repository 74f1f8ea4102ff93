"""Columns whose values name what a row is about: a customer with several rows, or the row itself (docs/splits.md)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sluicegate.tables.cell_dates import are_dates
from sluicegate.tables.cells import are_numbers, as_int64
from sluicegate.tables.encoded import EncodedColumn, RawTable
from sluicegate.tables.source import Source
from sluicegate.tables.splits.hashing import cells_of
from sluicegate.tables.splits.repeats import pairs

if TYPE_CHECKING:
    import numpy as np

    Hashes = np.ndarray[Any, np.dtype[np.uint64]]

#: What has several rows each, in names of columns: `customer`, `patient_id`, `PolicyNo`.
_WHO = re.compile(
    r"(^|[_\W])(customer|client|patient|person|people|user|member|subject|household|account|applicant|application|claim|policy|contract|"
    r"employee|student|driver|donor|respondent|participant|borrower|loan|company|session|device|vehicle|machine|case|visitor|"
    r"kunde|kunden|vertrag|cliente|paciente|compte)s?([_\W]?(id|key|nr|no|num|number|code|uuid|guid|hash|ref))?$",
    re.IGNORECASE,
)
#: A column that is called so names something, whatever it is.
_NAMES = re.compile(r"(^|[_\W])(id|key|nr|no|num|number|uuid|guid|ref|reference)$", re.IGNORECASE)
#: Fewer keys make splits of chance sizes, and intervals that tell little: a person may still want them, down to FEWEST.
MIN_KEYS, FEWEST = 100, 20
#: Rows per key under which nearly every row has its own.
MIN_ROWS = 1.1
#: Rows that are looked at; keys are taken whole.
SAMPLE = 30_000
#: Columns that rows of one key are compared in.
MOST_COMPARED = 24
#: Columns that may be keys, with a name that says so and without.
MOST_CANDIDATES = 12
#: How far beyond chance rows of one key agree, on average over the other columns (0: as any two rows, 1: always).
ALIKE = {"who": 0.0, "names": 0.4, "": 0.5}
#: From here on a column is worth a word of its own in the reason.
STEADY = 0.8


@dataclass(frozen=True)
class Key:
    """keys, rows : distinct values and rows that have one.  likeness : how alike rows of one key are, beyond chance, 0 to 1.

    kind : "who" where its name says what has several rows, "names" where its name says that it names something, else "".
    steady : other columns that hardly change within a key.
    """

    name: str
    keys: int
    rows: int
    likeness: float
    kind: str
    steady: tuple[str, ...] = ()

    @property
    def is_sure(self) -> bool:
        """Whether to propose it in force, and not as a comment."""
        return bool(self.kind) and self.keys >= MIN_KEYS and self.likeness >= ALIKE[self.kind]


def likely_keys(table: RawTable, source: Source) -> list[Key]:
    """Columns with several rows per value that look like keys; the likeliest first, of equals that with the fewest keys."""
    apart = {source.label, source.weight, source.split.column, *source.leave_out}
    columns = [column for name, column in table.columns.items() if name not in apart]
    compared = _Compared.of(columns[:MOST_COMPARED])
    found = []
    for column in _candidates(columns):
        kind = kind_of(column.name)
        likeness, steady = _likeness(column, compared)
        if likeness >= min(ALIKE[kind], 0.1) and (kind or likeness >= ALIKE[""]):
            rows = int((column.codes >= 0).sum())
            found.append(Key(column.name, len(column.values), rows, likeness, kind, steady))
    order = ("who", "names", "")
    return sorted(found, key=lambda one: (not one.is_sure, order.index(one.kind), one.keys))


def _candidates(columns: Sequence[EncodedColumn]) -> list[EncodedColumn]:
    """Those whose name speaks for it, and a few of the others: a table of codes has thousands of them."""
    several = [column for column in columns if _has_several_rows(column)]
    named = [column for column in several if kind_of(column.name)]
    others = [column for column in several if not kind_of(column.name)]
    return [*named[:MOST_CANDIDATES], *others[:MOST_CANDIDATES]]


@dataclass(frozen=True, eq=False)
class _Compared:
    """columns, and the hashes of their cells."""

    columns: Sequence[EncodedColumn]
    cells: Sequence[Hashes]

    @classmethod
    def of(cls, columns: Sequence[EncodedColumn]) -> _Compared:
        return cls(columns, list(cells_of(columns)))


def kind_of(name: str) -> str:
    """As `Key.kind`.

    >>> [kind_of(name) for name in ("customer", "PatientID", "order_no", "age", "userability", "policy number")]
    ['who', 'who', 'names', '', '', 'who']
    """
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return "who" if _WHO.search(words) else "names" if _NAMES.search(words) else ""


def is_counter(column: EncodedColumn) -> bool:
    """Whole numbers that count rows: each once, hardly one left out. They say where a row stood in a file and no more."""
    import numpy as np

    whole = as_int64(column.values)
    if whole is None or len(whole) < 2 or int(column.counts().max()) > 1:
        return False
    numbers = whole.to_numpy(zero_copy_only=False)
    return bool(len(numbers) >= 0.99 * (float(numbers.max()) - float(numbers.min()) + 1)) and bool(np.all(numbers >= 0))


def names_rows(column: EncodedColumn) -> bool:
    """Whether each row has a value of its own that is no counter: a key that stays with its row."""
    present = int((column.codes >= 0).sum())
    is_unique = len(column.values) == present == len(column.codes) >= MIN_KEYS
    return is_unique and bool(kind_of(column.name)) and not is_counter(column) and not _are_fractions(column)


def _has_several_rows(column: EncodedColumn) -> bool:
    present = int((column.codes >= 0).sum())
    if not (len(column.values) >= FEWEST and MIN_ROWS * len(column.values) <= present >= 0.5 * len(column.codes)):
        return False
    return int(column.counts().max()) <= present / 5 and not _are_fractions(column) and not _are_dates(column)


def _are_fractions(column: EncodedColumn) -> bool:
    """Whether it measures something."""
    import pyarrow.compute as pc

    return bool(pc.all(are_numbers(column.values)).as_py()) and as_int64(column.values) is None


def _are_dates(column: EncodedColumn) -> bool:
    import pyarrow as pa
    import pyarrow.compute as pc

    return bool(pa.types.is_string(column.values.type)) and bool(pc.all(are_dates(column.values)).as_py())


def _likeness(key: EncodedColumn, compared: _Compared) -> tuple[float, tuple[str, ...]]:
    """Mean over the other columns of how far beyond chance rows of one key agree in them, and those that hardly change.

    Columns that nearly all rows agree in say nothing, and neither do those that say which key it is (its other name).
    """
    import numpy as np

    chosen = _rows_of_some_keys(key)
    keys, rows = key.codes[chosen].astype(np.uint64), len(chosen)
    together, every = pairs(keys), rows * (rows - 1) / 2
    if not together:
        return 0.0, ()
    found: dict[str, float] = {}
    for other, cells in zip(compared.columns, compared.cells, strict=True):
        if other is key:
            continue
        mine = cells[chosen]
        both, alone = pairs(mine + keys), pairs(mine)
        chance = (alone - both) / max(every - together, 1)
        if chance < 0.9 and both < 0.9 * alone:
            found[other.name] = (both / together - chance) / (1 - chance)
    if not found:
        return 0.0, ()
    return float(np.mean(list(found.values()))), tuple(name for name, alike in found.items() if alike >= STEADY)


def _rows_of_some_keys(key: EncodedColumn) -> Any:
    import numpy as np

    present = np.flatnonzero(key.codes >= 0)
    if len(present) <= SAMPLE:
        return present
    share = SAMPLE / len(present)
    taken = np.random.default_rng(0).random(len(key.values)) < share
    return present[taken[key.codes[present]]]
