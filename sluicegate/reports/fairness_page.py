"""What stands on the fairness page: the evidence in reading order, with the scales its small charts share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas import records
from schemas.fairness_evidence import (
    AuditEvidence,
    FairnessEvidence,
    GapEvidence,
    GroupingEvidence,
    JudgedLimit,
    RateOfGroup,
    TableRow,
)
from schemas.fairness_history import FairnessHistory, PastGap
from schemas.records import RunResult
from schemas.verdict import SEVERITY, Status
from sluicegate.reports import fairness_words, formatting
from sluicegate.reports.small_charts import Mark, Scale, scale_of

#: Rate, heading, whether it is a share.
RATES: Mapping[str, tuple[str, bool]] = {
    "selection_rate": ("Selection rate", True),
    "tpr": ("True positive rate", True),
    "fpr": ("False positive rate", True),
    "fnr": ("False negative rate", True),
    "ppv": ("Precision (PPV)", True),
    "npv": ("NPV", True),
    "accuracy": ("Accuracy", True),
    "base_rate": ("Base rate", True),
    "auc": ("AUC", False),
    "auc_bnsp": ("AUC, others' negatives", False),
    "auc_bpsn": ("AUC, others' positives", False),
    "ks": ("KS to the rest", False),
    "mean_score": ("Mean score", False),
    "mean_error": ("Mean absolute error", False),
    "mean_signed_error": ("Mean error", False),
}
DRAWN = ("selection_rate", "tpr")
DRAWN_OF_REGRESSION = ("mean_score", "mean_error")
LISTED = ("fpr", "fnr", "ppv", "npv", "accuracy", "base_rate", "auc", "auc_bnsp", "auc_bpsn", "ks", "mean_signed_error")
#: Shown against the released model though no limit asks for them.
MAIN = ("demographic_parity_difference", "equal_opportunity_difference", "error_difference")
#: Past runs in a trend.
MOST_PAST = 20
#: Groupings with more groups start folded up.
MOST_OPEN = 6


@dataclass(frozen=True)
class Judged:
    """One limit.  sentence : value, interval, limit and answer.  judged, groups : how many groups could be judged, of all."""

    limit: JudgedLimit
    sentence: str
    mark: Mark
    judged: int
    groups: int


@dataclass(frozen=True)
class Forest:
    """Limits that one scale can show."""

    title: str
    rows: tuple[Judged, ...]
    scale: Scale


@dataclass(frozen=True)
class RateColumn:
    """A rate over the groups of a grouping; scale : None where it is listed and not drawn."""

    key: str
    heading: str
    is_share: bool
    scale: Scale | None = None


@dataclass(frozen=True)
class GroupingView:
    """number : of its place on the page, for ids.  unjudged : groups too small for any rate."""

    number: int
    found: GroupingEvidence
    drawn: tuple[RateColumn, ...]
    listed: tuple[RateColumn, ...]
    calibration: Scale | None
    is_open: bool

    @property
    def judged(self) -> int:
        return len(self.found.groups) - len(self.found.left_out)


@dataclass(frozen=True)
class AuditView:
    """positive : the class that is compared with the rest, as `formatting.class_said` says it; "" for a regression."""

    positive: str
    groupings: tuple[GroupingView, ...]


@dataclass(frozen=True)
class Against:
    """A gap beside the released model's."""

    title: str
    gap: GapEvidence
    mark: Mark


@dataclass(frozen=True)
class PastRow:
    """One run of a trend.  is_this : the run of this report.  same_rows : whether it was judged on the same test rows."""

    entry: PastGap
    mark: Mark
    is_this: bool
    same_rows: bool


@dataclass(frozen=True)
class Trend:
    title: str
    rows: tuple[PastRow, ...]
    scale: Scale
    hidden: int


