"""What no model could pass on the test rows is said before training."""

import pytest

from pipeline.settings.settleable import best, hopeless, rows_for
from pipeline.settings.types import Settings
from schemas.roles import Roles
from schemas.table import TableProfile


def settings(**gate: object) -> Settings:
    return Settings(name="x", data="x.csv", label="y", quality_gate=gate)


def profile(**test_rows: int) -> TableProfile:
    task = "binary" if len(test_rows) == 2 else "multiclass"
    return TableProfile(Roles("y", task, tuple(test_rows)), (), {}, "", label_rows={"test": test_rows})


@pytest.mark.parametrize(("positives", "problems"), [(0, 1), (5, 1), (6, 0)])
def test_too_few_of_a_class_to_beat_chance(positives: int, problems: int) -> None:
    found = hopeless(settings(), profile(no=500, yes=positives))
    assert len(found) == problems
    if found:
        assert "'yes'" in found[0].got
        assert f"{positives} of {500 + positives} test rows" in found[0].got


def test_a_class_that_test_lacks_altogether_counts_as_none() -> None:
    lacking = TableProfile(Roles("y", "binary", ("no", "yes")), (), {}, "", label_rows={"test": {"no": 9}})
    assert len(hopeless(settings(), lacking)) == 1


@pytest.mark.parametrize(
    ("metric", "at_least", "problems"),
    [
        ("accuracy", 0.95, 0),
        ("accuracy", 0.99, 1),
        ("auc", 0.8, 0),
        ("auc", 0.95, 1),
        ("precision", 0.99, 0),
        ("log_loss", 0.99, 0),
    ],
)
def test_limits_that_even_a_perfect_model_could_not_meet(metric: str, at_least: float, problems: int) -> None:
    found = hopeless(settings(limits=[{"metric": metric, "at_least": at_least}]), profile(no=100, yes=20))
    assert len(found) == problems
    if found:
        assert f"{rows_for(at_least):,}" in found[0].remedy


def test_the_bound_is_the_intervals_own() -> None:
    """One row less than `rows_for` says would not do."""
    for share in (0.5, 0.8, 0.95, 0.99):
        assert best(rows_for(share)) >= share > best(rows_for(share) - 1)


def test_more_than_two_classes_against_the_most_frequent() -> None:
    assert len(hopeless(settings(), profile(a=19, b=1, c=1))) == 1
    assert hopeless(settings(), profile(a=40, b=30, c=30)) == []


def test_what_may_pass_unknown_is_not_said() -> None:
    assert hopeless(settings(unknown_passes=True), profile(no=500, yes=0)) == []


def test_slices_and_regressions_are_not_looked_at() -> None:
    limits = [{"metric": "accuracy", "at_least": 0.99, "slice": ["sex"]}]
    given = Settings(
        name="x", data="x.csv", label="y", quality_gate={"limits": limits}, evaluation={"slices": [["sex"]]}
    )
    assert hopeless(given, profile(no=100, yes=20)) == []
    assert hopeless(settings(), TableProfile(Roles("y", "regression"), (), {}, "")) == []
