"""The model card: everything that stands about one model, as plain values in `model_card.json`.

A card holds no time, no run id, no path and no version number: the same data, settings and code give the same bytes.
What a machine measured in time (the serving check) is therefore said as kept or not kept. Numbers have six digits.
The shape is fixed by `schemas/model_card.schema.json`; a change that breaks readers raises CARD_VERSION.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.declared import Declared, said
from schemas.document import Document
from schemas.evidence import MetricRow
from schemas.override import Override
from schemas.verdict import Measurement

FILE_NAME = "model_card.json"
PAGE_NAME = "model_card.html"
CARD_VERSION = 1
DIGITS = 6
#: What is left of 1 - 1 in floating point.
NOTHING = 1e-12


@dataclass(frozen=True)
class CardOverride(Override):
    """was_needed : whether the gate really refused."""

    was_needed: bool = False


@dataclass(frozen=True)
class Decision:
    """The release gate's word.

    status : a schemas.verdict.Status.  may_be_released : only for PASSED.  sentence : why, for people.
    gates : one measurement per gate.  bootstrap : no model was released before, so comparisons with one were not made.
    """

    status: str
    may_be_released: bool
    sentence: str
    gates: tuple[Measurement, ...] = ()
    overrides: tuple[CardOverride, ...] = ()
    bootstrap: bool = False


@dataclass(frozen=True)
class Intention(Declared):
    """What only people can say about a model; it stands in the model card. "" and () where they said nothing."""

    purpose: str = said("", why="What the model is to be used for, and by whom.")
    not_for: str = said("", why="What it must not be used for.")
    limits: str = said("", why="What it is known to be bad at.")
    owners: tuple[str, ...] = said((), why="Who answers for it.")


@dataclass(frozen=True)
class Column:
    """role : "feature", "label", "weight" or "id".  type : "text", "whole number", "number".  missing : share of rows, by split."""

    name: str
    role: str
    type: str
    missing: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Label:
    """What is predicted.

    classes, positive : () and "" for a regression.  shares : by split, of the rows with a label, per class.
    numbers : by split, mean, standard deviation and range of a label that is a number.
    """

    column: str
    task: str
    classes: tuple[str, ...] = ()
    positive: str = ""
    shares: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    numbers: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Data:
    """source : as the settings name it, without folders above the project.  rows : by split."""

    source: str
    digest: str
    rows: Mapping[str, int]
    columns: tuple[Column, ...]
    label: Label


@dataclass(frozen=True)
class Training:
    """How the model was fitted.

    metrics : of the best epoch, by curve ("loss", "val_loss", ...).  mitigation : what was done about gaps between groups, or None.
    threshold : score from which a row counts as positive; None unless the task is binary.
    inputs : columns that a request must bring.
    """

    seed: int
    best_epoch: int
    epochs: int
    parameters: int
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    mitigation: Mapping[str, Any] | None = None
    threshold: float | None = None
    inputs: tuple[str, ...] = ()
    deterministic_given: tuple[str, ...] = ()


@dataclass(frozen=True)
class Quality:
    """Every metric of every slice of the test split; `groupings` are what was asked for, "sex x race"."""

    groupings: tuple[str, ...] = ()
    metrics: tuple[MetricRow, ...] = ()


@dataclass(frozen=True)
class Gap:
    """How far apart the groups of a grouping are by one measure, with its 95 % interval.

    positive : the class against the rest; "" for a regression.  lowest, highest : the groups furthest apart.
    baseline : the released model's gap on the same rows.  not_measured : why there is no value; "" where there is one.
    """

    grouping: str
    measure: str
    convention: str
    value: float | None
    low: float | None = None
    high: float | None = None
    lowest: str = ""
    highest: str = ""
    baseline: float | None = None
    positive: str = ""
    not_measured: str = ""


@dataclass(frozen=True)
class Rate:
    """A rate of one group.  rows : it is taken over.  is_judged : False where they are too few."""

    value: float | None
    low: float | None = None
    high: float | None = None
    rows: int = 0
    is_judged: bool = True


@dataclass(frozen=True)
class Group:
    """One group of the test split.  share : of all weights.  rates : by name.  positive : as in Gap."""

    grouping: str
    name: str
    rows: int
    share: float
    rates: Mapping[str, Rate] = field(default_factory=dict)
    positive: str = ""


@dataclass(frozen=True)
class Proof:
    """What the gate answers when there is no gap: group labels shuffled.  Shares of the verdicts over `shuffles`."""

    grouping: str
    measure: str
    shuffles: int
    false_refusals: float
    unknown: float
    highest_allowed: float


@dataclass(frozen=True)
class Fairness:
    """profile, scope, source : where the limits come from.  limits : the verdict's measurements."""

    status: str
    profile: str = ""
    scope: str = ""
    source: str = ""
    rows: int = 0
    confidence: float = 0.95
    limits: tuple[Measurement, ...] = ()
    gaps: tuple[Gap, ...] = ()
    groups: tuple[Group, ...] = ()
    proof: tuple[Proof, ...] = ()


