"""The figures that the project promises: fair models are not refused, intervals cover, weights are rows, draws are cheap."""

import time
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.fairness import made_up
from schemas.fairness_evidence import ProofRow
from schemas.verdict import Status, Verdict
from sluicegate.fairness import bootstrap, bounds, changes, counts, groups, null, paired, proof
from sluicegate.fairness.audit import with_proof
from sluicegate.fairness.counts import Counts, JointCounts
from sluicegate.fairness.estimates import Floors, Grouping, of_shares
from sluicegate.fairness.gaps import MEASURES, gap
from sluicegate.fairness.rates import rate
from sluicegate.fairness.resampling import gaps_of, resample
from sluicegate.fairness.rows import Rows, groupings, one_class, regression
from sluicegate.stats.interval import Levels
from tests.sluicegate.fairness import adult

LEVELS = Levels(0.025, 0.025)
ALLOWED = 0.05 + 2 * (0.05 * 0.95 / 400) ** 0.5
#: Limits at which noise alone lies beyond, and the four-fifths rule.
HARD = (0.0, 0.005, 0.02)
TABLES = ["adult", "adult weighted", "other sizes"]


def table(name: str) -> Rows:
    if name == "other sizes":
        sizes = (np.array([0.97, 0.03]), np.array([300, 200, 60, 20, 8, 4, 2, 2, 2, 2.0]))
        return made_up(20_000, sizes, seed=1)
    rows = adult.rows(weighted="weighted" in name)
    return replace(rows, sensitive=rows.sensitive[:2])


def uneven(rows: int) -> np.ndarray:
    """Weights that cost nearly half of the rows."""
    return np.random.default_rng(9).lognormal(0, 0.8, rows)


def grouped(rows: Rows, depth: int = 2) -> tuple[counts.JointCounts, tuple[Grouping, ...]]:
    part = one_class(rows, rows.classes[-1], groups.intersect(rows.sensitive))
    assert part.joint is not None
    return part.joint, tuple(groupings(part, groups.combinations(rows.columns, depth), Floors()))


@pytest.mark.parametrize("name", TABLES)
def test_fair_models_are_hardly_ever_refused(name: str) -> None:
    joint, made = grouped(table(name))
    asked = [
        (g.columns, m, limit)
        for g in made
        for m in ("demographic_parity_difference", "equal_opportunity_difference")
        for limit in HARD
    ]
    rows = list(proof.prove(joint, made, LEVELS.near, seed=0, asked=asked))
    for row in rows:
        print(
            f"{name:15} {' x '.join(row.of):10} {row.measure:30} {row.limit:<6g} FAILED {row.false_refusals:.3f} "
            f"UNKNOWN {row.unknown:.3f} PASSED {row.passed:.3f} point value alone {row.raw_refusals:.3f}"
        )
    assert len(rows) == 3 * (5 + 2 * 2)
    assert all(row.shuffles == 400 for row in rows)
    assert max(row.false_refusals for row in rows) <= ALLOWED
    # The gate can tell something: it is not by saying nothing that it is never wrong.
    assert max(row.false_refusals for row in rows) > 0
    four_fifths = {row.of: row for row in rows if row.measure == "demographic_parity_ratio"}
    assert four_fifths[made[-1].columns].raw_refusals > 0.9
    assert four_fifths[made[0].columns].passed > 0.5


def test_shuffled_counts_are_what_shuffled_rows_give() -> None:
    """The same mean and spread of the gaps, with weights that go along with the decision."""
    rows = table("adult")
    rows = replace(rows, weight=uneven(len(rows.label)) * np.where(rows.decision == 1, 3.0, 1.0))
    joint, made = grouped(rows)
    dealt = null.shuffled(joint.candidate(), 400, np.random.default_rng(0))
    rng, finest = np.random.default_rng(1), groups.intersect(rows.sensitive)
    real = []
    for _ in range(400):
        again = counts.count(rng.permutation(finest.codes), rows.label, rows.decision == 1, rows.weight)
        real.append(again.candidate())
    for grouping in made:
        drawn = gaps_of(dealt.merged(grouping.parents, len(grouping.rows)).weight, grouping)
        merged = [one.merged(grouping.parents, len(grouping.rows)).weight for one in real]
        expected = gaps_of(np.stack(merged), grouping)
        for name in ("demographic_parity_difference", "equalized_odds_sum", "demographic_parity_ratio"):
            assert drawn[name].mean() == pytest.approx(expected[name].mean(), rel=0.08)
            assert drawn[name].std() == pytest.approx(expected[name].std(), rel=0.15)


