"""Measured groupings as evidence: every group with its rates, every gap with its intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from schemas.fairness_evidence import GapEvidence, GroupEvidence, GroupingEvidence, RateOfGroup
from sluicegate.fairness import calibration, paired, ranking
from sluicegate.fairness.clusters import Which
from sluicegate.fairness.counts import NEGATIVE, POSITIVE
from sluicegate.fairness.estimates import Grouping
from sluicegate.fairness.gaps import MEASURES, Measure
from sluicegate.fairness.policy import Policy
from sluicegate.fairness.rates import rate
from sluicegate.fairness.resampling import Resampled
from sluicegate.fairness.rows import OneClass
from sluicegate.stats import families, limits
from sluicegate.stats.arrays import Floats
from sluicegate.stats.interval import Levels
from sluicegate.stats.keys import numbered

SHOWN = ("selection_rate", "tpr", "fpr", "fnr", "ppv", "npv", "accuracy", "base_rate")
Rates = dict[str, RateOfGroup]


def describe(
    part: OneClass, groupings: Sequence[Grouping], resampled: Resampled, policy: Policy
) -> tuple[GroupingEvidence, ...]:
    """Everything that is measured, whether a limit asks for it or not; p-values are adjusted over all of it."""
    found = [
        GroupingEvidence(
            g.columns, g.title, _groups(part, g, policy), _gaps(g, resampled, policy),
            tuple(n for n, enough in zip(g.names, g.judged("score"), strict=True) if not enough),
        )
        for g in groupings
    ]  # fmt: skip
    return _adjusted(found)


def _groups(part: OneClass, grouping: Grouping, policy: Policy) -> tuple[GroupEvidence, ...]:
    by_group: list[Rates] = [{} for _ in grouping.names]
    before: list[Rates] = [{} for _ in grouping.names]
    if grouping.counts is not None:
        _add_shares(by_group, grouping, "mine", policy.confidence)
    if grouping.baseline is not None:
        _add_shares(before, grouping, "before", policy.confidence)
    _add_mean(by_group, "mean_score", grouping, policy.confidence)
    if grouping.error is not None:
        _add_mean(by_group, "mean_error", grouping, policy.confidence)
    _add_from_rows(by_group, part, grouping, policy)
    total = grouping.weight.sum()
    return tuple(
        GroupEvidence(
            name, dict(zip(grouping.columns, values, strict=True)), round(float(rows)), float(weight), float(weight / total),
            rates, earlier,
        )
        for name, values, rows, weight, rates, earlier in zip(
            grouping.names, grouping.values, grouping.rows, grouping.weight, by_group, before, strict=True
        )
    )  # fmt: skip


def _add_shares(into: list[Rates], grouping: Grouping, which: Which, confidence: float) -> None:
    counts = grouping.counts if which == "mine" else grouping.baseline
    assert counts is not None  # noqa: S101  the caller looked
    for name in SHOWN:
        found = rate(counts, name)
        low, high = limits.wilson(found.value, found.effective / grouping.effect(name, which), confidence)
        enough = grouping.judged(name)
        for place, rates in enumerate(into):
            rates[name] = RateOfGroup(
                _known(found.value[place]), round(float(found.rows[place])), _known(low[place]), _known(high[place]),
                round(float(found.hits[place])), bool(enough[place]),
            )  # fmt: skip


def _add_mean(into: list[Rates], name: str, grouping: Grouping, confidence: float) -> None:
    of = name.removeprefix("mean_")
    moments, effect, enough = grouping.moments(of), grouping.effect(of), grouping.judged(of)
    assert moments is not None  # noqa: S101  scores and a regression's errors have means
    mean, error = moments.mean, moments.error * np.sqrt(effect)
    low, high = limits.mean_limits(mean, error, moments.effective / effect, (1 - confidence) / 2)
    for place, rates in enumerate(into):
        rows = round(float(moments.rows[place]))
        ends = (_known(low[place]), _known(high[place])) if rows > 2 else (None, None)
        rates[name] = RateOfGroup(_known(mean[place]), rows, *ends, is_judged=bool(enough[place]))


def _add_from_rows(into: list[Rates], part: OneClass, grouping: Grouping, policy: Policy) -> None:
    """What no table of counts holds: ranking, calibration, signed errors."""
    known = part.known()
    codes, score = grouping.parents[part.finest.codes][known], part.score[known]
    weight = None if part.weight is None else part.weight[known]
    if part.label is None:
        _add_signed_error(into, part, codes, weight, np.sqrt(grouping.effect("error")))
        return
    is_positive = part.label[known] == POSITIVE
    _add_ranking(into, grouping, ranking.rank(codes, len(into), is_positive, score, weight), policy)
    order = np.argsort(codes, kind="stable")
    cuts = np.searchsorted(codes[order], np.arange(len(into) + 1))
    rng = np.random.default_rng(policy.seed)
    z = float(limits.normal_quantile((1 + policy.confidence) / 2))
    cluster = None if part.keyed is None else part.keyed.cluster[known]
    for place, rates in enumerate(into):
        mine = order[cuts[place] : cuts[place + 1]]
        if not len(mine):
            continue
        keys = None if cluster is None else numbered(cluster[mine])
        found = calibration.calibrate(
            is_positive[mine], score[mine], rng, None if weight is None else weight[mine], keys
        )
        half, enough = z * found.gap_error, len(mine) >= policy.min_rows
        rates["calibration_gap"] = RateOfGroup(
            _known(found.gap), len(mine), _known(found.gap - half), _known(found.gap + half), is_judged=enough
        )
        for name, value in (
            ("calibration_slope", found.slope), ("calibration_intercept", found.intercept), ("ece", found.ece),
            ("ece_null", found.ece_null),
        ):  # fmt: skip
            rates[name] = RateOfGroup(_known(value), len(mine), is_judged=enough)


def _add_ranking(into: list[Rates], grouping: Grouping, found: ranking.GroupRanking, policy: Policy) -> None:
    assert grouping.counts is not None  # noqa: S101  a task with classes has counts
    of_label = grouping.counts.rows.sum(-1)
    p, n = of_label[:, POSITIVE], of_label[:, NEGATIVE]
    effective = rate(grouping.counts, "base_rate").effective / np.maximum(p + n, 1) / grouping.effect("score")
    for place, rates in enumerate(into):
        enough = bool(min(p[place], n[place]) >= policy.min_positives)
        others = p.sum() - p[place], n.sum() - n[place]
        for name, value, positives, negatives in (
            ("auc", found.auc, p[place], n[place]),
            ("auc_bnsp", found.bnsp, p[place], others[1]),
            ("auc_bpsn", found.bpsn, others[0], n[place]),
        ):
            ends = ranking.auc_limits(
                float(value[place]), positives * effective[place], negatives * effective[place], policy.confidence
            )
            low, high = ends or (None, None)
            rates[name] = RateOfGroup(
                _known(value[place]), round(float(positives + negatives)), low, high, None, enough
            )
        rates["ks"] = RateOfGroup(_known(found.ks[place]), round(float(p[place] + n[place])), is_judged=enough)


def _add_signed_error(
    into: list[Rates], part: OneClass, codes: np.ndarray, weight: Floats | None, widened: Floats
) -> None:
    from sluicegate.fairness.moments import add_up

    assert part.error is not None  # noqa: S101  a regression has errors
    sums = add_up(codes, part.error, weight)
    for place, rates in enumerate(into[: len(sums.rows)]):
        mean, error = float(sums.mean[place]), float(sums.error[place] * widened[place])
        rates["mean_signed_error"] = RateOfGroup(
            _known(mean),
            round(float(sums.rows[place])),
            _known(mean - limits.Z_95 * error),
            _known(mean + limits.Z_95 * error),
        )


def _gaps(grouping: Grouping, resampled: Resampled, policy: Policy) -> tuple[GapEvidence, ...]:
    measures = {name: m for name, m in MEASURES.items() if grouping.can_measure(m)}
    return tuple(_gap(name, m, grouping, resampled, policy) for name, m in measures.items())


def _gap(name: str, measure: Measure, grouping: Grouping, resampled: Resampled, policy: Policy) -> GapEvidence:
    key = (grouping.columns, name)
    value = grouping.point(measure)
    found = grouping.interval(measure, Levels(policy.level, policy.level), seed=policy.seed)
    lowest, highest = _furthest(measure, grouping)
    gap = GapEvidence(
        name, grouping.columns, measure.convention, _known(value), _known(grouping.point(measure, everybody=True)),
        _known(float(found.low)), _known(float(found.high)), lowest=lowest, highest=highest, left_out=grouping.left_out(measure),
        not_measured=_why_not(measure, grouping) if np.isnan(value) else "", **_null(measure, value, resampled.null.get(key)),
    )  # fmt: skip
    drawn = resampled.candidate.get(key)
    if drawn is not None and not np.isnan(drawn).all():
        low, high = np.nanquantile(drawn, [policy.level, 1 - policy.level])
        gap = replace(gap, bootstrap_low=float(low), bootstrap_high=float(high))
    return _against_released(gap, measure, grouping, policy)


def _why_not(measure: Measure, grouping: Grouping) -> str:
    """Why a gap has no value."""
    few = min(int(grouping.judged(name).sum()) for name in measure.of)
    if few >= 2:
        return "Not defined for these groups, such as a ratio where nobody is selected."
    whose = {0: "No group has", 1: "Only one group has"}[few]
    return f"{whose} this rate from enough rows, and a gap takes two."


def _null(measure: Measure, value: float, drawn: Floats | None) -> Mapping[str, float | None]:
    """What chance alone gives; the observed labels count as one of the shuffles, so that p is never 0."""
    known = np.zeros(0) if drawn is None else drawn[~np.isnan(drawn)]
    if not len(known) or np.isnan(value):
        return {}
    as_far = known <= value + 1e-12 if measure.is_ratio else known >= value - 1e-12
    mean = float(known.mean())
    return {
        "null_mean": mean,
        "null_high": float(np.quantile(known, 0.05 if measure.is_ratio else 0.95)),
        "excess": value - mean,
        "p": (int(as_far.sum()) + 1) / (len(known) + 1),
    }


def _against_released(gap: GapEvidence, measure: Measure, grouping: Grouping, policy: Policy) -> GapEvidence:
    if gap.value is None or not paired.can_compare(grouping, measure):
        return gap
    released = grouping.point(measure, baseline=True)
    if np.isnan(released):
        return gap
    value = float(paired.rise(measure, np.array(gap.value), np.array(released)))
    found = paired.of(grouping, measure, Levels(policy.level, policy.level))
    return replace(
        gap, baseline=released, rise=value, rise_low=_known(float(found.low)), rise_high=_known(float(found.high))
    )


def _furthest(measure: Measure, grouping: Grouping) -> tuple[str, str]:
    """Names of the groups with the lowest and the highest first estimate; both of the furthest pair, for areas."""
    judged = np.flatnonzero(grouping.judged(measure.of[0]))
    if len(judged) < 2:
        return "", ""
    if measure.kind == "area":
        assert grouping.areas is not None  # noqa: S101  `can_measure` said so
        table = np.nan_to_num(grouping.areas.between[np.ix_(judged, judged)])
        one, other = np.unravel_index(table.argmax(), table.shape)
        return grouping.names[judged[one]], grouping.names[judged[other]]
    parts = grouping.values_of(measure)
    values = max((v[judged] for v in parts.values()), key=lambda v: np.nan_to_num(np.nanmax(v) - np.nanmin(v)))
    return grouping.names[judged[np.nanargmin(values)]], grouping.names[judged[np.nanargmax(values)]]


def _adjusted(groupings: Sequence[GroupingEvidence]) -> tuple[GroupingEvidence, ...]:
    raw = np.array([np.nan if gap.p is None else gap.p for g in groupings for gap in g.gaps])
    adjusted = iter(families.benjamini_hochberg(raw))
    return tuple(
        replace(g, gaps=tuple(replace(gap, p_adjusted=_known(float(next(adjusted)))) for gap in g.gaps))
        for g in groupings
    )


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
