"""Which rule dealt a table's rows into train, eval and test, as a release records it and Score compares it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from schemas.document import build, from_text, to_text

#: Says whether the rows' numbers come from values as they are read, or from whole rows of text with their label.
AS_READ, WHOLE_ROW = "as_read", "whole_row"


@dataclass(frozen=True)
class SplitRecord:
    """Two runs with equal records deal a row that is in both tables into the same split (`by_time` apart, see docs/splits.md).

    rule : AS_READ or WHOLE_ROW.  columns : hashed, in their order; of WHOLE_ROW those that were not hashed.
    cluster : columns whose equal values make rows of one key, for intervals; they do not decide about splits.
    """

    rule: str = WHOLE_ROW
    label: str = ""
    column: str | None = None
    folders: Mapping[str, str] = field(default_factory=dict)
    key: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    repeats: str = "apart"
    by_time: str | None = None
    shares: tuple[float, ...] = ()
    cluster: tuple[str, ...] = ()

    def to_json(self) -> str:
        return to_text(self)

    @classmethod
    def from_json(cls, text: str) -> SplitRecord | None:
        """What `to_json` wrote; None for "", which a release of before says."""
        return from_text(cls, text) if text else None

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> SplitRecord:
        return build(cls, content)

    @property
    def deciding(self) -> dict[str, Any]:
        """What decides which split a row falls into."""
        return {name: value for name, value in asdict(self).items() if name != "cluster"}

    @property
    def words(self) -> str:
        """A few words for a sentence, such as "by key customer"."""
        given = f"by column {self.column}" if self.column else "by folders" if self.folders else ""
        if self.by_time:
            dealt = f"by time {self.by_time}"
        elif self.key:
            dealt = f"by key {' and '.join(self.key)}"
        elif self.rule == WHOLE_ROW:
            dealt = "by whole rows with their label"
        else:
            dealt = f"by {len(self.columns) or 'all'} columns, repeats {self.repeats}"
        shares = "" if given else f", {' / '.join(f'{share:g}' for share in self.shares)}"
        return f"{given}, the rest {dealt}" if given else f"{dealt}{shares}"


def caution(now: SplitRecord, released: SplitRecord | None, version: int) -> str:
    """Why a comparison with the released model on this run's test rows may favour it; "" where both runs had one rule.

    released : None where the release records no rule.
    """
    if released is None:
        return (
            f"Version {version} was released without a record of its split rule, so it may have trained on some of these test "
            "rows; where it did, the comparison favours it."
        )
    if released.deciding == now.deciding:
        return ""
    return (
        f"Version {version} was trained under another split rule ({released.words}; now {now.words}), so it may have trained on "
        "some of these test rows; where it did, the comparison favours it."
    )