@pytest.mark.parametrize("weighted", [False, True])
def test_bootstrap_draws_are_what_drawn_rows_give(weighted: bool) -> None:
    rows = adult.rows()
    rows = replace(rows, weight=uneven(len(rows.label)) if weighted else None)
    joint, made = grouped(replace(rows, sensitive=rows.sensitive[:2]))
    found = resample(joint, made, 1000, seed=0)
    rng, finest = np.random.default_rng(1), groups.intersect(rows.sensitive[:2])
    real: list[float] = []
    name, grouping = "demographic_parity_difference", made[1]
    for _ in range(300):
        some = rng.integers(0, len(rows.label), len(rows.label))
        weight = None if rows.weight is None else rows.weight[some]
        again = counts.count(finest.codes[some], rows.label[some], rows.decision[some] == 1, weight).candidate()
        real.append(float(gaps_of(_padded(again, 10).merged(grouping.parents, 5).weight, grouping)[name]))
    drawn = found.candidate[grouping.columns, name]
    assert drawn.mean() == pytest.approx(np.mean(real), abs=0.2 * np.std(real))
    assert drawn.std() == pytest.approx(np.std(real), rel=0.15)


def _padded(found: Counts, number: int) -> Counts:
    """A draw may miss the last group."""
    more = [(0, number - found.rows.shape[0]), (0, 0), (0, 0)]
    return Counts(*(np.pad(t, more) for t in (found.rows, found.weight, found.weight2)))


#: Rows, base rate, true and false positive rate of each group. With two groups no end has an error to share, and is nearly exact.
WORLDS = {
    "four": ([60, 150, 900, 4000], [0.3, 0.2, 0.25, 0.35], [0.5, 0.7, 0.6, 0.65], [0.1, 0.05, 0.08, 0.06]),
    "two": ([800, 4000], [0.3, 0.35], [0.5, 0.7], [0.2, 0.1]),
}


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize(
    "measure",
    [
        "demographic_parity_difference",
        "equal_opportunity_difference",
        "equalized_odds_difference",
        "equalized_odds_sum",
        "demographic_parity_ratio",
    ],
)
def test_intervals_cover_the_true_gap(measure: str, world: str) -> None:
    """Groups of very different sizes and known rates; each end misses at most one time in forty."""
    rng, trials = np.random.default_rng(3), 1000
    sizes, base, tpr, fpr = (np.array(column) for column in WORLDS[world])
    groups_, m = len(sizes), MEASURES[measure]
    truth = np.stack([(1 - base) * (1 - fpr), (1 - base) * fpr, base * (1 - tpr), base * tpr], -1)
    drawn = np.stack([rng.multinomial(n, p, size=trials) for n, p in zip(sizes, truth, strict=True)], 1)
    tables, exact = (_known_labels(t.reshape(*t.shape[:-1], 2, 2).astype(float)) for t in (drawn, truth))
    judged, everybody = np.ones((trials, groups_), bool), np.ones(groups_, bool)
    found = bounds.interval(m, {of: of_shares(tables, of, judged) for of in m.of}, everybody, LEVELS)
    values = {of: rate(exact, of).value for of in m.of}
    true = float(gap(m, values, dict.fromkeys(m.of, everybody), everybody))
    above, below = (found.low > true).mean(), (found.high < true).mean()
    print(world, measure, "misses", above, below, "mean width", (found.high - found.low).mean())
    assert max(above, below) <= 0.025 + 2 * (0.025 * 0.975 / trials) ** 0.5


def _known_labels(table: np.ndarray) -> Counts:
    whole = np.concatenate([table, np.zeros((*table.shape[:-2], 1, 2))], -2)
    return Counts(whole, whole, whole)


def test_nobody_selected_has_no_ratio() -> None:
    tables = _known_labels(np.array([[[900.0, 0.0], [100.0, 0.0]]] * 3))
    share = of_shares(tables, "selection_rate", np.ones(3, bool))
    found = bounds.interval(MEASURES["impact_ratio"], {"selection_rate": share}, np.ones(3, bool), LEVELS)
    assert np.isnan([found.low, found.high]).all()


