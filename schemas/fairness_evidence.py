"""What FairnessReport measured, as `fairness.json`: everything that a report draws, and nothing about how it is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from schemas.document import Document

FILE_NAME = "fairness.json"
#: The verdict that goes with it.
GATE_ID = "fairness"
FORMAT_VERSION = 1


@dataclass(frozen=True)
class RateOfGroup:
    """A rate of one group.

    value : weighted share, or mean, or area; None where it is taken over nothing.  low, high : its 95 % interval (Wilson for shares).
    rows : rows it is taken over (positives for a true positive rate).  hits : those of them that count; None for means and areas.
    is_judged : whether enough rows stand under it to be judged.
    """

    value: float | None
    rows: int
    low: float | None = None
    high: float | None = None
    hits: int | None = None
    is_judged: bool = True


@dataclass(frozen=True)
class GroupEvidence:
    """One group of a grouping.

    name : "race=White, sex=Female".  values : by column.  weight, share : sum of weights, and of all weights.
    rates : by name: selection_rate, tpr, fpr, fnr, ppv, npv, accuracy, base_rate, auc, auc_bnsp, auc_bpsn, mean_score, mean_error,
        mean_signed_error, calibration_gap, calibration_slope, calibration_intercept, ece, ece_null (what a calibrated model would have).
    """

    name: str
    values: Mapping[str, str]
    rows: int
    weight: float
    share: float
    rates: Mapping[str, RateOfGroup] = field(default_factory=dict)
    baseline_rates: Mapping[str, RateOfGroup] = field(default_factory=dict)


@dataclass(frozen=True)
class GapEvidence:
    """How far apart the groups are by one measure.

    value : over the groups that can be judged.  value_all : over every group, as other tools print it.
    low, high : ends that hold for many small groups (docs/fairness.md); None where nothing can be said.
    bootstrap_low, bootstrap_high : ends of the percentile bootstrap, biased away from "no gap" where groups are small.
    null_mean, null_high : mean and 95th percentile (5th, for a ratio) of what shuffled group labels give.
    excess : value minus null_mean.  p : share of shuffles with a gap at least as large.  p_adjusted : after Benjamini and Hochberg over all rows
        of the exploration.
    lowest, highest : names of the groups furthest apart.  left_out : groups too small to be judged by this measure, with their rows.
    baseline, rise, rise_low, rise_high : the released model's gap on the same rows, how much worse this one is, and the paired interval.
    not_measured : why there is no value, in a sentence; "" where there is one.
    """

    measure: str
    of: tuple[str, ...]
    convention: str
    value: float | None
    value_all: float | None = None
    low: float | None = None
    high: float | None = None
    bootstrap_low: float | None = None
    bootstrap_high: float | None = None
    null_mean: float | None = None
    null_high: float | None = None
    excess: float | None = None
    p: float | None = None
    p_adjusted: float | None = None
    lowest: str = ""
    highest: str = ""
    baseline: float | None = None
    rise: float | None = None
    rise_low: float | None = None
    rise_high: float | None = None
    left_out: tuple[str, ...] = ()
    not_measured: str = ""


@dataclass(frozen=True)
class GroupingEvidence:
    """All groups of a column, or of an intersection.  title : "race x sex".  left_out : groups too small for any rate to be judged."""

    columns: tuple[str, ...]
    title: str
    groups: tuple[GroupEvidence, ...]
    gaps: tuple[GapEvidence, ...]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class AuditEvidence:
    """The groupings for one positive class against the rest; "" for a regression."""

    positive: str
    groupings: tuple[GroupingEvidence, ...]


@dataclass(frozen=True)
class JudgedLimit:
    """A limit with its answer: the same numbers as the verdict's measurement.

    limit, direction : "at most" or "at least".  value, low, high : of the measure, or of its rise.
    kind : "limit" or "rise".  setting : the settings key, or the profile, that asked for it.
    near_level : how often the end that refuses may miss, after Holm; None where nothing was tested.
    rows_needed : rows that would settle an open question; None where it is settled or no number would.
    """

    measure: str
    of: tuple[str, ...]
    kind: str
    limit: float
    direction: str
    status: str
    gates: bool
    setting: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    baseline: float | None = None
    reason: str = ""
    detail: str = ""
    near_level: float | None = None
    rows_needed: int | None = None


@dataclass(frozen=True)
class TableRow:
    """A category in the table of New York's Local Law 144 (6 RCNY 5-301).

    columns, values : the category.  rate : selection rate, or scoring rate (share above the median).
    impact_ratio : to the highest rate of its table; None for a category that is left out or alone.
    left_out : why it is ("", "under 2 % of the rows", "category unknown", "no weight").
    """

    columns: tuple[str, ...]
    values: tuple[str, ...]
    rows: int
    selected: int
    rate: float | None
    impact_ratio: float | None
    left_out: str = ""


@dataclass(frozen=True)
class Table:
    """rate : "selection rate" or "scoring rate".  unknown : by column, rows whose category is not known."""

    rate: str
    rows: tuple[TableRow, ...]
    unknown: Mapping[str, int]


@dataclass(frozen=True)
class ProofRow:
    """What the gate answers when it is known that there is no gap: the group labels shuffled among the same rows.

    shuffles : how often.  false_refusals, unknown, passed : shares of the verdicts FAILED, UNKNOWN, PASSED.
    highest_allowed : 5 % plus two standard errors.  raw_refusals : what a gate on the point value alone would refuse.
    """

    of: tuple[str, ...]
    measure: str
    limit: float
    groups: int
    shuffles: int
    false_refusals: float
    unknown: float
    passed: float
    highest_allowed: float
    raw_refusals: float


@dataclass(frozen=True)
class ProfileEvidence:
    """name : of the profile.  scope : what its limits were made for.  source : where they stand."""

    name: str
    scope: str
    source: str


@dataclass(frozen=True)
class FairnessEvidence:
    """Everything.

    status, reason : the verdict's.  rows, weighted : of the split.  split_digest : of its rows' labels in their order: two runs with the same
        digest looked at the same test rows, and such looks can be counted.
    draws, shuffles : of the bootstrap and of the permutation null, after the budget.
    notes : sentences on conventions and choices.
    """

    task: str
    status: str
    profile: ProfileEvidence
    reason: str = ""
    split: str = ""
    rows: int = 0
    weighted: bool = False
    confidence: float = 0.95
    draws: int = 0
    shuffles: int = 0
    split_digest: str = ""
    baseline_version: int | None = None
    limits: tuple[JudgedLimit, ...] = ()
    audits: tuple[AuditEvidence, ...] = ()
    table: Table | None = None
    proof: tuple[ProofRow, ...] = ()
    notes: tuple[str, ...] = ()


FILE = Document(FairnessEvidence, FILE_NAME, FORMAT_VERSION)
to_json, from_json, write, read = FILE.to_json, FILE.from_json, FILE.write, FILE.read
