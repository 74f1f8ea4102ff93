"""The properties that users feel: the same arm each time, and never back from canary while its weight rises."""

from hypothesis import given
from hypothesis import strategies as st

from schemas.release import Release
from sluicegate.serving.router import CANARY, STABLE, place_of, route

keys = st.text(max_size=40)
salts = st.text(max_size=100)
weights = st.floats(0, 1)


@given(keys, salts, weights)
def test_a_key_always_gets_the_same_arm(key, salt, weight):
    release = Release(1, 2, weight, salt, "canary")
    assert route(release, key) == route(release, key)


@given(keys, salts, weights, weights)
def test_raising_the_weight_only_moves_keys_to_the_canary(key, salt, one, other):
    low, high = sorted((one, other))
    if route(Release(1, 2, low, salt, "canary"), key).arm == CANARY:
        assert route(Release(1, 2, high, salt, "canary"), key).arm == CANARY


@given(keys, salts)
def test_weight_zero_and_one_leave_nobody_in_between(key, salt):
    assert route(Release(1, 2, 0.0, salt, "canary"), key).version == 1
    assert route(Release(1, 2, 1.0, salt, "canary"), key).version == 2


def test_the_share_is_the_weight():
    places = sorted(place_of(f"user-{i}", "s") for i in range(20_000))
    furthest = max(abs(place - (i + 0.5) / 20_000) for i, place in enumerate(places))
    # Kolmogorov-Smirnov at one in ten thousand: 2.23 / sqrt(n).
    assert furthest < 2.23 / 20_000**0.5


def test_another_salt_deals_anew():
    both = sum(place_of(f"u{i}", "a") < 0.5 and place_of(f"u{i}", "b") < 0.5 for i in range(4000))
    assert 850 < both < 1150


def test_shadow_answers_from_stable_and_copies_to_the_canary():
    found = route(Release(1, 2, 0.7, "s", "shadow"), "anyone")
    assert (found.arm, found.version, found.shadow) == (STABLE, 1, 2)


def test_without_a_stable_version_nobody_answers():
    assert route(Release(None, 2, 1.0, "s", "canary"), "anyone") is None


def test_a_canary_that_is_the_stable_version_is_none():
    assert route(Release(1, 1, 0.5, "s", "canary"), "anyone").arm == STABLE


def test_the_weight_of_an_arm_is_its_probability():
    arms = {
        found.arm: found.weight for i in range(100) for found in [route(Release(1, 2, 0.25, "s", "canary"), str(i))]
    }
    assert arms == {STABLE: 0.75, CANARY: 0.25}
