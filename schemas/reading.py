"""How one column's cells are read: settled once, at ingest, and kept with the model, so that what trains is what serves.

Ingest, `sluicegate predict`, `sluicegate.load` and the server read by cells.read; the exported graph by models/raw_columns.py.
Both give one value for one cell, and reading what was read changes nothing (tests/models/test_one_reading.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

INT, FLOAT, TEXT = "int", "float", "text"
ISO, DAY_FIRST, MONTH_FIRST, MONTH_NAME = "iso", "day_first", "month_first", "month_name"
DATE_ORDERS = (ISO, DAY_FIRST, MONTH_FIRST, MONTH_NAME)
#: Signs that may stand between thousands. A blank stands for any blank that keeps a line together, too.
THOUSANDS = ("", ",", ".", " ", "'", "_")
DECIMALS = (".", ",")


@dataclass(frozen=True)
class NumberFormat:
    """How a column writes numbers that a computer does not: "1.471,46", "$1,471.46", "(12)", "14.2 %".

    A currency sign or code before or after and a percent sign after the number are taken off: "14.2%" is 14.2. Groups
    between `thousands` have two or three digits, so that "1.5" is refused where `thousands` is a point.

    decimal : one of DECIMALS.  thousands : one of THOUSANDS, "" for none.
    """

    decimal: str = "."
    thousands: str = ""


@dataclass(frozen=True)
class Reading:
    """How the cells of one column are read; whatever the column, blanks around a text are no part of it.

    type : "int", "float" or "text": what is kept.
    missing : the words for no value, beside a blank cell.
    boolean : whether "true" and "false" are meant in any case.
    date : "" for none, or which part stands first where a date does not begin with its year: one of DATE_ORDERS.
    number : how an "int" or "float" column writes its texts; None for plain numbers.
    """

    type: str = TEXT
    missing: tuple[str, ...] = ()
    boolean: bool = False
    date: str = ""
    number: NumberFormat | None = None

    def to_json(self) -> dict[str, Any]:
        """What differs from a column of plain text, ready for json.dumps."""
        plain = asdict(Reading())
        return {key: list(v) if isinstance(v, tuple) else v for key, v in asdict(self).items() if v != plain[key]}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Reading:
        """Keys that a later version may add are left out."""
        known = {key: content[key] for key in (one.name for one in fields(cls)) if key in content}
        number = NumberFormat(**known["number"]) if known.get("number") else None
        return cls(**{**known, "missing": tuple(known.get("missing", ())), "number": number})
