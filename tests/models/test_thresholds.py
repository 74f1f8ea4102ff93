import numpy as np
import pytest

from models import thresholds
from models.thresholds import Cuts, HeldOutRows

GOALS = ("parity", "equal_opportunity")


def judged(rows=2000, seed=0, groups=3):
    """Groups whose scores lie ever higher, calibrated; the last rows belong to no group."""
    draw = np.random.default_rng(seed)
    code = draw.integers(-1, groups, rows)
    score = 1 / (1 + np.exp(-(draw.normal(size=rows) * 1.5 + code - 1)))
    return HeldOutRows(score, draw.uniform(size=rows) < score, draw.integers(1, 4, rows).astype(float), code)


def rates(rows, cuts, goal):
    kept = rows.is_positive if goal == "equal_opportunity" else np.ones(len(rows.score), bool)
    found = []
    for code, cut in enumerate(cuts):
        own = kept & (rows.code == code)
        found.append(np.average(rows.score[own] >= cut, weights=rows.weight[own]))
    return np.array(found)


def accuracy(rows, cuts):
    told = rows.code >= 0
    is_right = (rows.score >= np.array(cuts)[rows.code]) == rows.is_positive
    return np.average(is_right[told], weights=rows.weight[told])


@pytest.mark.parametrize("goal", GOALS)
@pytest.mark.parametrize("seed", range(5))
def test_thresholds_per_group_bring_the_rates_together(goal, seed):
    rows = judged(seed=seed)
    now = rates(rows, [0.5] * 3, goal)
    after = rates(rows, thresholds.per_group(rows, goal, 1.0, 0.5), goal)
    assert np.ptp(now) > 0.15
    assert np.ptp(after) < 0.02


@pytest.mark.parametrize("goal", GOALS)
def test_strength_is_the_share_of_the_gap_that_is_closed(goal):
    rows = judged(20_000)
    gaps = [np.ptp(rates(rows, thresholds.per_group(rows, goal, s, 0.5), goal)) for s in (0.0, 0.25, 0.5, 1.0)]
    assert np.array(gaps) / gaps[0] == pytest.approx([1, 0.75, 0.5, 0], abs=0.02)


def test_strength_0_decides_as_the_common_threshold_does():
    rows = judged()
    cuts = np.array(thresholds.per_group(rows, "parity", 0.0, 0.5))
    told = rows.code >= 0
    assert ((rows.score >= cuts[rows.code]) == (rows.score >= 0.5))[told].all()


@pytest.mark.parametrize("goal", GOALS)
def test_no_common_rate_is_tellably_more_accurate(goal):
    rows = judged()
    groups = [Cuts.of(rows.only(rows.code == code), goal) for code in range(3)]
    rivals = [
        accuracy(rows, [one.cut[one.nearest(np.array([r]))[0]] for one in groups]) for r in np.linspace(0, 1, 201)
    ]
    chosen = accuracy(rows, thresholds.per_group(rows, goal, 1.0, 0.5))
    assert max(rivals) - chosen < 0.02
    assert chosen > np.median(rivals)


def test_new_rows_of_the_same_kind_are_treated_nearly_alike():
    held_out, unseen = judged(6000, 1), judged(200_000, 2)
    after = rates(unseen, thresholds.per_group(held_out, "parity", 1.0, 0.5), "parity")
    assert after.min() / after.max() > 0.88


def test_cuts_count_what_they_would_decide():
    rows = judged(300)
    cuts = Cuts.of(rows, "parity")
    for place in (0, 1, len(cuts.cut) // 2, -1):
        is_selected = rows.score >= cuts.cut[place]
        assert cuts.rate[place] == pytest.approx(np.average(is_selected, weights=rows.weight))
        assert cuts.right[place] == pytest.approx(rows.weight[is_selected == rows.is_positive].sum())
        assert cuts.selected[place] == pytest.approx(rows.weight[is_selected].sum())


def test_nearest_finds_what_a_search_of_all_finds():
    cuts = Cuts.of(judged(50), "equal_opportunity")
    wanted = np.linspace(0, 1, 300)
    best = np.abs(cuts.rate[:, None] - wanted).min(0)
    assert np.abs(cuts.rate[cuts.nearest(wanted)] - wanted) == pytest.approx(best)


def one_value(rows, cut, strength):
    of_groups, told = rates(rows, [cut] * 3, "parity"), rows.only(rows.code >= 0)
    right = np.average((told.score >= cut) == told.is_positive, weights=told.weight)
    return right - strength * (1 - of_groups.min() / of_groups.max())


def test_one_threshold_gains_by_its_own_measure_and_selects_somebody():
    rows = judged(20_000)
    one = thresholds.one_for_all(rows, "parity", 0.5, 0.5)
    assert one_value(rows, one, 0.5) > one_value(rows, 0.5, 0.5) + 0.01
    assert one_value(rows, one, 0.5) >= max(one_value(rows, cut, 0.5) for cut in np.linspace(0.1, 0.8, 71)) - 0.01
    assert all((rows.score[rows.code == code] >= one).sum() >= thresholds.LEAST_SELECTED for code in range(3))


def test_one_threshold_hardly_ever_chases_chance():
    """Where no threshold changes the groups' true ratio, few tables of 100 make it move."""
    moved = 0
    for seed in range(100):
        draw = np.random.default_rng(seed)
        code = draw.integers(0, 2, 1500)
        is_scored = draw.uniform(size=1500) < np.where(code == 1, 0.3, 0.1)
        score = np.where(is_scored, draw.uniform(0.4, 1, 1500), 0.0)
        rows = HeldOutRows(score, draw.uniform(size=1500) < score, np.ones(1500), code)
        moved += thresholds.one_for_all(rows, "parity", 1.0, 0.5) != 0.5
    assert moved <= 5


def test_one_threshold_stays_where_nobody_can_be_judged():
    few = judged(60)
    assert thresholds.one_for_all(few, "parity", 1.0, 0.37) == 0.37


def test_selecting_gives_the_share_that_was_asked_for():
    rows = judged()
    cuts = thresholds.selecting(np.array([0.1, 0.5, 1.0]), rows.score, rows.weight)
    shares = [np.average(rows.score >= cut, weights=rows.weight) for cut in cuts]
    assert shares == pytest.approx([0.1, 0.5, 1.0], abs=0.002)


def test_the_most_accurate_threshold_stays_inside_its_shares():
    rows = judged()
    cut = thresholds.most_accurate(rows, 0.05, 0.1)
    assert 0.05 <= np.average(rows.score >= cut, weights=rows.weight) <= 0.1
