"""What the explanation report found, as plain values in `explanation.json`; the HTML report is drawn from them alone.

Contributions and curves are of the *explained score*: the positive class's score (binary), the score of
`explained_class` (multiclass) or the value itself, in the label's unit (regression). A single row of a multiclass task
is explained by the score of the class that was decided for it. All intervals are of 95 %.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.document import Document

FILE_NAME = "explanation.json"
#: The verdict that goes with it.
GATE_ID = "explanation"
FORMAT_VERSION = 1


@dataclass(frozen=True)
class Estimate:
    """A value with the ends of its interval; all None where it is not defined, low and high where it has no interval."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class ColumnGroup:
    """Columns that say much the same, shuffled and credited together.

    association : mean association of its pairs, 0 to 1 (docs/explanation.md); None for a column by itself.
    """

    name: str
    columns: tuple[str, ...]
    association: float | None = None


@dataclass(frozen=True)
class Importance:
    """What shuffling costs; the intervals are over rows and repeats together.

    quality : how much worse the quality measure gets (above 0: the model needs the columns).
    repeat_sd : its standard deviation over the repeats alone; None for fewer than two.
    gap : how much smaller the gap between the two groups gets (above 0: the columns carry disparity); None without groups.
    attribution : mean |Shapley contribution| over `Explained.attributed_rows`, of columns by themselves; None for groups.
    """

    name: str
    columns: tuple[str, ...]
    quality: Estimate
    repeat_sd: float | None
    gap: Estimate | None = None
    attribution: float | None = None


@dataclass(frozen=True)
class Carried:
    """The share of the gap that a group of columns carries.

    contribution : in the gap's unit; the contributions sum to full gap - null gap.
    proxy : highest association of one of its columns with the sensitive columns, 0 to 1.
    """

    name: str
    columns: tuple[str, ...]
    contribution: Estimate
    proxy: float | None = None


@dataclass(frozen=True)
class GapDecomposition:
    """Which columns carry the gap between the two groups that lie furthest apart.

    sensitive : columns that the groups are made of.  high, low : names of the two groups.
    measure : "selection rate", "rate of <class>" or "mean value".
    over_all_rows : the gap between the two on every row of the split.
    full : on the rows that were decomposed.  null : what is left where every column is shuffled.
    method : "exact" or "sampled".  efficiency_error : |sum of contributions - (full - null)|.
    """

    sensitive: tuple[str, ...]
    high: str
    low: str
    measure: str
    over_all_rows: float
    full: float
    null: float
    rows_high: int
    rows_low: int
    method: str
    donors: int
    efficiency_error: float
    carried: tuple[Carried, ...] = ()


@dataclass(frozen=True)
class CurvePoint:
    """Mean explained score with the column set to a value.  share : of the rows, where the value was seen.

    at : place on a number axis; None for text and for a missing value, whose text is "(missing)".
    """

    text: str
    at: float | None
    mean: float
    low: float
    high: float
    share: float


@dataclass(frozen=True)
class Dependence:
    """Partial dependence of the explained score on one column, and single rows' curves through the same points.

    kind : "number", "category" or "date".  ice : one tuple per row, the score at each point of `points`.
    ice_rows : their numbers in the split.  A centred curve is a row's scores less its first.
    """

    column: str
    kind: str
    points: tuple[CurvePoint, ...]
    ice: tuple[tuple[float, ...], ...] = ()
    ice_rows: tuple[int, ...] = ()
    rows: int = 0


@dataclass(frozen=True)
class Contribution:
    """What a column added to a row's explained score, against the reference rows; the interval is of sampling them.

    value : the row's, as text ("(missing)" where it has none).  typical : median or most frequent value of the rows.
    """

    column: str
    value: str
    typical: str
    contribution: float
    low: float
    high: float


@dataclass(frozen=True)
class Change:
    """One column of a counterfactual."""

    column: str
    before: str
    after: str


@dataclass(frozen=True)
class Counterfactual:
    """The fewest changes found that lead to another decision; found by search, so fewer may exist.

    distance : sum over changed columns of the share of rows between the values (numbers), or 1 (text).
    """

    decision: str
    score: float
    changes: tuple[Change, ...]
    distance: float


