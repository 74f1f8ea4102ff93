"""Event rates under a changing weight: exact properties, and false alarms and delays in seeded simulations (issue 15's figures)."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from sluicegate.stats.sequential import event_rates, evidence, split_ratio
from sluicegate.stats.sequential.event_rates import Events, confidence_limits, log_e_above, log_e_below

ALPHA = 0.05
LOOKS = 400
RAMP = np.repeat([0.01, 0.05, 0.25, 0.5], LOOKS // 4)


def events(weight, canary, stable):
    return Events(*(np.atleast_1d(np.asarray(part, np.float64)) for part in (weight, canary, stable)))


def test_with_no_events_nothing_is_known():
    nothing = events([0.1, 0.5], [0, 0], [0, 0])
    assert float(log_e_above(nothing, 0.0)) == pytest.approx(0.0, abs=1e-12)
    assert confidence_limits(nothing, ALPHA) == (-math.inf, math.inf)


@given(
    st.lists(
        st.tuples(st.sampled_from([0.01, 0.1, 0.5]), st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=8
    ),
    st.randoms(),
)
@settings(max_examples=50, deadline=None)
def test_neither_the_order_nor_the_pieces_matter(pieces, random):
    shuffled = random.sample(pieces, len(pieces))
    by_weight = {w: (0, 0) for w, _, _ in pieces}
    for w, c, s in pieces:
        by_weight[w] = (by_weight[w][0] + c, by_weight[w][1] + s)
    merged = [(w, c, s) for w, (c, s) in by_weight.items()]
    found = [float(log_e_above(events(*zip(*some, strict=True)), 0.2)) for some in (pieces, shuffled, merged)]
    assert found == pytest.approx([found[0]] * 3, abs=1e-9)


@given(st.integers(0, 60), st.integers(0, 60), st.sampled_from([0.05, 0.3, 0.5]))
@settings(max_examples=40, deadline=None)
def test_a_stricter_level_has_the_wider_interval(canary, stable, weight):
    seen = events(weight, canary, stable)
    (low, high), (wider_low, wider_high) = confidence_limits(seen, 0.05), confidence_limits(seen, 0.01)
    assert wider_low <= low
    assert high <= wider_high


def test_swapping_the_versions_mirrors_the_answer():
    one, other = events(0.2, 30, 40), events(0.8, 40, 30)
    assert float(log_e_above(one, 0.3)) == pytest.approx(float(log_e_below(other, -0.3)), abs=1e-9)
    # A tool that mixes the versions up calls the better one worse: this canary has six times its share of the events.
    assert float(log_e_above(events(0.1, 60, 90), 0.0)) > math.log(1 / ALPHA)
    assert float(log_e_above(events(0.1, 1, 149), 0.0)) < 0


def test_the_fixed_weight_is_the_marginal_likelihood_of_its_prior():
    from scipy import integrate, stats

    weight, canary, stable = 0.2, 7, 9
    prior = stats.beta(20 * weight, 20 * (1 - weight))
    whole = integrate.quad(lambda p: prior.pdf(p) * p**canary * (1 - p) ** stable, 0, 1)[0]
    expected = math.log(whole / (weight**canary * (1 - weight) ** stable))
    found = float(event_rates.log_e_fixed_weight(np.array([canary]), np.array([stable]), weight)[0])
    assert found == pytest.approx(expected, rel=1e-6)


def counts(rng, rate, worse, weight, requests):
    """(looks,) events of canary and stable, request by request drawn at once.  rate, weight : (looks,)."""
    routed = rng.binomial(requests, weight)
    return rng.binomial(routed, np.minimum(rate * worse, 1)), rng.binomial(requests - routed, rate)


def path(canary, stable, weight, null=0.0):
    """(looks,) log E after each look, by the definition and at once."""
    step = event_rates._STEPS
    odds = special.logit(weight)[:, None] + null + np.concatenate([[0.0], step])
    seen = np.cumsum(canary[:, None] * special.log_expit(odds) + stable[:, None] * special.log_expit(-odds), axis=0)
    return evidence.log_mixture(seen[:, 1:] - seen[:, :1], event_rates._LOG_WEIGHTS)


def first_alarms(runs, rate, worse, weight, *, requests, seed, null=0.0):
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(runs):
        hit = np.flatnonzero(path(*counts(rng, rate, worse, weight, requests), weight, null) >= math.log(1 / ALPHA))
        found.append((hit[0] + 1) * requests if len(hit) else math.inf)
    return np.array(found)


def test_the_quick_path_is_the_function():
    rng = np.random.default_rng(0)
    canary, stable = counts(rng, np.full(LOOKS, 0.02), 1.5, RAMP, 200)
    whole = float(log_e_above(events(RAMP, canary, stable), 0.1))
    assert path(canary, stable, RAMP, 0.1)[-1] == pytest.approx(whole, abs=1e-9)


NO_HARM = {
    "steady": (np.full(LOOKS, 0.01), np.full(LOOKS, 0.1)),
    "rare": (np.full(LOOKS, 0.001), np.full(LOOKS, 0.05)),
    "ramp": (np.full(LOOKS, 0.01), RAMP),
    "ramp while the rate of both rises eightfold": (np.repeat([0.002, 0.004, 0.008, 0.016], LOOKS // 4), RAMP),
    "noise that both share": (0.01 * np.exp(np.random.default_rng(5).normal(0, 0.7, LOOKS)), RAMP),
}


@pytest.mark.parametrize("world", NO_HARM)
def test_a_fair_canary_is_refused_in_alpha_of_the_rollouts_at_most(world):
    rate, weight = NO_HARM[world]
    runs = 1000
    false = np.isfinite(first_alarms(runs, rate, 1.0, weight, requests=500, seed=1)).mean()
    assert false <= ALPHA + 3 * math.sqrt(ALPHA * (1 - ALPHA) / runs)


def test_pooling_over_the_same_ramp_is_wrong_nearly_always():
    rate, weight = NO_HARM["ramp while the rate of both rises eightfold"]
    rng, wrong = np.random.default_rng(2), 0
    for _ in range(100):
        canary, stable = (part.sum() for part in counts(rng, rate, 1.0, weight, 500))
        routed = (weight * 500).sum(), ((1 - weight) * 500).sum()
        shares = canary / routed[0], stable / routed[1]
        pooled = (canary + stable) / sum(routed)
        z = (shares[0] - shares[1]) / math.sqrt(pooled * (1 - pooled) * (1 / routed[0] + 1 / routed[1]))
        wrong += z > 1.645
    assert wrong >= 95


def test_a_quarter_worse_within_a_tolerance_of_a_quarter_is_no_alarm():
    runs, tolerance = 1000, math.log(1.25)
    alarms = first_alarms(runs, np.full(LOOKS, 0.01), 1.25, RAMP, requests=500, seed=3, null=tolerance)
    assert np.isfinite(alarms).mean() <= ALPHA + 3 * math.sqrt(ALPHA * (1 - ALPHA) / runs)


@pytest.mark.parametrize(
    ("rate", "worse", "weight", "requests", "within"),
    [(0.001, 5.0, 0.05, 150, 19_500), (0.01, 2.0, 0.1, 75, 9_000)],
    ids=["0.1 to 0.5 % at 5 %", "1 to 2 % at 10 %"],
)
def test_harm_is_found_within(rate, worse, weight, requests, within):
    alarms = first_alarms(2000, np.full(LOOKS, rate), worse, np.full(LOOKS, weight), requests=requests, seed=4)
    assert np.median(alarms) <= within


def test_the_interval_holds_the_truth_at_every_look():
    rng, runs, missed = np.random.default_rng(6), 60, 0
    truth = math.log(1.5)
    for _ in range(runs):
        canary, stable = counts(rng, np.full(20, 0.02), 1.5, np.repeat([0.05, 0.5], 10), 2000)
        weight = np.repeat([0.05, 0.5], 10)
        found = [
            confidence_limits(Events(weight[:k], canary[:k].astype(float), stable[:k].astype(float)), ALPHA)
            for k in range(1, 21)
        ]
        missed += any(not low <= truth <= high for low, high in found)
    assert missed / runs <= 2 * ALPHA + 3 * math.sqrt(2 * ALPHA * (1 - 2 * ALPHA) / runs)


def test_a_canary_as_good_is_shown_not_to_be_a_quarter_worse():
    seen = events(0.5, 2_000, 2_000)
    assert float(log_e_below(seen, math.log(1.25))) > math.log(1 / ALPHA)
    assert float(log_e_below(events(0.5, 2_250, 1_800), math.log(1.25))) < math.log(1 / ALPHA)


def test_the_ends_are_where_the_evidence_reaches_the_level():
    seen = events([0.05, 0.5], [9, 80], [60, 70])
    low, high = confidence_limits(seen, ALPHA)
    assert float(log_e_above(seen, low)) >= math.log(1 / ALPHA) > float(log_e_above(seen, low + 0.01))
    assert float(log_e_below(seen, high)) >= math.log(1 / ALPHA) > float(log_e_below(seen, high - 0.01))


def test_a_weight_of_one_compares_nothing():
    with pytest.raises(ValueError, match="compares nothing"):
        events([0.5, 1.0], [1, 1], [1, 0])


def test_a_broken_split_is_seen_and_a_sound_one_is_not():
    weight = np.array([0.05, 0.5])
    assert not split_ratio.is_broken(weight, np.array([500.0, 5_000.0]), np.array([9_500.0, 5_000.0]))
    assert split_ratio.is_broken(weight, np.array([400.0, 5_000.0]), np.array([9_600.0, 5_000.0]))
    rng = np.random.default_rng(7)
    sound = [
        split_ratio.is_broken(weight, drawn, np.array([10_000, 10_000]) - drawn)
        for drawn in rng.binomial(10_000, weight, (500, 2)).astype(float)
    ]
    assert sum(sound) == 0
