"""What the fairness gate said in earlier runs, and how often these very test rows were looked at: `fairness_history.json`."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.document import Document

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


FILE = Document(FairnessHistory, FILE_NAME, FORMAT_VERSION)
to_json, from_json, write, read = FILE.to_json, FILE.from_json, FILE.write, FILE.read_if_there