@dataclass(frozen=True)
class LocalExplanation:
    """One row.

    row : its number in the split, from 0.  rules : why it is shown: "most typical", "most uncertain", "most wrong".
    groups : the sensitive group each rule chose it for, as many as `rules`; "all rows" where there are none.
    label, decision : as text; the value of a regression.  score : the explained score.  reference : its mean over the
    reference rows; contributions sum to score - reference.
    reasons, against : sentences, at most four each: what spoke for the decision taken, what spoke against it.
    counterfactual : None where none was found or the task has no decision; `no_counterfactual` says why.
    """

    row: int
    rules: tuple[str, ...]
    groups: tuple[str, ...]
    label: str | None
    decision: str
    explained: str
    score: float
    reference: float
    completeness_error: float
    contributions: tuple[Contribution, ...]
    reasons: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    counterfactual: Counterfactual | None = None
    no_counterfactual: str = ""


@dataclass(frozen=True)
class FlipPair:
    """Rows of one group with the column set to another's value.

    change : mean change of the explained score.  to_positive, from_positive : shares of the rows whose decision turned to
    or from the positive class (multiclass: `explained_class`); None for a regression.
    """

    before: str
    after: str
    rows: int
    change: Estimate
    flipped: Estimate | None
    to_positive: float | None = None
    from_positive: float | None = None


@dataclass(frozen=True)
class FlipTest:
    """One sensitive column changed alone, everything else as it is.

    is_input : False where the model does not take the column, and nothing can flip.
    flipped : share of rows whose decision at least one other value turns; None for a regression.
    largest_change : mean over rows of the largest |change| of the explained score.
    """

    column: str
    is_input: bool
    values: tuple[str, ...]
    rows: int
    flipped: Estimate | None
    largest_change: Estimate
    pairs: tuple[FlipPair, ...] = ()


@dataclass(frozen=True)
class Recourse:
    """How far the people of one group who were not given the positive decision have to go for it.

    changes : mean number of columns to change, distance : as in `Counterfactual`; both of rows with a way out.
    without : share of the rows for which none was found.
    """

    group: str
    rows: int
    changes: Estimate
    distance: Estimate
    without: Estimate


@dataclass(frozen=True)
class Check:
    """One test of the explanation itself (docs/explanation.md).

    section : what turns red when it fails: "importance", "disparity", "rows" or "all".
    status : a schemas.verdict.Status.  comparison : "at least", "at most" or "above".
    """

    name: str
    section: str
    slice: str
    status: str
    value: float | None
    limit: float | None
    comparison: str
    detail: str


@dataclass(frozen=True)
class ExplanationEvidence:
    """All of it.

    quality : "auc", "log_loss" or "r2", the measure behind `importances`; quality_value is the model's on the rows used.
    explained_class : whose score curves and attributions show; "" for a regression.
    associations : (k, k) in the order of `columns`, None where undefined.
    questions : rows the model was asked for, repeats left out.  seconds : wall time by part.
    """

    task: str
    explained_class: str
    rows_in_split: int
    rows: int
    repeats: int
    references: int
    attributed_rows: int
    seed: int
    columns: tuple[str, ...]
    quality: str
    quality_value: Estimate
    groups: tuple[ColumnGroup, ...] = ()
    associations: tuple[tuple[float | None, ...], ...] = ()
    importances: tuple[Importance, ...] = ()
    disparity: GapDecomposition | None = None
    dependences: tuple[Dependence, ...] = ()
    local: tuple[LocalExplanation, ...] = ()
    flips: tuple[FlipTest, ...] = ()
    recourse: tuple[Recourse, ...] = ()
    checks: tuple[Check, ...] = ()
    notes: tuple[str, ...] = ()
    questions: int = 0
    seconds: Mapping[str, float] | None = None


FILE = Document(ExplanationEvidence, FILE_NAME, FORMAT_VERSION)
to_json, from_json, write, read = FILE.to_json, FILE.from_json, FILE.write, FILE.read_if_there