def test_small_groups_with_long_tails_are_not_refused() -> None:
    """Means and areas of a lognormal value, the same in all groups: Student's own limits refused 23 of 200 such tables."""
    sizes = [40, 60, 60, 90, 250, 700, 4000]
    group = groups.of_texts("g", np.repeat(np.arange(len(sizes)), sizes), list("abcdefg"))
    rng, refused = np.random.default_rng(5), {"abcc": 0, "score_difference": 0}
    for trial in range(80):
        value = rng.lognormal(0, 1.2, sum(sizes))
        rows = Rows("regression", (), value, None, value[:, None], (group,))
        (one,) = groupings(regression(rows, group), [("g",)], Floors())
        for name in refused:
            refused[name] += float(one.interval(MEASURES[name], LEVELS, seed=trial).low) > 0
    assert max(refused.values()) / 80 <= 0.05 + 2 * (0.05 * 0.95 / 80) ** 0.5, refused


#: Rows of each group, selection rates of the candidate and of the released model.
RISES = {
    "fair released, rise .10": ([200] * 2, [0.55, 0.45], [0.5, 0.5]),
    "fair released, rise .03": ([2000] * 2, [0.515, 0.485], [0.5, 0.5]),
    "fair released, rise .30, ten groups": ([60] * 10, [0.65, *[0.5] * 8, 0.35], [0.5] * 10),
    "fair released, rise .15, six groups": ([100] * 6, [0.575, *[0.5] * 4, 0.425], [0.5] * 6),
    "equally good, gap .10": ([200] * 2, [0.55, 0.45], [0.55, 0.45]),
    "equally fair": ([300, 1500, 6000], [0.2] * 3, [0.2] * 3),
    "released worse by .10": ([200] * 2, [0.5, 0.5], [0.55, 0.45]),
    "released worse by .30, ten groups": ([60] * 10, [0.5] * 10, [0.65, *[0.5] * 8, 0.35]),
    "the gap turns round": ([500] * 2, [0.45, 0.55], [0.55, 0.45]),
    "few rows, far apart in size": ([60, 5000], [0.6, 0.5], [0.5, 0.5]),
}


def both_answer(sizes: list[int], mine: list[float], before: list[float], alike: float, trials: int) -> JointCounts:
    """Decisions of two models on positives.  alike : share of the rows where both look at the same coin."""
    rng, table = np.random.default_rng(4), np.zeros((trials, len(sizes), 3, 2, 2))
    for place, (rows, one, other) in enumerate(zip(sizes, mine, before, strict=True)):
        same = np.array([[1 - max(one, other), max(other - one, 0)], [max(one - other, 0), min(one, other)]])
        free = np.outer([1 - one, one], [1 - other, other])
        shares = alike * same + (1 - alike) * free
        table[:, place, 1] = rng.multinomial(rows, shares.ravel(), size=trials).reshape(trials, 2, 2)
    return JointCounts(table, table, table)


@pytest.mark.parametrize("alike", [0.0, 0.9])
@pytest.mark.parametrize("world", RISES)
@pytest.mark.parametrize(
    "measure", ["equal_opportunity_difference", "demographic_parity_ratio", "equalized_odds_difference"]
)
def test_limits_of_a_rise_cover_it(measure: str, world: str, alike: float) -> None:
    """The percentile bootstrap of the rise missed 9 to 83 % where one of the models is fair and the other is not."""
    trials, (sizes, mine, before) = 500, RISES[world]
    joint, m = both_answer(sizes, mine, before, alike, trials), MEASURES[measure]
    if "fpr" in m.of:  # the same rates among the negatives, drawn by themselves
        negatives = both_answer(sizes, before, mine, alike, trials).rows[..., 1, :, :]
        joint = JointCounts(*[np.stack([negatives, joint.rows[..., 1, :, :], 0 * negatives], -3)] * 3)
        mine = before = [max(np.ptp(mine), np.ptp(before)), 0.0]
    judged, everybody = np.ones((trials, len(sizes)), bool), np.ones(len(sizes), bool)
    found = paired.interval(m, [changes.of_shares(joint, of, judged) for of in m.of], everybody, LEVELS)
    gaps = [min(rates) / max(rates) if m.is_ratio else np.ptp(rates) for rates in (mine, before)]
    true = float(paired.rise(m, np.array(gaps[0]), np.array(gaps[1])))
    above, below = (found.low > true + 1e-9).mean(), (found.high < true - 1e-9).mean()
    print(measure, world, alike, "misses", above, below, "mean", found.low.mean(), found.high.mean())
    assert max(above, below) <= 0.025 + 2 * (0.025 * 0.975 / trials) ** 0.5


