"""Plain values read out of TFX's artifacts, one file per subject in `runs/<id>/evidence/`; reports are drawn from them.

The reader of an artifact (pipeline/local/evidence/) knows protos and no HTML; the report knows HTML and no protos.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from schemas.document import Document


@dataclass(frozen=True)
class ColumnInSplit:
    """What one column looks like in one split.

    histogram : (low, high, count) per bin, of numbers.  top : (value, count), most frequent first, of texts.
    """

    rows: int
    missing: int
    distinct: int | None = None
    mean: float | None = None
    std: float | None = None
    low: float | None = None
    median: float | None = None
    high: float | None = None
    histogram: tuple[tuple[float, float, float], ...] = ()
    top: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Drift:
    """Distance of a column's distribution in `split` from that in `against`.

    measure : "cumulative_difference" (numbers: the largest difference of cumulative shares) or "share_difference" (categories: of
        one value's share), both 0 to 1; runs before issue 12 have "jensen_shannon" and "l_infinity".
    limit : None where the schema has none.
    released_version : the model whose train data `against` stands for; None where it is a split of this run.
    outcome : what the data gate made of it, as a report says it: "PASSED", "FAILED", "WARNED", "UNKNOWN" (not shown to be beyond its
        limit), "CHANCE" (between splits that our own hash drew); "" where it judged none, or before issue 12.
    """

    split: str
    against: str
    measure: str
    value: float
    limit: float | None = None
    released_version: int | None = None
    outcome: str = ""


@dataclass(frozen=True)
class Moved:
    """A column that the data gate found to differ: both sides over the same bins.

    sentence : the gate's.  outcome : as in Drift.  labels : of the bins or values.  before, now : shares of the rows with a value,
    (labels,) each.  before_name, now_name : what the sides are.
    """

    column: str
    sentence: str
    outcome: str
    labels: tuple[str, ...]
    before: tuple[float, ...]
    now: tuple[float, ...]
    before_name: str
    now_name: str


@dataclass(frozen=True)
class ColumnProfile:
    """kind : "number", "category" or "date".  role : "feature", "label", "weight", "id"."""

    name: str
    kind: str
    role: str
    splits: Mapping[str, ColumnInSplit] = field(default_factory=dict)
    drift: tuple[Drift, ...] = ()


@dataclass(frozen=True)
class DataEvidence:
    """rows : number of rows per split.  notes : what ingest decided by itself, one sentence each.

    released_version : the model that was released before this run; None where there was none.
    moved : in order of weight.
    """

    rows: Mapping[str, int]
    columns: tuple[ColumnProfile, ...]
    source: str = ""
    digest: str = ""
    notes: tuple[str, ...] = ()
    released_version: int | None = None
    moved: tuple[Moved, ...] = ()


@dataclass(frozen=True)
class AnomalyRow:
    """One anomaly.  policy : "fail", "warn" or "ignore"."""

    split: str
    column: str
    kind: str
    short: str
    detail: str
    policy: str


@dataclass(frozen=True)
class SchemaRow:
    """One column of the schema, in words."""

    name: str
    type: str
    presence: str
    domain: str
    drift_limit: str = ""


@dataclass(frozen=True)
class SchemaEvidence:
    columns: tuple[SchemaRow, ...]
    anomalies: tuple[AnomalyRow, ...] = ()
    source: str = ""
    proposal: str = ""


@dataclass(frozen=True)
class TrainingEvidence:
    """history : one list per curve ("loss", "val_loss", "auc", "val_auc", ...), one value per epoch.

    deterministic_given : the things that must stay the same for two runs to give the same metrics.
    """

    history: Mapping[str, tuple[float, ...]]
    best_epoch: int
    seconds: float
    seed: int
    parameters: int
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    deterministic_given: tuple[str, ...] = ()


@dataclass(frozen=True)
class MetricRow:
    """One metric on one slice, with its 95 % interval and the released model's value on the same rows.

    change_low, change_high : 95 % interval of value - baseline, paired; None where there is none.
    """

    name: str
    slice: str
    value: float | None
    rows: int
    low: float | None = None
    high: float | None = None
    baseline: float | None = None
    change_low: float | None = None
    change_high: float | None = None


@dataclass(frozen=True)
class EvaluationEvidence:
    """Curves are of the test split; roc is (false positive rate, true positive rate), pr is (recall, precision).

    calibration : (mean prediction, mean label, rows) per bin.  confusion : rows are true classes, columns predicted.
    residuals : (true, predicted) of single rows of a regression.
    """

    task: str
    rows: int
    metrics: tuple[MetricRow, ...]
    classes: tuple[str, ...] = ()
    threshold: float | None = None
    roc: tuple[tuple[float, float], ...] = ()
    pr: tuple[tuple[float, float], ...] = ()
    calibration: tuple[tuple[float, float, float], ...] = ()
    confusion: tuple[tuple[float, ...], ...] = ()
    residuals: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class WayOfAsking:
    """The good requests to a model server through one protocol and one signature, one row each.

    answered : how many of `requests` came back with an answer.  latencies_ms : of those, in the order sent.
    difference : largest distance of an answer from the model called directly, as a share of the value or of 1,
        whichever is larger; None where nothing could be compared.
    not_finite : outputs that are NaN or infinite.  problem : the first thing that went wrong, in a sentence.
    """

    protocol: str
    signature: str
    requests: int
    answered: int
    latencies_ms: tuple[float, ...] = ()
    difference: float | None = None
    not_finite: int = 0
    problem: str = ""


@dataclass(frozen=True)
class BadRequest:
    """A request that must be refused.  answer : the status that came back.  refused : whether it is a client's error."""

    protocol: str
    name: str
    answer: str
    refused: bool


@dataclass(frozen=True)
class ServingEvidence:
    """What a model server did with the model.

    platform : "process", "docker" or "kubernetes".  server : what was started there.
    load_seconds : from starting the server until it said that the model is available; None where it never did.
    load_problem : why it did not load.  rows : different rows of the test split that the requests were made of.
    well_after : whether a good request was answered as before once all bad ones had been sent.
    memory_mb : resident memory of the server after all requests; None where the platform cannot tell.
    warm_up : records that the pushed model will bring along.  log : last lines of the server's own log.
    """

    platform: str
    server: str
    load_seconds: float | None = None
    load_problem: str = ""
    rows: int = 0
    ways: tuple[WayOfAsking, ...] = ()
    bad_requests: tuple[BadRequest, ...] = ()
    well_after: bool = False
    memory_mb: float | None = None
    warm_up: int = 0
    log: str = ""


Evidence = DataEvidence | SchemaEvidence | TrainingEvidence | EvaluationEvidence | ServingEvidence
FILES: Mapping[type, Document[Any]] = {
    kind: Document(kind, file_name)
    for kind, file_name in (
        (DataEvidence, "data.json"),
        (SchemaEvidence, "schema.json"),
        (TrainingEvidence, "training.json"),
        (EvaluationEvidence, "evaluation.json"),
        (ServingEvidence, "serving.json"),
    )
}
T = TypeVar("T")


def write(evidence: Evidence, folder: str | Path) -> Path:
    return FILES[type(evidence)].write(evidence, folder)


def read(kind: type[T], folder: str | Path) -> T | None:
    """The evidence of that kind in `folder`, or None where the run did not get so far. Raises ValueError."""
    found: T | None = FILES[kind].read_if_there(folder)
    return found
