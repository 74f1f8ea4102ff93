"""What is kept of every column of a split: enough to judge skew and drift exactly, and no rows.

ExampleGen writes one file per split beside the examples, DataGate reads it, and a release keeps that of its train split
(issue 12). TFDV's statistics keep bins of equal width over a split's own range, which no two samples share.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

FORMAT_VERSION = 1


@dataclass(frozen=True, eq=False)
class Numbers:
    """A column of numbers, known at kept points.

    present : rows that have a value.  points : (k,) ascending.  upto, below : (k,) rows with at most, and with less than, each
    point; where `is_exact` is False they are only bounds: at least so many, and at most so many.
    """

    present: int
    points: Floats
    upto: Floats
    below: Floats
    is_exact: bool = True
    mean: float | None = None
    std: float | None = None


@dataclass(frozen=True, eq=False)
class Values:
    """A column of categories.

    present : rows that have a value.  counts : rows of each kept name.  largest_other : rows that a value not kept may have at
    most; 0 where all values are kept.
    """

    present: int
    names: tuple[str, ...]
    counts: Ints
    largest_other: int = 0


Distribution = Numbers | Values


@dataclass(frozen=True, eq=False)
class SplitDistributions:
    """All columns of one split.

    rows : in the split.  effective : their number by Kish where rows repeat or belong together.
    is_drawn : whether our own hash drew the split from the same rows as train.
    """

    rows: int
    effective: float
    is_drawn: bool = False
    columns: Mapping[str, Distribution] = field(default_factory=dict)

    @property
    def worth(self) -> float:
        """Independent rows that one row stands for, in (0, 1]."""
        return self.effective / self.rows if self.rows else 1.0


def file_name(split: str) -> str:
    return f"distributions-{split}.npz"


def to_bytes(split: SplitDistributions) -> bytes:
    """An .npz of four arrays: the description as JSON, and all columns' numbers one after another."""
    import numpy as np

    about: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "rows": split.rows,
        "effective": split.effective,
        "is_drawn": split.is_drawn,
        "columns": [_about(name, one) for name, one in split.columns.items()],
    }
    first, second, third = [], [], []
    for one in split.columns.values():
        if isinstance(one, Numbers):
            first.append(one.points)
            second.append(one.upto)
            third.append(one.below)
        else:
            second.append(one.counts.astype(np.float64))
    text = json.dumps(about, ensure_ascii=False).encode("utf-8", errors="replace")
    file = io.BytesIO()
    np.savez_compressed(
        file, about=np.frombuffer(text, np.uint8), points=_joined(first), upto=_joined(second), below=_joined(third)
    )
    return file.getvalue()


def from_bytes(content: bytes) -> SplitDistributions:
    """Reads what `to_bytes` wrote. Raises ValueError for another version."""
    import numpy as np

    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        about = json.loads(file["about"].tobytes().decode("utf-8"))
        arrays = {name: file[name] for name in ("points", "upto", "below")}
    if about["format_version"] != FORMAT_VERSION:
        raise ValueError(f"These distributions are not of format version {FORMAT_VERSION}")
    columns: dict[str, Distribution] = {}
    at = {"points": 0, "upto": 0}
    for one in about["columns"]:
        size, upto = one["size"], arrays["upto"][at["upto"] : at["upto"] + one["size"]]
        at["upto"] += size
        if one["names"] is None:
            part = slice(at["points"], at["points"] + size)
            at["points"] += size
            columns[one["name"]] = Numbers(
                present=one["present"],
                points=arrays["points"][part],
                upto=upto,
                below=arrays["below"][part],
                is_exact=one["is_exact"],
                mean=one["mean"],
                std=one["std"],
            )
        else:
            columns[one["name"]] = Values(
                one["present"], tuple(one["names"]), upto.astype(np.int64), one["largest_other"]
            )
    return SplitDistributions(about["rows"], about["effective"], about["is_drawn"], columns)


def read(path: str | Path) -> SplitDistributions | None:
    """What the file holds; None where there is none."""
    path = Path(path)
    return from_bytes(path.read_bytes()) if path.is_file() else None


def _about(name: str, one: Distribution) -> dict[str, Any]:
    if isinstance(one, Values):
        about = {"names": list(one.names), "largest_other": one.largest_other}
        return {"name": name, "present": one.present, "size": len(one.names), **about}
    about = {"names": None, "is_exact": one.is_exact, "mean": one.mean, "std": one.std}
    return {"name": name, "present": one.present, "size": len(one.points), **about}


def _joined(parts: list[Any]) -> Floats:
    import numpy as np

    joined: Floats = np.concatenate([*parts, np.zeros(0)])
    return joined