@pytest.mark.parametrize(
    ("mine", "before"), [([0.0, 0.5], [0.0, 0.0]), ([0.0, 0.5], [0.0, 0.5]), ([0.0, 0.0], [0.0, 0.5])]
)
def test_limits_of_a_rise_of_means_cover_it(mine: list[float], before: list[float]) -> None:
    rng, misses, trials = np.random.default_rng(5), np.zeros(2), 300
    codes, m = np.repeat([0, 1], [80, 300]), MEASURES["score_difference"]
    group = groups.of_texts("g", codes, ["a", "b"])
    for _ in range(trials):
        shared = rng.normal(0, 1, len(codes))
        x, y = (np.array(means)[codes] + shared + rng.normal(0, 0.3, len(codes)) for means in (mine, before))
        rows = Rows("regression", (), x, None, x[:, None], (group,), baseline_scores=y[:, None])
        (one,) = groupings(regression(rows, group), [("g",)], Floors())
        found, true = paired.of(one, m, LEVELS), np.ptp(mine) - np.ptp(before)
        misses += [float(found.low) > true, float(found.high) < true]
    assert (misses / trials).max() <= 0.025 + 2 * (0.025 * 0.975 / trials) ** 0.5


def test_many_like_rows_tell_a_small_rise() -> None:
    """It is not by saying nothing that the limits are right: census' own sizes, nearly all rows answered alike."""
    joint = both_answer([590, 3100], [0.53, 0.61], [0.53, 0.61], 0.97, 400)
    made = [changes.of_shares(joint, "tpr", np.ones((400, 2), bool))]
    found = paired.interval(MEASURES["equal_opportunity_difference"], made, np.ones(2, bool), LEVELS)
    assert (found.high < 0.05).mean() > 0.9


def test_whole_weights_are_replicated_rows() -> None:
    """Every point value; the intervals differ, since a copied row is no new person (Kish)."""
    rows = adult.rows()
    times = np.random.default_rng(0).integers(1, 4, len(rows.label))
    copied = np.repeat(np.arange(len(times)), times)
    both = []
    for some, weight in ((np.arange(len(times)), times.astype(float)), (copied, None)):
        sensitive = tuple(
            groups.of_texts(p.columns[0], p.codes[some], [v[0] for v in p.values]) for p in rows.sensitive
        )
        part = replace(
            rows,
            label=rows.label[some],
            decision=rows.decision[some],
            scores=rows.scores[some],
            sensitive=sensitive,
            weight=weight,
        )
        both.append(grouped(part, depth=3)[1])
    for weighted, plain in zip(*both, strict=True):
        for name, m in MEASURES.items():
            if weighted.can_measure(m):
                assert weighted.point(m, everybody=True) == pytest.approx(plain.point(m, everybody=True), abs=1e-12), (
                    name
                )
        wide, narrow = (g.interval(MEASURES["demographic_parity_difference"], LEVELS) for g in (weighted, plain))
        assert wide.high - wide.low > narrow.high - narrow.low


#: Rows, share of rows selected, weight of the selected (1 of the others) of each group.
INFORMATIVE = {
    "fair, 3 times": ([2000, 2000], [0.05, 0.05], 3.0),
    "fair, 10 times": ([2000, 2000], [0.02, 0.02], 10.0),
    "fair, five groups": ([300] * 5, [0.05] * 5, 5.0),
    "fair, one often without anybody selected": ([100, 2000], [0.02, 0.02], 10.0),
    "apart, 3 times": ([2000, 2000], [0.02, 0.1], 3.0),
    "apart, 5 times": ([2000, 2000], [0.05, 0.02], 5.0),
    "fair, others 3 times": ([2000, 2000], [0.95, 0.95], 1 / 3),
}


@pytest.mark.parametrize("world", INFORMATIVE)
def test_intervals_cover_where_weights_go_along_with_the_outcome(world: str) -> None:
    """Kish's number of rows alone: near ends of fair models missed 12 to 27 %, far ends 8 to 10 %."""
    trials, (sizes, share, weight) = 1000, INFORMATIVE[world]
    drawn = np.random.default_rng(3).binomial(sizes, share, (trials, len(sizes)))
    rows = np.zeros((trials, len(sizes), 3, 2))
    rows[..., 2, 1], rows[..., 2, 0] = drawn, np.array(sizes) - drawn
    factor = np.array([1.0, weight])
    tables = Counts(rows, rows * factor, rows * factor**2)
    judged, selected = np.ones(drawn.shape, bool), np.array(share) * weight
    m = MEASURES["demographic_parity_difference"]
    found = bounds.interval(m, {"selection_rate": of_shares(tables, "selection_rate", judged)}, judged[0], LEVELS)
    true = np.ptp(selected / (selected + 1 - np.array(share)))
    above, below = (found.low > true + 1e-12).mean(), (found.high < true - 1e-12).mean()
    print(world, "misses", above, below, "mean width", (found.high - found.low).mean())
    assert max(above, below) <= 0.025 + 2 * (0.025 * 0.975 / trials) ** 0.5


