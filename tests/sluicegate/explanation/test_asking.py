import numpy as np

from sluicegate.explanation.asking import ROWS_PER_CALL, EvaluationProgress, ModelEvaluator
from sluicegate.explanation.table import of_columns
from tests.sluicegate.explanation.worlds import ticking

RAW = {"a": np.array(["x", "y", "x", ""], object), "b": np.array([1.0, 2.0, 1.0, np.nan])}


def test_equal_rows_are_asked_once_and_answered_each() -> None:
    seen = []

    def score(raw: dict[str, np.ndarray]) -> np.ndarray:
        seen.append(len(raw["a"]))
        return np.stack([raw["b"], -raw["b"]], axis=1)

    table = of_columns(RAW)
    ask = ModelEvaluator(score, table)  # type: ignore[arg-type]
    answers = ask(table.codes[[0, 1, 2, 0, 3]])
    np.testing.assert_array_equal(answers[:, 0], [1, 2, 1, 1, np.nan])
    assert (seen, ask.questions) == ([3], 3)
    ask.remember(table.codes)
    ask(table.codes[[2, 1]])
    assert seen == [3, 3]


def test_the_model_gets_the_raw_values_with_missing_as_they_were() -> None:
    table = of_columns({"t": np.array([b"", b"\xff", b"z"], object), "n": np.array([np.nan, 2.0, 2.0])})
    raw = table.raw(table.codes)
    assert raw["t"].tolist() == [b"", b"\xff", b"z"]
    np.testing.assert_array_equal(raw["n"], [np.nan, 2.0, 2.0])


def test_large_requests_go_in_batches_and_progress_is_told_at_most_once_a_second(caplog) -> None:  # type: ignore[no-untyped-def]
    sizes = []

    def score(raw: dict[str, np.ndarray]) -> np.ndarray:
        sizes.append(len(raw["n"]))
        return raw["n"][:, None]

    table = of_columns({"n": np.arange(2.5 * ROWS_PER_CALL)})
    clock = iter([0.0, 0.4, 1.1, 1.5])
    with caplog.at_level("INFO"):
        answers = ModelEvaluator(score, table, EvaluationProgress(lambda: next(clock)))(table.codes)  # type: ignore[arg-type]
    np.testing.assert_array_equal(answers[:, 0], np.arange(2.5 * ROWS_PER_CALL))
    assert (max(sizes), len(sizes), len(caplog.records)) == (ROWS_PER_CALL, 3, 1)
    assert ticking()() == 0