@dataclass(frozen=True)
class FairnessView:
    """Everything; () where the evidence holds nothing of that kind.

    decisive : the sentence on the limit that decided, the worst of those that can refuse; "" where none can.
    """

    verdict: str
    decisive: str
    looks: str
    kinds: tuple[str, ...]
    judged: tuple[Judged, ...]
    forests: tuple[Forest, ...]
    audits: tuple[AuditView, ...]
    against: tuple[Against, ...]
    against_scale: Scale
    trends: tuple[Trend, ...]
    columns: tuple[str, ...]
    tables: tuple[tuple[tuple[str, ...], tuple[TableRow, ...]], ...]


def view(
    evidence: FairnessEvidence, history: FairnessHistory | None, run_id: str, at: str, label: str = ""
) -> FairnessView:
    """What the page shows.  run_id, at : of this run, for its place in the trend.  label : the column's name."""
    judged = tuple(_judged(evidence, one, label) for one in evidence.limits)
    against = tuple(_against(evidence))
    ends = [v for one in against for v in one.mark.values]
    groupings = [g for audit in evidence.audits for g in audit.groupings]
    return FairnessView(
        fairness_words.verdict(evidence),
        _decisive(judged),
        fairness_words.looks(history) if evidence.audits else "",
        fairness_words.kinds(evidence.limits),
        judged,
        tuple(_forests(judged, evidence.task)),
        tuple(_audits(evidence.audits, label)),
        against,
        scale_of([0.0, *ends]),
        tuple(_trends(evidence, history, run_id, at)) if history else (),
        tuple(dict.fromkeys(column for g in groupings for column in g.columns)),
        tuple(_tables(evidence)),
    )


def _decisive(judged: Sequence[Judged]) -> str:
    gating = [one for one in judged if one.limit.gates]
    worst = max(gating, key=lambda one: SEVERITY.index(Status(one.limit.status)), default=None)
    return worst.sentence if worst else ""


def _judged(evidence: FairnessEvidence, limit: JudgedLimit, label: str) -> Judged:
    grouping, gap, positive = _found(evidence, limit)
    said = formatting.class_said(positive, label)
    mark = Mark(limit.value, limit.low, limit.high, limit.baseline if limit.kind == "limit" else None, limit.limit)
    names = fairness_words.of(limit.measure).of
    groups = grouping.groups if grouping else ()
    enough = [g for g in groups if all(g.rates[n].is_judged for n in names if n in g.rates)]
    return Judged(limit, fairness_words.sentence(limit, gap, said), mark, len(enough), len(groups))


def _found(evidence: FairnessEvidence, limit: JudgedLimit) -> tuple[GroupingEvidence | None, GapEvidence | None, str]:
    """The grouping and the gap that a limit is about, and the class compared."""
    for audit in evidence.audits[::-1]:
        for grouping in audit.groupings:
            if grouping.columns == limit.of:
                gap = next((g for g in grouping.gaps if g.measure == limit.measure), None)
                return grouping, gap, audit.positive
    return None, None, ""


def _forests(judged: Sequence[Judged], task: str) -> Iterator[Forest]:
    """Only values on one scale stand in one chart: ratios, differences of rates, rises, and each measure in the label's unit."""
    titles: dict[str, list[Judged]] = {}
    for one in judged:
        titles.setdefault(_scale_title(one.limit, task), []).append(one)
    for title, rows in titles.items():
        values = [v for row in rows for v in row.mark.values]
        equal = 1.0 if title.startswith("Ratios") else 0.0
        yield Forest(title, tuple(rows), scale_of([0.0, equal, *values]))


def _scale_title(limit: JudgedLimit, task: str) -> str:
    if limit.kind == "rise":
        return "Rise against the released model (0 is as before, above is worse)"
    if fairness_words.of(limit.measure).is_ratio:
        return "Ratios (1 is equal, less is further apart)"
    if task == "regression":
        return f"{fairness_words.name(limit.measure)} (0 is equal, in the label's unit)"
    return "Differences (0 is equal, more is further apart)"


