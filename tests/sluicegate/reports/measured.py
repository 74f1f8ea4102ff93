"""Fairness and explanation evidence as the gates themselves measure it, on small tables made up for tests."""

from __future__ import annotations

import functools

import numpy as np

from components.fairness_report.core import Policy, Rows, decide
from schemas.explanation_evidence import ExplanationEvidence
from schemas.fairness_evidence import FairnessEvidence
from schemas.fairness_history import FairnessHistory, PastGap
from schemas.predictions import Answers
from schemas.sensitive import SensitiveColumn
from schemas.verdict import Verdict
from sluicegate.explanation import core as explaining
from sluicegate.fairness import groups
from sluicegate.fairness.policy import Gap, Limit
from tests.sluicegate.explanation import worlds

ROWS = 4000
CLASSES = ("<=50K", ">50K")
SENSITIVE = (SensitiveColumn("sex"), SensitiveColumn("race"))
#: One limit that is refused, one that passes, one that cannot be told, one on the rise, and one that only watches.
LIMITS = (
    Limit("impact_ratio", ("sex",), at_least=0.8, setting="fairness.limits.0"),
    Limit("equal_opportunity_difference", ("sex",), at_most=0.9, max_rise=0.5, setting="fairness.limits.1"),
    Limit("equal_opportunity_difference", ("race",), at_most=0.05, setting="fairness.limits.2"),
    Limit("predictive_parity_difference", ("race", "sex"), at_most=0.05, report_only=True, setting="fairness.limits.3"),
)


def policy(**more: object) -> Policy:
    given = {"sensitive": SENSITIVE, "limits": LIMITS, "draws": 1000, **more}
    return Policy(**given)  # type: ignore[arg-type]


def rows(task: str = "binary", seed: int = 5, *, has_baseline: bool = True) -> Rows:
    """Women are selected about half as often as men; of race=Other there are 40, few of them positive; of race=Inuit three."""
    random = np.random.default_rng(seed)
    sex = random.integers(0, 2, ROWS)
    race = np.where(random.random(ROWS) < 0.8, 0, 1)
    race[:40], race[40:43], race[43:46] = 2, 3, -1
    sensitive = (
        groups.of_texts("sex", sex, ("Female", "Male")),
        groups.of_texts("race", race, ("White", "Black", "Other", "Inuit")),
    )
    drawn, noise = random.normal(0.8 * sex - 0.9, 1.0), random.normal(0, 0.7, ROWS)
    drawn[:40] -= 1.4
    version = 3 if has_baseline else None
    if task == "regression":
        before = (drawn + noise * 1.2)[:, None] if has_baseline else None
        return Rows(task, (), drawn, None, (drawn + noise)[:, None], sensitive, None, None, before, version)
    if task == "multiclass":
        label, said = np.digitize(drawn, (-1, 0.5)), np.digitize(drawn + noise, (-1, 0.5))
        return Rows(task, ("low", "middle", "high"), label, said, np.eye(3)[said] * 0.8 + 0.1, sensitive)
    score = 1 / (1 + np.exp(-(drawn + noise)))
    earlier = 1 / (1 + np.exp(-(drawn + noise * 1.3)))
    scores, before = (np.stack([1 - s, s], axis=1) for s in (score, earlier))
    decided = (earlier > 0.5).astype(int) if has_baseline else None
    return Rows(
        task, CLASSES, (drawn > 0).astype(int), (score > 0.5).astype(int), scores, sensitive, None, decided,
        before if has_baseline else None, version,
    )  # fmt: skip


@functools.cache
def fairness(task: str = "binary") -> tuple[Verdict, FairnessEvidence]:
    """A binary model that a limit refuses; the other tasks are judged by a limit of their own."""
    if task == "binary":
        return decide(policy(), rows())
    measure: Gap = "error_difference" if task == "regression" else "demographic_parity_difference"
    limit = Limit(measure, ("sex",), at_most=0.5, setting="fairness.limits.0")
    return decide(policy(limits=(limit,), positive="high"), rows(task))


@functools.cache
def unfit(reason: str) -> tuple[Verdict, FairnessEvidence]:
    """What FairnessReport leaves where it cannot judge."""
    if reason == "not_configured":
        return decide(Policy(), None)
    if reason == "positive_not_declared":
        return decide(policy(), rows("multiclass"))
    nobody = rows(has_baseline=False)
    return decide(policy(), Rows(**{**vars(nobody), "decision": np.zeros(ROWS, int)}))


def history(evidence: FairnessEvidence) -> FairnessHistory:
    """Two earlier runs of the first limit; one of them on these very test rows."""
    first = PastGap(
        "20251101-040000-aaaa", "2025-11-01T04:00:00+00:00", 1, "impact_ratio", "sex", 0.61, 0.5, 0.7, "FAILED", "x"
    )
    second = PastGap("20251108-040000-bbbb", "2025-11-08T04:00:00+00:00", None, "impact_ratio", "sex", 0.71, 0.6, 0.85,
                     "UNKNOWN", evidence.split_digest)  # fmt: skip
    return FairnessHistory(1, (first, second))


@functools.cache
def explanation(task: str = "binary", *, is_broken: bool = False) -> tuple[ExplanationEvidence, Verdict]:
    """A model that looks at sex, job and school.

    is_broken : its shuffled twin answers just the same, so the explanation does not look at the weights.
    """
    raw = worlds.people(600)

    def value(given: worlds.Raw) -> np.ndarray:
        heard = np.where(given["sex"] == "Male", 0.6, -0.6) + np.where(given["job"] == "smith", 0.5, -0.5)
        return np.asarray(heard + 0.9 * given["school"] + 0.4 * given["hours"] + 0.2 * given["noise0"] - 0.8, float)

    def score(given: worlds.Raw) -> np.ndarray:
        x = value(given)
        if task == "regression":
            return x[:, None]
        if task == "multiclass":
            parts = np.exp(np.stack([-x, np.zeros_like(x), x], axis=1))
            return np.asarray(parts / parts.sum(axis=1, keepdims=True))
        return worlds.two(worlds.sigmoid(x))

    answers = {
        "binary": Answers("binary", CLASSES, 0.5),
        "multiclass": Answers("multiclass", ("low", "middle", "high")),
        "regression": Answers("regression"),
    }[task]
    noisy = value(raw) + np.random.default_rng(2).normal(0, 0.5, 600)
    label = {"binary": (noisy > 0).astype(int), "multiclass": np.digitize(noisy, (-1, 1)), "regression": noisy}[task]
    randomised = (lambda seed: score) if is_broken else None
    sensitive = explaining.SensitiveCodes({"sex": (), "origin": ()}, ("sex",), "high" if task == "multiclass" else None)
    groups_of = {"origin": explaining.group_texts(np.array(["here", "there"] * 300, object))}
    return explaining.explain(
        worlds.asked(raw, score, label, answers, sensitive=sensitive, randomised=randomised, groups=groups_of)
    )
