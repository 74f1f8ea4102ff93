"""What the fairness gate said in earlier runs, and how often these very test rows were looked at: `fairness_history.json`."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from schemas.evidence import _build

FILE_NAME = "fairness_history.json"
FORMAT_VERSION = 1


@dataclass(frozen=True)
class PastGap:
    """One limit as an earlier run judged it.

    run_id : of the run that measured it.  at : when, ISO 8601 in UTC; "" where it is not recorded.
    version : that the run pushed; None where it pushed nothing.
    measure, grouping : as in the verdict, "equal_opportunity_difference" and "race x sex"; a rise ends in " rise".
    value, low, high : in the measure's unit; None where it could not be measured.
    status : a schemas.verdict.Status.  split_digest : of the test rows it was measured on.
    """

    run_id: str
    at: str
    version: int | None
    measure: str
    grouping: str
    value: float | None
    low: float | None
    high: float | None
    status: str
    split_digest: str


@dataclass(frozen=True)
class FairnessHistory:
    """looks : earlier runs that judged the test rows of this one.  entries : oldest run first; none of this run.

    Each look at the same rows makes it likelier that a model passes by luck (Dwork et al. 2015, Science 349:636).
    """

    looks: int
    entries: tuple[PastGap, ...] = ()


def to_json(history: FairnessHistory) -> str:
    """JSON in which what is not finite is null."""
    content = {"format_version": FORMAT_VERSION, **asdict(history)}
    content["entries"] = [{key: _finite(value) for key, value in one.items()} for one in content["entries"]]
    return json.dumps(content, ensure_ascii=False, allow_nan=False)


def from_json(text: str) -> FairnessHistory:
    """Reads what `to_json` wrote. Raises ValueError for another format version."""
    content = json.loads(text)
    if content.pop("format_version", None) != FORMAT_VERSION:
        raise ValueError(f"{FILE_NAME} is not of format version {FORMAT_VERSION}")
    built: FairnessHistory = _build(FairnessHistory, content)
    return built


def write(history: FairnessHistory, folder: str | Path) -> Path:
    """Writes `fairness_history.json` into `folder` (made if missing) and returns its path."""
    path = Path(folder) / FILE_NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(to_json(history), encoding="utf-8", errors="replace")
    return path


def read(folder: str | Path) -> FairnessHistory | None:
    """The history in `folder`; None where there is none. Raises ValueError."""
    path = Path(folder) / FILE_NAME
    return from_json(path.read_text(encoding="utf-8")) if path.exists() else None


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
