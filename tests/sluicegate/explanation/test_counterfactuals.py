"""What a counterfactual promises, on random models: another decision, only what may change, only what occurs."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.predictions import Answers
from sluicegate.explanation.asking import ModelEvaluator
from sluicegate.explanation.chosen import decide
from sluicegate.explanation.counterfactuals import Rules, Search, Unlike, find
from sluicegate.explanation.table import EncodedTable, of_columns
from tests.sluicegate.explanation.worlds import sigmoid, two

NAMES = ("age", "hours", "score", "town", "sex")


def world(seed: int, classes: int) -> tuple[ModelEvaluator, EncodedTable, Answers]:
    rng = np.random.default_rng(seed)
    raw = {
        "age": rng.integers(18, 80, 120).astype(float),
        "hours": np.where(rng.random(120) < 0.1, np.nan, rng.integers(0, 60, 120)),
        "score": rng.normal(size=120),
        "town": rng.choice(["", "north", "south", "west"], 120).astype(object),
        "sex": rng.choice(["F", "M"], 120).astype(object),
    }
    weights = rng.normal(size=(6, classes))

    def score(x: dict[str, np.ndarray]) -> np.ndarray:
        parts = [x["age"] / 20, np.nan_to_num(x["hours"]) / 20, x["score"], x["town"] == "north", x["sex"] == "F"]
        logits = np.stack([*parts, x["score"] * (x["age"] > 40)], axis=1).astype(float) @ weights
        if classes == 2:
            return two(sigmoid(logits[:, 0]))
        spread = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(spread / spread.sum(axis=1, keepdims=True))

    table = of_columns(raw)
    task = Answers("binary", ("no", "yes"), 0.4) if classes == 2 else Answers("multiclass", ("a", "b", "c"))
    return ModelEvaluator(score, table), table, task  # type: ignore[arg-type]


def search(ask: ModelEvaluator, table: EncodedTable, answers: Answers, rules: Rules, rows: np.ndarray) -> Search:
    threshold = answers.threshold if answers.task == "binary" else None
    return Search(ask, table, Unlike(decide(answers, ask(rows)), threshold), rules)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([2, 3]), st.data())
def test_it_turns_the_decision_and_keeps_to_the_rules(seed: int, classes: int, data: st.DataObject) -> None:
    ask, table, answers = world(seed, classes)
    part = data.draw(st.lists(st.sampled_from(["frozen", "up", "down", "free"]), min_size=3, max_size=3))
    held = data.draw(st.sets(st.sampled_from([3, 4])))
    frozen = held | {j for j, one in enumerate(part) if one == "frozen"}
    up, down = (frozenset(j for j, one in enumerate(part) if one == side) for side in ("up", "down"))
    rows = table.codes[:12]
    for before, after in zip(rows, find(search(ask, table, answers, Rules(frozenset(frozen), up, down), rows), rows),
                             strict=True):  # fmt: skip
        if after is None:
            continue
        assert decide(answers, ask(before[None]))[0] != decide(answers, ask(after[None]))[0]
        changed = set(np.flatnonzero(before != after).tolist())
        assert changed
        assert not changed & frozen
        assert all((after[j] > before[j]) == (j in up) for j in changed & (up | down))
        missing = table.columns[1].missing
        assert not (1 in changed & (up | down) and missing in (before[1], after[1]))
        assert (after >= 0).all()
        assert all(code < len(column.values) for code, column in zip(after.tolist(), table.columns, strict=True))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_nothing_in_it_could_stay_as_it_was(seed: int) -> None:
    ask, table, answers = world(seed, 2)
    rows = table.codes[:12]
    for number, after in enumerate(find(search(ask, table, answers, Rules(), rows), rows)):
        if after is None:
            continue
        changed = np.flatnonzero(rows[number] != after)
        for j in changed if len(changed) > 1 else ():
            less = after.copy()
            less[j] = rows[number, j]
            assert decide(answers, ask(less[None]))[0] == decide(answers, ask(rows[number][None]))[0]


def test_one_change_is_found_where_one_is_enough_and_moved_no_further_than_needed() -> None:
    raw = {"a": np.arange(100.0), "b": np.arange(100.0)[::-1].copy(), "c": np.array(["x"] * 100, object)}
    table = of_columns(raw)
    ask = ModelEvaluator(lambda x: two((x["a"] >= 60) * 1.0), table)
    rows = table.codes[[10]]
    answers = Answers("binary", ("no", "yes"), 0.5)
    [after] = find(search(ask, table, answers, Rules(), rows), rows)
    assert after is not None
    assert np.flatnonzero(after != rows[0]).tolist() == [0]
    # 100 values, steps of a ninth of the way: within 6 of the nearest that works.
    assert 60 <= table.columns[0].values[after[0]] <= 66


def test_a_far_neighbours_numbers_are_moved_back_towards_the_rows_own() -> None:
    many = np.arange(500.0)
    raw = {"a": np.concatenate([[0], many, np.full(500, -1), np.full(9, 900)]),
           "b": np.concatenate([[0], np.full(500, -1), many, np.full(9, 900)])}  # fmt: skip
    table = of_columns(raw)
    ask = ModelEvaluator(lambda x: two(((x["a"] >= 100) & (x["b"] >= 100)) * 1.0), table)
    rows = table.codes[[0]]
    [after] = find(search(ask, table, Answers("binary", ("no", "yes"), 0.5), Rules(), rows), rows)
    assert after is not None
    assert all(100 <= column.values[code] < 200 for column, code in zip(table.columns, after, strict=True))


def test_there_is_none_where_what_decides_may_not_change() -> None:
    raw = {"a": np.arange(20.0), "b": np.arange(20.0)}
    table = of_columns(raw)
    ask = ModelEvaluator(lambda x: two((x["a"] >= 6) * 1.0), table)
    rows = table.codes[[3, 9]]
    answers = Answers("binary", ("no", "yes"), 0.5)
    assert find(search(ask, table, answers, Rules(frozen=frozenset({0})), rows), rows) == [None, None]
    [low, high] = find(search(ask, table, answers, Rules(down=frozenset({0})), rows), rows)
    assert low is None
    assert high is not None


def test_a_model_that_decides_alike_for_all_has_none() -> None:
    table = of_columns({"a": np.arange(20.0)})
    ask = ModelEvaluator(lambda x: two(np.zeros(len(x["a"]))), table)
    answers = Answers("binary", ("no", "yes"), 0.5)
    assert find(search(ask, table, answers, Rules(), table.codes[:2]), table.codes[:2]) == [None, None]


def test_at_the_threshold_a_row_is_positive_and_of_equal_scores_the_first_class_wins() -> None:
    scores = np.array([[0.5, 0.5]])
    assert Unlike(np.array([0]), 0.5)(scores, np.array([0]))[0] > 0
    assert Unlike(np.array([1]), 0.5)(scores, np.array([0]))[0] <= 0
    assert Unlike(np.array([1]), None)(scores, np.array([0]))[0] > 0
    assert Unlike(np.array([0]), None)(scores, np.array([0]))[0] <= 0