def test_a_proof_that_did_not_hold_is_said_in_the_verdict() -> None:
    row = ProofRow(("sex", "race"), "impact_ratio", 0.8, 9, 400, 0.12, 0.5, 0.38, 0.0718, 0.9)
    verdict = with_proof(
        Verdict("fairness", Status.FAILED, detail="Refused."), [replace(row, false_refusals=0.07), row]
    )
    assert verdict.detail == (
        "Refused. Of 400 models made fair by shuffling the groups of sex x race, impact_ratio at 0.8 refused 12.0 %, where 7.2 % are allowed: "
        "its refusals cannot be trusted on these rows."
    )
    assert with_proof(Verdict("fairness", Status.PASSED), [replace(row, false_refusals=0.0718)]).detail == ""


def test_effective_rows_are_kishs_or_fewer() -> None:
    rows = adult.rows(weighted=True)
    _, made = grouped(rows)
    assert made[0].counts is not None
    for place, value in enumerate(made[0].values):
        code = rows.sensitive[0].values.index(value)
        w = rows.weight[(rows.sensitive[0].codes == code) & (rows.label == 1)]
        hit = (rows.decision == 1)[(rows.sensitive[0].codes == code) & (rows.label == 1)]
        p = w[hit].sum() / w.sum()
        seen = p * (1 - p) / ((w**2 * (hit - p) ** 2).sum() / w.sum() ** 2)
        found = rate(made[0].counts, "tpr").effective[place]
        assert found == pytest.approx(min(seen, w.sum() ** 2 / (w**2).sum()), rel=1e-9)
        assert rate(made[0].counts, "tpr").rows[place] == len(w)


def test_equal_weights_change_nothing() -> None:
    rows = adult.rows()
    joint, plain = grouped(rows)
    same_joint, same = grouped(replace(rows, weight=np.full(len(rows.label), 7.0)))
    for one, other in zip(plain, same, strict=True):
        for name in ("equalized_odds_difference", "impact_ratio", "score_difference"):
            ends = [(float(i.low), float(i.high)) for i in (g.interval(MEASURES[name], LEVELS) for g in (one, other))]
            assert ends[0] == pytest.approx(ends[1], abs=1e-9)
    drawn = [resample(j, g, 1000, 0) for j, g in ((joint, plain), (same_joint, same))]
    key = (("sex",), "demographic_parity_difference")
    assert drawn[0].candidate[key] == pytest.approx(drawn[1].candidate[key], abs=1e-12)


def test_ten_thousand_draws_cost_less_than_a_hundred_naive_ones() -> None:
    """1,400,000 rows, 3 attributes and all intersections. The promise is under 2 s; the ratio holds on a busy machine, too."""
    rows = made_up(1_400_000, (np.ones(2), np.array([0.8, 0.1, 0.06, 0.03, 0.01]), np.ones(4)))
    began = time.perf_counter()
    finest = groups.intersect(rows.sensitive)
    joint = counts.count(finest.codes, rows.label, rows.decision == 1)
    counted = time.perf_counter() - began
    part = one_class(rows, "yes", finest)
    made = tuple(groupings(part, groups.combinations(rows.columns, 3), Floors()))
    assert (len(made), bootstrap.affordable(10_000, joint.rows.size)) == (7, 10_000)
    began = time.perf_counter()
    found = resample(joint, made, 10_000, 0)
    for grouping in made:
        for m in MEASURES.values():
            if m.of != ("scores",):
                grouping.interval(m, LEVELS)
    audited = time.perf_counter() - began
    began = time.perf_counter()
    naive = 3
    for trial in range(naive):
        some = np.random.default_rng(trial).integers(0, len(rows.label), len(rows.label))
        again = counts.count(finest.codes[some], rows.label[some], rows.decision[some] == 1).candidate()
        for grouping in made:
            gaps_of(again.merged(grouping.parents, len(grouping.rows)).weight, grouping)
    one_naive = (time.perf_counter() - began) / naive
    print(f"counts {counted:.3f} s, audit of 10,000 draws {audited:.2f} s, one naive draw {one_naive:.3f} s")
    assert all(len(values) == 10_000 for values in found.candidate.values())
    assert audited < 100 * one_naive
