"""What is asked, and servers that lie, through a client that looks like the real one."""

import json
import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from components.infra_validator import asking
from components.infra_validator.mistakes import NOT_AN_EXAMPLE
from components.infra_validator.model import DirectModel, RequestCase, difference, not_finite, read_rows
from sluicegate.serving.client.over_rest import RestClient
from tests.components import tiny_model

Answer = Callable[[str, Any], tuple[int, Any]]


@contextmanager
def server(answer: Answer) -> Iterator[str]:
    """A REST server that answers with (status, JSON) of (path, parsed body or None)."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"]))
            try:
                body = json.loads(text)
            except ValueError:
                body = None
            status, content = answer(self.path, body)
            data = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        try:
            yield f"127.0.0.1:{running.server_port}"
        finally:
            running.shutdown()
            thread.join()


QUESTION = RequestCase(
    "serving_default",
    {"examples": np.array([b"a", b"b"], object)},
    {"scores": np.array([[0.25, 0.75], [0.5, 0.5]], np.float32)},
)


@contextmanager
def rest(answer: Answer) -> Iterator[RestClient]:
    with server(answer) as endpoint:
        client = RestClient(endpoint, "m")
        try:
            yield client
        finally:
            client.close()


def truthful(path: str, body: Any) -> tuple[int, Any]:
    rows = {"YQ==": [0.25, 0.75], "Yg==": [0.5, 0.5]}
    return 200, {"predictions": [rows[one["b64"]] for one in body["instances"]]}


def test_a_truthful_server_agrees_on_every_row() -> None:
    with rest(truthful) as client:
        way = asking.ask_all(client, QUESTION, 5)
        assert asking.is_well(client, QUESTION)
    assert (way.protocol, way.requests, way.answered, way.difference, way.problem) == ("REST", 5, 5, 0.0, "")
    assert len(way.latencies_ms) == 5


def test_a_server_that_answers_another_row_is_caught() -> None:
    with rest(lambda path, body: (200, {"predictions": [[0.25, 0.75]] * len(body["instances"])})) as client:
        way = asking.ask_all(client, QUESTION, 2)
    assert way.difference == 0.25
    assert way.problem.startswith("Row 1: 0.25, 0.75, and the model itself says 0.5, 0.5")


def test_nan_in_an_answer_is_counted() -> None:
    with rest(lambda path, body: (200, {"predictions": [[math.nan, 1.0]]})) as client:
        way = asking.ask_all(client, QUESTION, 2)
    assert (way.not_finite, way.difference) == (2, math.inf)


def test_a_server_that_only_fails_is_not_asked_forever() -> None:
    asked = []
    with rest(lambda path, body: (asked.append(1) or 500, {"error": "no"})) as client:
        way = asking.ask_all(client, QUESTION, 100)
        assert not asking.is_well(client, QUESTION)
    assert (way.answered, len(asked)) == (0, asking.GIVE_UP_AFTER + 1)
    assert way.problem.startswith("500 Internal Server Error")


def test_a_dead_server_is_no_answer() -> None:
    with server(truthful) as endpoint:
        pass
    way = asking.ask_all(RestClient(endpoint, "m"), QUESTION, 100)
    assert (way.requests, way.answered) == (100, 0)
    assert "ConnectionRefusedError" in way.problem


class NeverRefuses:
    def refuses(self, signature: str, inputs: Any) -> bool:
        return False


def test_a_server_that_lets_mistakes_in_is_named_for_each() -> None:
    with rest(lambda path, body: (200, {"predictions": []})) as client:
        found = asking.ask_wrongly([client], QUESTION, NeverRefuses())
    assert len(found) == 5
    assert {(one.answer, one.refused) for one in found} == {("an answer", False)}


@pytest.mark.parametrize(("status", "refused"), [(400, True), (404, True), (500, False), (503, False)])
def test_only_a_clients_error_is_a_refusal(status: int, refused: bool) -> None:
    with rest(lambda path, body: (status, {"error": "x"})) as client:
        assert {one.refused for one in asking.ask_wrongly([client], QUESTION, NeverRefuses())} == {refused}


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ([1.0], [1.0], 0.0),
        ([0.1], [0.2], 0.1),
        ([1001.0], [1000.0], 0.001),
        ([math.nan], [math.nan], 0.0),
        ([math.nan], [1.0], math.inf),
        ([math.inf], [1.0], math.inf),
        ([1.0, 2.0], [1.0], math.inf),
        (["a"], [1.0], math.inf),
        ([b"a"], ["a"], 0.0),
        ([b"a"], ["b"], math.inf),
    ],
)
def test_difference(one: list, other: list, apart: float) -> None:
    assert difference({"x": np.array(one)}, {"x": np.array(other)}) == pytest.approx(apart)


def test_answers_of_other_names_are_infinitely_different() -> None:
    assert difference({"a": np.array([1.0])}, {"b": np.array([1.0])}) == math.inf


def test_not_finite_counts_floats_only() -> None:
    assert not_finite({"a": np.array([1.0, math.nan, math.inf]), "b": np.array(["nan"]), "c": np.array([1])}) == 2


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model.save_model(tmp_path_factory.mktemp("tiny"), "binary", 2.0) / "Format-Serving"


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    folder = tiny_model.write_examples(tmp_path_factory.mktemp("examples"), tiny_model.table("binary", 30))
    return read_rows(folder / "Split-test", 20)


def test_questions_carry_the_models_own_answers(tiny: Path, rows: list[bytes]) -> None:
    [question] = DirectModel(tiny).questions(rows)
    assert (len(rows), question.signature) == (20, "serving_default")
    x = tiny_model.table("binary", 30).x[:20]
    assert question.expected["scores"] == pytest.approx(tiny_model.scores("binary", x, 2.0), abs=1e-6)
    assert question.row(3)["examples"].tolist() == [rows[3]]


def test_no_rows_give_no_questions(tiny: Path) -> None:
    assert DirectModel(tiny).questions([]) == ()


def test_the_model_itself_says_what_is_a_bad_example(tiny: Path) -> None:
    model = DirectModel(tiny)
    assert model.refuses("serving_default", {"examples": np.array([NOT_AN_EXAMPLE], object)})
    assert not model.refuses(
        "serving_default",
        {"examples": np.array([tf.train.Example(features=tf.train.Features(feature={
            "x": tf.train.Feature(float_list=tf.train.FloatList(value=[1.0]))})).SerializeToString()], object)},
    )  # fmt: skip


class Raw(tf.Module):
    @tf.function(
        input_signature=[tf.TensorSpec([None], tf.string, name="c0"), tf.TensorSpec([None], tf.float64, name="c1")]
    )
    def columns(self, c0: tf.Tensor, c1: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"text": c0, "missing": tf.math.is_nan(c1)}


def test_columns_are_read_from_the_examples_and_missing_stays_missing(tmp_path: Path) -> None:
    raw = Raw()
    tf.saved_model.save(raw, str(tmp_path), {"serving_raw": raw.columns})
    described = {"größe": {"input": "c0", "dtype": "string"}, "age": {"input": "c1", "dtype": "float64"}}
    (tmp_path / "assets.extra").mkdir()
    (tmp_path / "assets.extra" / "model.json").write_text(json.dumps({"inputs": described}))
    feature = {"größe": tf.train.Feature(bytes_list=tf.train.BytesList(value=["ü".encode()])),
               "age": tf.train.Feature(int64_list=tf.train.Int64List(value=[7]))}  # fmt: skip
    full = tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString()
    [question] = DirectModel(tmp_path).questions([full, tf.train.Example().SerializeToString()])
    assert question.inputs["c0"].tolist() == ["ü".encode(), b""]
    assert question.inputs["c1"][0] == 7
    assert question.expected["missing"].tolist() == [False, True]
