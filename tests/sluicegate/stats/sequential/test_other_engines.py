"""Pairs, bounded means, quantiles and change: published constants, and false alarms and delays in seeded simulations."""

import math

import numpy as np
import pytest

from sluicegate.stats.sequential import change, evidence, means, paired, quantiles

ALPHA = 0.05
ALARM = math.log(1 / ALPHA)


def allowed(runs):
    return ALPHA + 3 * math.sqrt(ALPHA * (1 - ALPHA) / runs)


def first(path):
    hit = np.flatnonzero(path >= ALARM)
    return hit[0] + 1 if len(hit) else math.inf


def pairs(rng, requests, differ, stable_right):
    """(requests,) pairs so far in which the stable, and the canary, alone is right."""
    discordant, stable = rng.random(requests) < differ, rng.random(requests) < stable_right
    return np.cumsum(discordant & stable), np.cumsum(discordant & ~stable)


def test_shadow_pairs_of_equal_models_are_called_in_alpha_at_most():
    rng = np.random.default_rng(0)
    assert np.mean([paired.log_e(*pairs(rng, 5000, 0.05, 0.5)).max() >= ALARM for _ in range(300)]) <= allowed(300)


def test_a_split_of_65_to_35_among_five_percent_is_found_within_1400_requests():
    rng = np.random.default_rng(1)
    assert np.median([first(paired.log_e(*pairs(rng, 6000, 0.05, 0.65))) for _ in range(200)]) <= 1400


def test_a_better_canary_is_no_harm():
    assert float(paired.log_e(np.array([30]), np.array([70]))[0]) < 0
    assert float(paired.log_e(np.array([70]), np.array([30]))[0]) > ALARM


def test_bets_on_a_fair_mean_win_in_alpha_at_most():
    rng = np.random.default_rng(2)
    ran = [means.log_e_above(rng.beta(0.5, 1.5, 3000), 0.25).max() >= ALARM for _ in range(400)]
    assert np.mean(ran) <= allowed(400)


def test_a_tenth_of_a_standard_deviation_is_found_within_700_pairs():
    rng = np.random.default_rng(3)
    drawn = (np.clip(rng.normal(0.02, 0.2, (1000, 2000)), -1, 1) + 1) / 2
    assert np.median([first(means.log_e_above(one, 0.5)) for one in drawn]) <= 700


def test_the_limits_of_a_mean_hold_it_and_shrink():
    rng = np.random.default_rng(4)
    missed, widths = 0, []
    for _ in range(100):
        low, high = means.confidence_limits(rng.beta(2, 3, 800), ALPHA)
        missed += not low <= 0.4 <= high
        widths.append(high - low)
    assert missed <= 100 * 2 * ALPHA + 9
    assert np.median(widths) < 0.1
    assert means.confidence_limits(np.array([]), ALPHA) == (0.0, 1.0)


def test_what_both_versions_see_at_a_time_cancels_in_pairs():
    rng = np.random.default_rng(5)
    wrong = 0
    for _ in range(200):
        level = 0.2 + 0.6 * (np.arange(2000) > 1000)  # a bad hour for both
        value, is_canary = (
            np.clip(level + rng.normal(0, 0.1, 2000), 0, 1),
            rng.random(2000) < np.linspace(0.01, 0.5, 2000),
        )
        found = means.paired_by_time(value[is_canary], value[~is_canary], is_canary)
        wrong += means.log_e_above(found, 0.5).max() >= ALARM
    assert wrong / 200 <= allowed(200)


def latencies(rng, requests, slower, share):
    is_canary = rng.random(requests) < share
    return np.where(is_canary, slower, 1.0) * rng.lognormal(2, 0.5, requests), is_canary


def alarm_of_p99(rng, slower, requests=10_000, looks=20):
    values, is_canary = latencies(rng, requests, slower, 0.5)
    for seen in np.linspace(requests / looks, requests, looks).astype(int):
        now, chosen = values[:seen], is_canary[:seen]
        if quantiles.log_e_of_quantile(now[chosen], now[~chosen], 0.99) >= ALARM:
            return seen
    return math.inf


def test_equal_latencies_are_called_in_alpha_at_most_and_a_third_slower_is_found():
    rng = np.random.default_rng(6)
    assert np.mean(np.isfinite([alarm_of_p99(rng, 1.0) for _ in range(60)])) <= allowed(60)
    assert np.median([alarm_of_p99(rng, 1.3) for _ in range(40)]) <= 4_500


def test_one_band_for_all_quantiles_sees_a_slow_half_that_the_p99_hides():
    rng = np.random.default_rng(7)
    stable, slow = rng.lognormal(2, 0.5, 20_000), rng.lognormal(2, 0.5, 20_000) + 2.0
    assert quantiles.is_slower(slow, stable)
    assert not quantiles.is_slower(stable, slow)
    assert not quantiles.is_slower(rng.lognormal(2, 0.5, 20_000), stable)
    assert not quantiles.is_slower(slow[:10], stable)


def test_the_bands_constants_are_those_of_the_paper():
    # Howard & Ramdas 2022: A = 0.85 and C = 8.12 at 5 %, where the band begins at 32 values.
    assert quantiles.half_width(32, 0.05) == pytest.approx(0.85 * math.sqrt(8.12 / 32))
    assert quantiles.half_width(1000, 0.01) > quantiles.half_width(1000, 0.05)


def test_one_number_in_a_bucket_is_no_evidence():
    assert quantiles.log_e_of_quantile(np.full(500, 8.0), np.full(500, 8.0), 0.99) < 0
    assert quantiles.log_e_of_quantile(np.array([]), np.full(5, 1.0), 0.5) == 0.0


def test_a_rise_is_called_soon_and_none_rarely():
    rng = np.random.default_rng(8)
    delays = [change.first_alarm((rng.random(8000) < 0.16).astype(float), 0.12, 1e4) or math.inf for _ in range(60)]
    assert np.median(delays) <= 1300
    false = [change.first_alarm((rng.random(8000) < 0.12).astype(float), 0.12, 1e4) is not None for _ in range(60)]
    assert np.mean(false) <= 0.15


def test_a_rise_after_a_long_good_time_is_called_as_soon():
    rng = np.random.default_rng(9)
    delays = []
    for _ in range(30):
        seen = np.concatenate([rng.random(3000) < 0.1, rng.random(5000) < 0.16]).astype(float)
        delays.append((change.first_alarm(seen, 0.12, 1e4) or math.inf) - 3000)
    assert 0 < np.median(delays) <= 1300


def test_only_a_risk_that_rose_is_called():
    rng = np.random.default_rng(10)
    before, worse, better = (rng.random(3000) < p for p in (0.1, 0.2, 0.05))
    assert change.risk_has_risen(worse.astype(float), before.astype(float), 0.02, ALPHA)
    assert not change.risk_has_risen(better.astype(float), before.astype(float), 0.02, ALPHA)


def test_many_guardrails_share_their_level():
    assert evidence.e_bh({"a": math.log(30)}, ALPHA) == {"a"}
    assert evidence.e_bh({"a": math.log(30), "b": 0.0}, ALPHA) == frozenset()
    assert evidence.e_bh({}, ALPHA) == frozenset()