@dataclass(frozen=True)
class Weight:
    """How much a column, or columns that say much the same, counts, with a 95 % interval."""

    name: str
    columns: tuple[str, ...]
    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Flip:
    """flipped : share of rows whose decision another value of the sensitive column alone turns; None where not defined."""

    column: str
    is_input: bool
    flipped: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Explanation:
    """What the scores come from.

    quality : the measure that shuffling a column costs.  importance : largest first.
    gap, gap_between, carried : which columns carry the gap of `gap` between two groups, largest first.
    checks : the tests of the explanation itself.
    """

    status: str
    quality: str = ""
    rows: int = 0
    importance: tuple[Weight, ...] = ()
    gap: str = ""
    gap_between: tuple[str, ...] = ()
    carried: tuple[Weight, ...] = ()
    flips: tuple[Flip, ...] = ()
    checks: tuple[Measurement, ...] = ()


@dataclass(frozen=True)
class Check:
    """One check of the serving check, without what was measured.  limit, direction, unit : as in a Measurement."""

    name: str
    slice: str
    status: str
    limit: float | None = None
    direction: str = ""
    unit: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Serving:
    """platform : where the server ran.  requests : per protocol and signature."""

    status: str
    platform: str = ""
    requests: int = 0
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True)
class Lineage:
    """commit : with "+changes" where the work tree differed from it; "" outside a checkout."""

    commit: str = ""
    code_digest: str = ""
    settings_digest: str = ""
    data_digest: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    seeds: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Unmeasured:
    """part : of the card.  what : was not measured, or failed its check.  why : in a sentence."""

    part: str
    what: str
    why: str


@dataclass(frozen=True)
class DataCheck:
    """The data gate in short.  passed : how many of `checked` measurements; `findings` are those that did not."""

    status: str
    checked: int
    passed: int
    findings: tuple[Measurement, ...] = ()


@dataclass(frozen=True)
class ModelCard:
    """All of it.  fairness, explanation, serving : None where the step was not in the pipeline."""

    name: str
    decision: Decision
    intention: Intention
    data: Data
    data_check: DataCheck
    training: Training
    quality: Quality
    quality_limits: tuple[Measurement, ...]
    lineage: Lineage
    not_measured: tuple[Unmeasured, ...]
    fairness: Fairness | None = None
    explanation: Explanation | None = None
    serving: Serving | None = None


def rounded(value: float) -> float | None:
    """Six significant digits; None for what is not finite. The last bits of a sum may differ between two machines.

    >>> rounded(0.12345678), rounded(float("nan")), rounded(-0.0), rounded(5.6e-17)
    (0.123457, None, 0.0, 0.0)
    """
    if not math.isfinite(value):
        return None
    return float(f"{value:.{DIGITS}g}") if abs(value) > NOTHING else 0.0


#: The same card gives the same bytes: keys in the order of the fields, six digits, no NaN.
FILE = Document(ModelCard, FILE_NAME, CARD_VERSION, "card_version", number=rounded, indent=1)
to_json, from_json, write, read = FILE.to_json, FILE.from_json, FILE.write, FILE.read_if_there
