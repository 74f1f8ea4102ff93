import numpy as np

from schemas.explanation_evidence import Contribution
from schemas.predictions import Answers
from sluicegate.explanation.chosen import TYPICAL, UNCERTAIN, WRONG, choose, decide, orders
from sluicegate.explanation.reasons import reasons
from sluicegate.explanation.table import of_columns
from tests.sluicegate.explanation.worlds import two

TABLE = of_columns({"n": np.array([0.0, 5, 5, 9, 5]), "t": np.array([*"abbbc"], object)})


def test_the_rules_of_a_binary_task() -> None:
    answers = Answers("binary", ("no", "yes"), 0.4)
    scores = two(np.array([0.1, 0.9, 0.41, 0.39, 0.8]))
    found = orders(answers, TABLE, scores, np.array([1, 1, 0, -1, 0]))
    assert {rule: int(np.nanargmin(order)) for rule, order in found.items()} == {TYPICAL: 1, UNCERTAIN: 2, WRONG: 0}
    assert np.isnan(found[WRONG]).tolist() == [False, True, False, True, False]
    assert np.argsort(found[WRONG])[:3].tolist() == [0, 4, 2]


def test_the_rules_of_a_multiclass_task_and_of_a_regression() -> None:
    scores = np.array([[0.5, 0.3, 0.2], [0.4, 0.39, 0.21], [0.1, 0.1, 0.8], [0.9, 0.05, 0.05], [0.3, 0.3, 0.4]])
    found = orders(Answers("multiclass", ("a", "b", "c")), TABLE, scores, np.array([0, 1, 2, 2, 2]))
    assert (int(np.argmin(found[UNCERTAIN])), int(np.nanargmin(found[WRONG]))) == (1, 3)
    values = np.array([[1.0], [2], [3], [4], [5]])
    found = orders(Answers("regression"), TABLE, values, np.array([1, 9, 3, np.nan, 5.5]))
    assert set(found) == {TYPICAL, WRONG}
    assert int(np.nanargmin(found[WRONG])) == 1


def test_each_rule_in_each_group_ties_by_row_number_and_a_row_stands_there_once() -> None:
    rules = {"first": np.array([1.0, 0, 0, np.nan]), "last": np.array([9.0, 0, 5, 1])}
    groups = {"A": np.array([True, True, True, False]), "B": np.array([False, False, False, True])}
    found = choose(rules, groups, 2)
    assert [(one.place, one.rules, one.groups) for one in found] == [
        (1, ("first", "last"), ("A", "A")),
        (2, ("first", "last"), ("A", "A")),
        (3, ("last",), ("B",)),
    ]


def test_the_decision_is_the_one_that_predictions_record() -> None:
    rng = np.random.default_rng(0)
    for answers, width in ((Answers("binary", ("n", "y"), 0.3), 2), (Answers("multiclass", ("a", "b", "c")), 3)):
        scores = rng.dirichlet(np.ones(width), 50)
        assert answers.decide(scores.astype(np.float32)).tolist() == [
            answers.classes[i] for i in decide(answers, scores)
        ]


def test_reasons_are_the_largest_contributions_each_with_its_interval_and_the_rest_is_counted() -> None:
    def one(name: str, value: float, half: float) -> Contribution:
        return Contribution(name, "5", "7", value, value - half, value + half)

    given = [one("a", -0.1, 0.01), one("b", -0.3, 0.01), one("unclear", -0.5, 0.6), one("up", 0.4, 0.1)]
    given += [one(f"more{i}", -0.01 * i, 0.001) for i in range(2, 6)]
    assert reasons(given, -1.0, "the score of yes") == (
        "unclear is 5 (typical is 7): lowered the score of yes by 0.5 [-0.1, 1.1], which may be chance.",
        "b is 5 (typical is 7): lowered the score of yes by 0.3 [0.29, 0.31].",
        "a is 5 (typical is 7): lowered the score of yes by 0.1 [0.09, 0.11].",
        "more5 is 5 (typical is 7): lowered the score of yes by 0.05 [0.049, 0.051].",
        "3 other columns lowered the score of yes by 0.09 in all, none by more than 0.04.",
    )
    assert reasons(given, 1.0, "the value") == ("up is 5 (typical is 7): raised the value by 0.4 [0.3, 0.5].",)
    unknown = Contribution("x", "1", "1", 0.2, float("nan"), float("nan"))
    assert reasons([unknown], 1.0, "the value") == (
        "x is 1 (as is typical): raised the value by 0.2, which may be chance.",
    )
