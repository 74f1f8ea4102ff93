"""The sentences of the fairness page: each judged gap as a person would say it, and what was chosen by choosing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schemas.fairness_evidence import FairnessEvidence, GapEvidence, JudgedLimit
from schemas.fairness_history import FairnessHistory
from schemas.verdict import Status
from sluicegate.reports import formatting


@dataclass(frozen=True)
class MeasureWords:
    """What a gap is taken over, and how it is told.

    of : rates by group that it compares.  kind : of fairness.
    said : a sentence about "{low}" and "{high}", the groups furthest apart, with "{gap}" and "{positive}"; "" has none.
    is_ratio : 1 is equal.  in_points : told in percentage points.
    """

    of: tuple[str, ...]
    kind: str
    said: str = ""
    is_ratio: bool = False
    in_points: bool = False


SELECTION, ERRORS, PREDICTIVE, SCORES = (
    "equal selection rates (demographic parity)",
    "equal error rates",
    "equal predictive value",
    "equal scores",
)
_RATIO = "{low} is selected {gap} times as often as {high}"
MEASURES: Mapping[str, MeasureWords] = {
    "demographic_parity_difference": MeasureWords(
        ("selection_rate",), SELECTION, "{low} is selected {gap} less often than {high}", in_points=True
    ),
    "demographic_parity_ratio": MeasureWords(("selection_rate",), SELECTION, _RATIO, is_ratio=True),
    "impact_ratio": MeasureWords(("selection_rate",), SELECTION, _RATIO, is_ratio=True),
    "equal_opportunity_difference": MeasureWords(
        ("tpr",), ERRORS, "of the rows with {positive}, the model finds {gap} fewer in {low} than in {high}",
        in_points=True,
    ),
    "fpr_difference": MeasureWords(
        ("fpr",), ERRORS, "of the rows without {positive}, the model takes {gap} more for it in {high} than in {low}",
        in_points=True,
    ),
    "equalized_odds_difference": MeasureWords(("tpr", "fpr"), ERRORS),
    "equalized_odds_mean": MeasureWords(("tpr", "fpr"), ERRORS),
    "equalized_odds_sum": MeasureWords(("tpr", "fpr"), ERRORS),
    "predictive_parity_difference": MeasureWords(
        ("ppv",), PREDICTIVE, "where the model says {positive}, it is right {gap} less often in {low} than in {high}",
        in_points=True,
    ),
    "abcc": MeasureWords(("mean_score",), SCORES),
    "error_difference": MeasureWords(("mean_error", "accuracy"), ERRORS),
    "score_difference": MeasureWords(("mean_score",), SCORES),
}  # fmt: skip
_NAMES = {"abcc": "Area between score distributions (ABCC)"}
_OTHER = MeasureWords((), "a kind of its own")
_ANSWERS = {Status.PASSED.value: "passed", Status.FAILED.value: "refused", Status.UNKNOWN.value: "cannot be told"}


def of(measure: str) -> MeasureWords:
    """What is known of a measure; little of one this report has never heard of."""
    return MEASURES.get(measure, _OTHER)


def name(measure: str) -> str:
    """The measure as people write it.

    >>> name("impact_ratio"), name("equal_opportunity_difference rise")
    ('Impact ratio', 'Equal opportunity difference, rise')
    """
    base = measure.removesuffix(" rise")
    said = _NAMES.get(base) or formatting.label(base)
    return said if base == measure else f"{said}, rise"


def sentence(limit: JudgedLimit, gap: GapEvidence | None, positive: str) -> str:
    """One limit and its answer.

    gap : the same measure over the same columns, which knows the two groups.  positive : as `formatting.class_said` says it.
    """
    if limit.value is None:
        return (
            limit.detail or f"{name(limit.measure)} of {' x '.join(limit.of)} could not be measured ({limit.reason})."
        )
    said = f"{_found(limit, gap, positive)}{_interval(limit)}; the limit is {limit.direction} {_bound(limit)}: "
    answer = _ANSWERS.get(limit.status, limit.status)
    if limit.status == Status.UNKNOWN.value and limit.rows_needed is not None:
        answer += f" with these rows; about {formatting.count(limit.rows_needed)} like these would tell"
    elif limit.status == Status.UNKNOWN.value and limit.reason == "not_settled":
        answer += ", and no number of rows would settle it"
    # A group's name is the table's own, and keeps its small letter.
    is_name = gap is not None and gap.lowest and said.startswith(gap.lowest)
    return (said if is_name else said[:1].upper() + said[1:]) + answer + "."


def _found(limit: JudgedLimit, gap: GapEvidence | None, positive: str) -> str:
    measure = of(limit.measure)
    of_what = f"{name(limit.measure)} of {' x '.join(limit.of)}"
    if limit.kind == "rise":
        worse = "worse" if (limit.value or 0) >= 0 else "better"
        return (
            f"{of_what} is {_size(abs(limit.value or 0), measure)} {worse} than the released model's on the same rows"
        )
    if gap is None or not gap.lowest or not measure.said:
        return f"{of_what} is {_size(limit.value, measure)}"
    names = {"low": gap.lowest, "high": gap.highest, "positive": positive or "positive"}
    return measure.said.format(gap=_size(limit.value, measure), **names)


def _interval(limit: JudgedLimit) -> str:
    if limit.low is None or limit.high is None:
        return ""
    scale = 100 if of(limit.measure).in_points else 1
    ends = (formatting.brief(round(end * scale, 3 if scale == 1 else 1)) for end in (limit.low, limit.high))
    return f" [{', '.join(ends)}]"


def _bound(limit: JudgedLimit) -> str:
    return _size(limit.limit, of(limit.measure))


def _size(value: float | None, measure: MeasureWords) -> str:
    if value is None:
        return formatting.ABSENT
    if measure.in_points:
        return f"{formatting.brief(round(value * 100, 1))} percentage points"
    return formatting.brief(round(value, 3))


def verdict(evidence: FairnessEvidence) -> str:
    """The first sentence of the page: what the gate answered."""
    if evidence.reason == "not_configured":
        return (
            "No sensitive column is declared, so no groups were compared. Declare them in fairness.sensitive, or write "
            "fairness: off, which the release gate records."
        )
    if evidence.reason == "off":
        return "The settings say fairness: off, so nothing was compared."
    if evidence.reason == "no_rows" or (evidence.reason == "report_only" and not evidence.rows):
        return "No rows were scored, so no groups could be compared."
    gating = [one for one in evidence.limits if one.gates]
    counts = [(sum(one.status == s for one in gating), word) for s, word in _ANSWERS.items()]
    told = ", ".join(f"{count} {word}" for count, word in counts if count)
    said = f"{_limits(len(gating))} can refuse: {told}." if gating else "No limit can refuse this model."
    watched = len(evidence.limits) - len(gating)
    more = f" {_limits(watched)} more {'is' if watched == 1 else 'are'} only judged and shown." if watched else ""
    let = " The settings let pass what cannot be told." if evidence.reason == "unknown_passes" else ""
    return said + more + let


def _limits(count: int) -> str:
    return f"{count} limit{'' if count == 1 else 's'}"


def kinds(limits: Sequence[JudgedLimit]) -> tuple[str, ...]:
    """Kinds of fairness that the limits stand for, those that can refuse first."""
    ordered = sorted(limits, key=lambda one: not one.gates)
    return tuple(dict.fromkeys(of(one.measure).kind for one in ordered))


def looks(history: FairnessHistory | None) -> str:
    """How often this test split was looked at; "" where no history was read."""
    if history is None:
        return ""
    if not history.looks:
        return "This is the first look at these test rows that this pipeline has on record."
    return (
        f"This test split has been looked at {formatting.count(history.looks + 1)} times, this run included; each look makes a "
        "lucky pass likelier. Fresh test rows start the count again."
    )
