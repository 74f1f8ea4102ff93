"""The bootstrap draws whole keys and shuffles deal labels out among keys: five rows per key raise no more false alarms than stated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sluicegate.fairness import calibration, groups, keyed_draws, proof, rates
from sluicegate.fairness.estimates import Floors
from sluicegate.fairness.gaps import MEASURES
from sluicegate.fairness.keyed_draws import KeyedCells, Kinds
from sluicegate.fairness.moments import add_up
from sluicegate.fairness.resampling import Resampled, null_means, resample
from sluicegate.fairness.rows import OneClass, Rows, groupings, one_class, regression
from tests.sluicegate.fairness.test_clusters import keyed

RUNS, KEYS = 200, 120
LEVEL = 0.05
ALLOWED = LEVEL + 3.1 * (LEVEL * (1 - LEVEL) / RUNS) ** 0.5


def part_of(rows: Rows) -> OneClass:
    finest = groups.intersect(rows.sensitive)
    return regression(rows, finest) if rows.task == "regression" else one_class(rows, "yes", finest)


def resampled(rows: Rows, draws: int = 200) -> Resampled:
    part = part_of(rows)
    made = [replace(one, areas=None) for one in groupings(part, [("sex",)], Floors())]
    return resample(part.joint, made, draws, 0, part.keyed_cells)


def world(seed: int, kind: str = "even") -> Rows:
    """No group is treated otherwise.  kind : even or uneven numbers of rows, groups that change within a key, weights, a regression."""
    rows = keyed(seed, keys=KEYS, even=kind != "uneven")
    rng = np.random.default_rng([seed, 1])
    if kind == "mixed":
        sex = rows.sensitive[0]
        codes = np.where(rng.random(len(sex.codes)) < 0.15, 1 - sex.codes, sex.codes)
        return replace(rows, sensitive=(replace(sex, codes=codes),))
    if kind == "weights":
        assert rows.cluster is not None
        return replace(rows, weight=rng.uniform(0.5, 2, KEYS)[rows.cluster])
    if kind == "regression":
        return replace(rows, task="regression", classes=(), label=rows.label + 0.0, decision=None, scores=rows.scores[:, 1:],
                       baseline_decision=None, baseline_scores=None)  # fmt: skip
    return rows


def p_of(rows: Rows, measure: str, seed: int) -> float:
    """As fairness.describe has it, of 100 shuffles."""
    part = part_of(rows)
    made = [replace(one, areas=None) for one in groupings(part, [("sex",)], Floors())]
    drawn = resample(part.joint, made, 100, seed, part.keyed_cells).null[("sex",), measure]
    return float(((drawn >= made[0].point(MEASURES[measure]) - 1e-12).sum() + 1) / (len(drawn) + 1))


@pytest.mark.parametrize("kind", ["even", "uneven", "mixed", "weights", "regression"])
def test_shuffles_find_a_gap_that_is_none_no_more_often_than_their_p_says(kind: str) -> None:
    measures = ["score_difference"] if kind == "regression" else ["demographic_parity_difference", "score_difference"]
    runs = [world(seed, kind) for seed in range(RUNS)]
    for measure in measures:
        by_key, by_row = (
            float(np.mean([p_of(one, measure, seed) <= LEVEL for seed, one in enumerate(rows)]))
            for rows in (runs, [replace(one, cluster=None) for one in runs])
        )
        print(f"{kind:10} {measure:30} p <= 0.05 by key {by_key:.3f}, by row {by_row:.3f}, allowed {ALLOWED:.3f}")
        assert by_key <= ALLOWED
        # Where groups change within a key, rows of a key are in several groups, and their likeness cancels.
        assert by_row > (0.5 if kind == "mixed" else 1.5) * ALLOWED


@pytest.mark.parametrize("kind", ["even", "uneven"])
def test_the_bootstrap_draws_whole_keys(kind: str) -> None:
    """Its percentile interval of the difference of two rates, which is no largest one, misses 0 about as often as it says."""
    missed = {"key": 0, "row": 0}
    for seed in range(RUNS):
        rows = world(seed, kind)
        part = part_of(rows)
        cells = part.keyed_cells
        assert cells is not None
        alone = replace(cells, cluster=np.arange(len(rows.label)))
        for name, one in (("key", cells), ("row", alone)):
            rng = np.random.default_rng(seed)
            drawn = np.concatenate(list(keyed_draws.tables(Kinds.of(one, rng), 300, rng)))
            rate = rates.value(drawn, "selection_rate")
            low, high = np.quantile(rate[:, 0] - rate[:, 1], [LEVEL / 2, 1 - LEVEL / 2])
            missed[name] += int(not low <= 0 <= high)
    print(f"{kind}: missed of {RUNS} {missed}")
    assert missed["key"] <= ALLOWED * RUNS
    assert missed["row"] > 2 * ALLOWED * RUNS


def test_the_printed_bootstrap_is_the_one_by_key() -> None:
    """As wide as that of one row per key, and not of five."""
    rows = keyed(2, keys=500, per=1)
    five = replace(
        rows,
        **{
            name: np.repeat(getattr(rows, name), 5, axis=0)
            for name in ("label", "decision", "scores", "baseline_decision", "baseline_scores", "cluster")
        },
        sensitive=(replace(rows.sensitive[0], codes=np.repeat(rows.sensitive[0].codes, 5)),),
    )
    for name in ("demographic_parity_difference", "score_difference"):
        key = (("sex",), name)
        alone, by_key, by_row = (
            float(np.std(resampled(one, 2000).candidate[key]))
            for one in (replace(rows, cluster=None), five, replace(five, cluster=None))
        )
        assert by_key == pytest.approx(alone, rel=0.1)
        assert by_row < 0.6 * alone


def test_more_kinds_of_keys_than_fit_are_put_together_without_losing_their_spread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cells = part_of(keyed(3, keys=2000, even=False)).keyed_cells
    assert cells is not None

    def spread() -> np.ndarray:
        rng = np.random.default_rng(0)
        drawn = np.concatenate(list(keyed_draws.tables(Kinds.of(cells, rng), 2000, rng)))
        return np.asarray(rates.value(drawn, "selection_rate").std(0))

    exact = spread()
    monkeypatch.setattr(keyed_draws, "MOST_UNITS", 200)
    np.testing.assert_allclose(spread(), exact, rtol=0.15)


def test_a_draw_and_a_shuffle_hold_all_keys() -> None:
    cells = KeyedCells(
        np.array([0, 0, 1, 2, 2, 2]), np.array([0, 0, 1, 1, 1, 0]), np.array([0, 3, 1, 2, 2, 5]), np.arange(1.0, 7.0), 2
    )
    kinds = Kinds.of(cells, np.random.default_rng(0))
    assert kinds.table.sum() == 21
    plain = Kinds.of(replace(cells, weight=None), np.random.default_rng(0))
    assert (plain.table * plain.number[:, None]).sum() == 6
    found = keyed_draws.shuffled(cells, 50, np.random.default_rng(0))
    assert (found.rows.sum((1, 2, 3)) == 6).all()
    assert (found.weight.sum((1, 2, 3)) == 21).all()
    assert (found.weight.sum(1) == found.weight[0].sum(0)).all()


def test_the_proof_shuffles_keys_and_judges_by_key() -> None:
    rows = keyed(4, keys=300, alike=0.9)
    part = part_of(rows)
    by_key = list(groupings(part, [("sex",)], Floors()))
    by_row = [replace(one, clustered=None) for one in by_key]
    found, of_rows = (
        {row.measure: row for row in proof.prove(part.joint, made, 0.025, 0, keyed=part.keyed_cells)}
        for made in (by_key, by_row)  # type: ignore[arg-type]
    )
    measure = "demographic_parity_difference"
    print({name: (row.false_refusals, of_rows[name].false_refusals) for name, row in found.items()})
    assert all(row.false_refusals <= row.highest_allowed for row in found.values())
    assert of_rows[measure].false_refusals > 2 * of_rows[measure].highest_allowed


def test_calibration_by_key() -> None:
    missed = {"key": 0, "row": 0}
    rng = np.random.default_rng(5)
    who = np.repeat(np.arange(KEYS), 5)
    for _ in range(RUNS):
        score = rng.uniform(0.2, 0.8, KEYS)[who]
        is_positive = (rng.random(KEYS)[who] < score) & (rng.random(len(who)) < 1)
        for name, cluster in (("key", who), ("row", None)):
            found = calibration.calibrate(is_positive, score, rng, None, cluster)
            missed[name] += int(abs(found.gap) > 1.96 * found.gap_error)
    assert missed["key"] <= ALLOWED * RUNS
    assert missed["row"] > 2 * ALLOWED * RUNS


def test_shuffled_means_of_independent_rows_are_as_far_apart_as_real_shuffles_make_them() -> None:
    rng = np.random.default_rng(6)
    score, codes = rng.normal(size=300), rng.choice(3, 300, p=[0.5, 0.3, 0.2])
    drawn = null_means(add_up(codes, score), 4000, rng)
    real = np.array(
        [[score[one == group].mean() for group in range(3)] for one in (rng.permutation(codes) for _ in range(4000))]
    )
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(real.T), atol=0.2 * real.var(0).min())
