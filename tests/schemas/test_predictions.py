import numpy as np
import pytest

from schemas.predictions import Answers, answers_in, clashes

SCORES = np.array([[0.4, 0.6], [0.41, 0.59], [0.9, 0.1]], np.float32)


@pytest.mark.parametrize(
    ("threshold", "decided"),
    [(0.6, ["yes", "no", "no"]), (0.05, ["yes", "yes", "yes"]), (None, ["yes", "yes", "no"]), (0.7, ["no"] * 3)],
)
def test_a_binary_row_is_positive_from_the_threshold_on(threshold, decided):
    scores = SCORES.copy()
    scores[0, 1] = np.float32(0.6000001)
    assert Answers("binary", ("no", "yes"), threshold).decide(scores).tolist() == decided


def test_a_score_at_the_threshold_is_positive():
    assert Answers("binary", ("no", "yes"), 0.25).decide(np.array([[0.75, 0.25]], np.float32)).tolist() == ["yes"]


def test_the_highest_of_several_classes_wins_and_of_equals_the_first():
    scores = np.array([[0.2, 0.5, 0.3], [0.4, 0.4, 0.2]], np.float32)
    assert Answers("multiclass", ("a", "b", "c")).decide(scores).tolist() == ["b", "a"]


def test_columns_per_task():
    binary = Answers("binary", ("<=50K", ">50K"), 0.5)
    assert binary.columns == ("decision", "score_<=50K", "score_>50K")
    assert [str(kind) for _, kind in binary.fields()] == ["string", "float", "float"]
    arrays = binary.arrays(SCORES)
    assert [a.type for a in arrays] == [kind for _, kind in binary.fields()]
    assert arrays[2].to_pylist() == SCORES[:, 1].tolist()
    value = Answers("regression")
    assert (value.columns, value.width) == (("value",), 1)
    assert value.arrays(np.array([[2.5], [3]], np.float32))[0].to_pylist() == [2.5, 3.0]
    assert value.decide(np.array([[2.5]], np.float32)).tolist() == [2.5]


def test_names_that_predictions_need():
    assert clashes(["id", "decision", "score_a"], Answers("multiclass", ("a", "b"))) == ["decision", "score_a"]
    assert clashes(["decision"], Answers("regression")) == []


def test_a_model_whose_label_needs_it_answers_float64():
    described = {"task": "regression", "classes": [], "threshold": None}
    plain, double = answers_in(described), answers_in({**described, "score_dtype": "float64"})
    assert [str(kind) for _, kind in (*plain.fields(), *double.fields())] == ["float", "double"]
    seconds = np.array([[1_700_000_001.0], [1_700_000_002.0]])
    [found] = double.arrays(seconds)
    assert found.to_pylist() == [1_700_000_001.0, 1_700_000_002.0]