def _audits(audits: Sequence[AuditEvidence], label: str) -> Iterator[AuditView]:
    number = 0
    for audit in audits:
        views = []
        for grouping in audit.groupings:
            number += 1
            views.append(_grouping(number, grouping))
        said = formatting.class_said(audit.positive, label) if audit.positive else ""
        yield AuditView(said, tuple(views))


def _grouping(number: int, found: GroupingEvidence) -> GroupingView:
    rates = {name for group in found.groups for name in group.rates}
    drawn = DRAWN if "selection_rate" in rates else DRAWN_OF_REGRESSION
    gaps = _values(found, "calibration_gap")
    return GroupingView(
        number,
        found,
        tuple(_column(found, key, is_drawn=True) for key in drawn if key in rates),
        tuple(_column(found, key) for key in LISTED if key in rates),
        scale_of([0.0, *gaps]) if gaps else None,
        len(found.columns) == 1 and len(found.groups) <= MOST_OPEN,
    )


def _column(found: GroupingEvidence, key: str, *, is_drawn: bool = False) -> RateColumn:
    heading, is_share = RATES[key]
    return RateColumn(key, heading, is_share, scale_of(_values(found, key)) if is_drawn else None)


def _values(found: GroupingEvidence, key: str) -> list[float | None]:
    rates: Iterable[RateOfGroup | None] = (
        of.get(key) for group in found.groups for of in (group.rates, group.baseline_rates)
    )
    return [v for rate in rates if rate for v in (rate.value, rate.low, rate.high)]


def _against(evidence: FairnessEvidence) -> Iterator[Against]:
    asked = {(frozenset(limit.of), limit.measure) for limit in evidence.limits}
    for audit in evidence.audits:
        for grouping in audit.groupings:
            for gap in grouping.gaps:
                wanted = gap.measure in MAIN or (frozenset(grouping.columns), gap.measure) in asked
                if gap.rise is not None and wanted:
                    mark = Mark(gap.rise, gap.rise_low, gap.rise_high, limit=0.0)
                    yield Against(grouping.title, gap, mark)


def _trends(evidence: FairnessEvidence, history: FairnessHistory, run_id: str, at: str) -> Iterator[Trend]:
    """One per limit that an earlier run judged, too; this run stands last."""
    for limit in evidence.limits:
        measure = limit.measure + (" rise" if limit.kind == "rise" else "")
        grouping = " x ".join(limit.of)
        past = [e for e in history.entries if e.measure == measure and set(e.grouping.split(" x ")) == set(limit.of)]
        if not past:
            continue
        now = PastGap(
            run_id, at, None, measure, grouping, limit.value, limit.low, limit.high, limit.status, evidence.split_digest
        )
        shown = [*past[-MOST_PAST:], now]
        rows = tuple(
            PastRow(
                e, Mark(e.value, e.low, e.high, limit=limit.limit), e is now, e.split_digest == evidence.split_digest
            )
            for e in shown
        )
        scale = scale_of([limit.limit, *(v for row in rows for v in row.mark.values)])
        yield Trend(f"{fairness_words.name(measure)} of {grouping}", rows, scale, len(past) + 1 - len(shown))


def _tables(evidence: FairnessEvidence) -> Iterator[tuple[tuple[str, ...], tuple[TableRow, ...]]]:
    """The rows of each set of columns, in the evidence's order."""
    rows = evidence.table.rows if evidence.table else ()
    for columns in dict.fromkeys(row.columns for row in rows):
        yield columns, tuple(row for row in rows if row.columns == columns)


def context(evidence: FairnessEvidence | None, history: FairnessHistory | None, result: RunResult) -> Mapping[str, Any]:
    """What the template needs beyond the common things."""
    label = records.label_of(result)
    return {
        "view": view(evidence, history, result.run_id, result.started_at, label) if evidence else None,
        "words": fairness_words,
        "rate_mark": rate_mark,
    }


def rate_mark(rate: RateOfGroup, before: RateOfGroup | None = None) -> Mark:
    """The whisker of a group's rate.  before : the released model's."""
    return Mark(rate.value, rate.low, rate.high, before.value if before else None)
