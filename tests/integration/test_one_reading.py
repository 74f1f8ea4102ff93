"""The same rows by every way in give the same scores: what trains is what serves (issue 12).

The ways: CSV, Parquet and data frame into `sluicegate predict` and `sluicegate.load`; REST and gRPC with one input per column;
gRPC with tf.Examples; the SavedModel called directly; and the training path itself, Transform's output into the network.
"""

from __future__ import annotations

import base64
import csv
import io
import itertools
import json
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2

import sluicegate
from schemas.errors import DataError
from schemas.reading import NumberFormat
from sluicegate.tables.source import MISSING, Source, SplitRule
from sluicegate_cli import __main__ as command
from tests.integration import small_training
from tests.integration.small_training import Trained
from tests.sluicegate.serving.live import live

pytestmark = [pytest.mark.slow]
PROJECT = Path(__file__).resolve().parents[2]
Rows = list[dict[str, str]]
DRAW = random.Random(12)


def _write(path: Path, rows: Rows) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def _stamp(hour: int) -> str:
    """One of the ways in which databases and people write an instant."""
    day, hour = 1 + hour // 24 % 28, hour % 24
    return DRAW.choice(
        [
            f"2024-03-{day:02} {hour:02}:00:00+00",
            f"2024-03-{day:02}T{hour:02}:00:00Z",
            f"2024-03-{day:02} {hour:02}:00:00,000 Z",
            f"2024-03-{day:02} {hour:02}:00",
            f"2024-03-{day + hour // 23:02} {(hour + 1) % 24:02}:00:00+01:00",
        ]
    )


def _person(part: str) -> dict[str, str]:
    """Every kind of cell that is written in several ways, each with a say in the label."""
    hour, visits, member = DRAW.randrange(24 * 20), DRAW.randrange(9), DRAW.random() < 0.5
    store, address = DRAW.randrange(4), DRAW.randrange(3)
    odd = {name: f"{DRAW.gauss(0, 1):.2f}" for name in ("class", "return", "self", "examples", "inputs", "label")}
    odd |= {"年齢": str(DRAW.randrange(18, 80)), "a b": f"{DRAW.gauss(0, 1):.2f}", "A b": DRAW.choice(["é", "e\u0301"])}
    total = visits / 3 + member + store / 2 + address + (hour % 24) / 12 + sum(map(float, list(odd.values())[:6])) - 3
    return {
        "member": DRAW.choice(["TRUE", "True", " true"]) if member else DRAW.choice(["FALSE", "false "]),
        "address": ["4 Park Av\nBath", "3 Mill Ln\r\nHull", "back\\slash"][address],
        "opened_at": _stamp(hour),
        "closed": f"{DRAW.randrange(1, 13)}/{DRAW.randrange(1, 29)}/2024 {DRAW.randrange(1, 13)}:05 {DRAW.choice(['AM', 'PM'])}",
        "visits": DRAW.choice([str(visits)] * 9 + ["?"]),
        "store_id": str(7205759403792793601 + store),
        "zip": f"0{DRAW.randrange(4)}123",
        "word": DRAW.choice(["yes", " yes", "no\u00a0", "NA", ""]),
        **odd,
        "part": part,
        "y": "yes" if total + DRAW.gauss(0, 0.5) > 0 else "no",
    }


WORDS = (*MISSING, "\\N", "None", "n/a", "<NA>", "#N/A", "k.A.")


def _sale(part: str) -> dict[str, str]:
    """Numbers as people and spreadsheets write them, and what databases write for none."""
    amount, price, rate = DRAW.uniform(-900, 3_000), DRAW.uniform(-900, 3_000), DRAW.uniform(0, 90)
    count, x = DRAW.randrange(100, 99_000), DRAW.gauss(0, 1)
    comma = f"{amount:,.2f}".translate(str.maketrans(",.", ".,"))
    owed = f"(${-price:,.2f})" if price < 0 else f"${price:,.2f}"
    total = amount / 1_000 + price / 1_000 + rate / 45 + count / 50_000 + x - 4
    return {
        "amount": DRAW.choice([comma, f"{comma} €", f"EUR {comma}", comma.replace(".", ""), f" {comma}\u00a0"]),
        "price": DRAW.choice([owed, owed.replace("$", ""), owed.replace("$", "$ ")]),
        "rate": DRAW.choice([f"{rate:.1f}%", f"{rate:.1f} %", f"{rate:.1f}", DRAW.choice(WORDS)]),
        "count": DRAW.choice([f"{count:,}", f"{count}", f" {count:,}"]),
        "x": DRAW.choice([f"{x:.3f}"] * 4 + [DRAW.choice(WORDS)]),
        "g": DRAW.choice(["blue", "red", "green", *WORDS]),
        "part": part,
        "y": "yes" if total + DRAW.gauss(0, 0.3) > 0 else "no",
    }


def _bare_sale(column: str, text: str) -> str:
    """A number of `_sale` as a computer writes it: another way than the project's own."""
    text = text.translate(str.maketrans("", "", "$€%EUR \u00a0"))
    text = text.replace(".", "").replace(",", ".") if column == "amount" else text.replace(",", "")
    return f"-{text[1:-1]}" if text.startswith("(") else text


@dataclass(frozen=True)
class World:
    """A trained table.  rows : the test split's rows, as its CSV writes them.  as_text : columns pandas must not guess.

    bare : a cell of a column as a computer writes the number.  server : one that serves it.
    """

    name: str
    trained: Trained
    rows: Rows
    as_text: tuple[str, ...] = ()
    bare: Callable[[str, str], str] = lambda column, text: text
    server: Any = None

    @property
    def inputs(self) -> dict[str, dict[str, Any]]:
        return self.trained.description["inputs"]

    def number(self, column: str, text: str) -> float:
        is_none = text.strip() in ("", *self.trained.source.missing)
        return float("nan") if is_none else float(self.bare(column, text))

    def tensors(self, rows: Rows) -> dict[str, Any]:
        """What a careful client sends: numbers as numbers, all else as it is written."""
        found = {}
        for name, one in self.inputs.items():
            cells = [row[name] for row in rows]
            text = one["dtype"] == "string"
            found[one["input"]] = (
                np.array([c.encode() for c in cells], object)
                if text
                else np.array([self.number(name, cell) for cell in cells])
            )
        return found

    def read(self, rows: Rows) -> str:
        """The rows as the text of a CSV."""
        file = io.StringIO(newline="")
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
        return file.getvalue()

    def frame(self, rows: Rows) -> pd.DataFrame:
        return pd.read_csv(
            io.StringIO(self.read(rows), newline=""), dtype=dict.fromkeys(self.as_text, str), skipinitialspace=True
        )


class Worlds:
    """By name; a table is trained, and its server started, when it is asked for first."""

    def __init__(self, home: Path, stack: ExitStack) -> None:
        self._home, self._stack = home, stack
        self._made: dict[str, World] = {}

    def __getitem__(self, name: str) -> World:
        if name not in self._made:
            world = MAKERS[name](self._home / name)
            server = self._stack.enter_context(live(model_name=name, model_base_path=world.trained.folder.parent))
            self._made[name] = replace(world, server=server)
        return self._made[name]


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worlds]:
    with ExitStack() as stack:
        yield Worlds(tmp_path_factory.mktemp("one_reading"), stack)


def _people(home: Path) -> World:
    rows = [_person(part) for part in ["train"] * 240 + ["eval"] * 40 + ["test"] * 40]
    path = _write(_made(home) / "people.csv", rows)
    source = Source(str(path), "y", split=SplitRule(column="part"), dates={"closed": "month_first"})
    return World("people", small_training.train(source, home / "t"), rows[280:], ("zip", "store_id", "A b"))


def _sales(home: Path) -> World:
    rows = [_sale(part) for part in ["train"] * 240 + ["eval"] * 40 + ["test"] * 40]
    path = _write(_made(home) / "sales.csv", rows)
    comma = NumberFormat(".", ",")
    numbers = {"amount": NumberFormat(",", "."), "price": comma, "rate": NumberFormat(), "count": comma}
    source = Source(str(path), "y", split=SplitRule(column="part"), numbers=numbers, missing=WORDS)
    return World("sales", small_training.train(source, home / "t"), rows[280:], tuple(numbers), _bare_sale)


def _shipped(home: Path, table: str, label: str, count: int, **more: Any) -> World:
    with (PROJECT / "data" / table).open(newline="") as file:
        rows = list(csv.DictReader(file))
    DRAW.shuffle(rows)
    parts = ["test"] * 40 + ["eval"] * 50 + ["train"] * count
    rows = [{**{k: v for k, v in row.items() if k != "split"}, "part": p} for row, p in zip(rows, parts, strict=False)]
    path = _write(_made(home) / "table.csv", rows)
    trained = small_training.train(Source(str(path), label, split=SplitRule(column="part"), **more), home / "t")
    return World(home.name, trained, rows[:40])


def _made(home: Path) -> Path:
    home.mkdir()
    return home


MAKERS: dict[str, Callable[[Path], World]] = {
    "people": _people,
    "sales": _sales,
    "census": lambda home: _shipped(home, "census/adult.csv", "income", 500),
    "penguins": lambda home: _shipped(home, "penguins/penguins.csv", "species", 220),
    "tips": lambda home: _shipped(
        home,
        "chicago_taxi/chicago_taxi.csv",
        "tips",
        500,
        task="regression",
        leave_out=("big_tip", "pickup_census_tract"),
        kinds={"pickup_community_area": "category"},
    ),
}


def by_texts(world: World, rows: Rows, home: Path) -> Any:
    with sluicegate.load(world.trained.folder) as model:
        return model.predict(rows).scores


def by_frame(world: World, rows: Rows, home: Path) -> Any:
    with sluicegate.load(world.trained.folder) as model:
        return model.predict(world.frame(rows)).scores


def by_csv(world: World, rows: Rows, home: Path) -> Any:
    (home / "new.csv").write_text(world.read(rows), newline="")
    return _predicted(world, home / "new.csv", home)


def by_parquet(world: World, rows: Rows, home: Path) -> Any:
    pq.write_table(pa.Table.from_pandas(world.frame(rows), preserve_index=False), home / "new.parquet")
    return _predicted(world, home / "new.parquet", home)


def _predicted(world: World, table: Path, home: Path) -> Any:
    output = home / "scored.parquet"
    code = command.main(
        ["predict", "--input", str(table), "--output", str(output), "--model", str(world.trained.folder)]
    )
    if code:
        raise DataError("predict refused")
    scored = pq.read_table(output)
    names = [name for name in scored.column_names if name.startswith("score_") or name == "value"]
    return np.stack([scored[name].to_numpy() for name in names], axis=1)


def by_rest(world: World, rows: Rows, home: Path) -> Any:
    """As a program sends them: numbers, true and false, null."""
    columns = {one["input"]: [_json(world, name, row[name]) for row in rows] for name, one in world.inputs.items()}
    return _rest(world, [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)])


def by_rest_texts(world: World, rows: Rows, home: Path) -> Any:
    """All cells as the texts of a CSV."""
    return _rest(world, [{one["input"]: row[name] for name, one in world.inputs.items()} for row in rows])


def _json(world: World, name: str, text: str) -> Any:
    one = world.inputs[name]
    if one["dtype"] != "string":
        number = world.number(name, text)
        return None if np.isnan(number) else int(number) if number.is_integer() else number
    if one["reading"].get("boolean"):
        return {"true": True, "false": False}[text.strip().lower()]
    return int(text) if text.isdigit() and text[0] != "0" else text


def _rest(world: World, instances: Sequence[Any]) -> Any:
    answer = world.server.post(
        f"/v1/models/{world.name}:predict", {"signature_name": "serving_raw", "instances": instances}
    )
    if answer.status_code != 200:
        assert answer.status_code == 400
        raise DataError(answer.json()["error"])
    return np.array(answer.json()["predictions"], np.float32).reshape(len(instances), -1)


def by_grpc(world: World, rows: Rows, home: Path) -> Any:
    return _grpc(world, "serving_raw", world.tensors(rows))


def by_grpc_examples(world: World, rows: Rows, home: Path) -> Any:
    return _grpc(world, "serving_default", {"examples": _examples(world, rows)})


def _grpc(world: World, signature: str, tensors: dict[str, Any]) -> Any:
    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = world.name, signature
    for name, values in tensors.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(values))
    return tf.make_ndarray(world.server.predict.Predict(request, timeout=30).outputs["scores"])


def _examples(world: World, rows: Rows) -> Any:
    found = []
    for row in rows:
        example = tf.train.Example()
        for name, one in world.inputs.items():
            feature, text = example.features.feature[name], row[name]
            if one["example_dtype"] == "string":
                feature.bytes_list.value.append(text.encode())
            elif not np.isnan(number := world.number(name, text)):
                is_int = one["example_dtype"] == "int64"
                (feature.int64_list if is_int else feature.float_list).value.append(int(number) if is_int else number)
        found.append(example.SerializeToString())
    return np.array(found, object)


def by_grpc_texts(world: World, rows: Rows, home: Path) -> Any:
    """All cells as the texts of a CSV."""
    tensors = {
        one["input"]: np.array([row[name].encode() for row in rows], object) for name, one in world.inputs.items()
    }
    return _read_or_refused(world, "serving_raw", tensors)


def by_grpc_examples_of_texts(world: World, rows: Rows, home: Path) -> Any:
    """The same within tf.Examples."""
    found = []
    for row in rows:
        example = tf.train.Example()
        for name in world.inputs:
            example.features.feature[name].bytes_list.value.append(row[name].encode())
        found.append(example.SerializeToString())
    return _read_or_refused(world, "serving_default", {"examples": np.array(found, object)})


def _read_or_refused(world: World, signature: str, tensors: dict[str, Any]) -> Any:
    try:
        return _grpc(world, signature, tensors)
    except grpc.RpcError as error:
        if error.code() is not grpc.StatusCode.INVALID_ARGUMENT:
            raise
        raise DataError(error.details()) from error


def by_saved_model(world: World, rows: Rows, home: Path) -> Any:
    loaded = tf.saved_model.load(str(world.trained.folder)).signatures["serving_raw"]
    tensors = {
        k: tf.constant(v.tolist(), tf.string if v.dtype == object else tf.float64)
        for k, v in world.tensors(rows).items()
    }
    return loaded(**tensors)["scores"].numpy()


WAYS = (
    by_texts, by_frame, by_csv, by_parquet, by_rest, by_rest_texts, by_grpc, by_grpc_texts, by_grpc_examples,
    by_grpc_examples_of_texts, by_saved_model,
)  # fmt: skip


def same(world: World, found: Any, expected: Any) -> None:
    if world.trained.description["task"] == "regression":
        # Relative to the label's size: a value near zero is the difference of two that are not, in 32 bits.
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6 * np.abs(expected).max())
    else:
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", MAKERS)
def test_every_way_gives_the_scores_of_the_training_path(worlds: Worlds, name: str, way: Any, tmp_path: Path) -> None:
    world = worlds[name]
    expected = world.trained.training_path_scores("test")
    assert len(np.unique(expected)) > len(expected) / 2, "a model that says one thing of all rows proves nothing"
    same(world, way(world, world.rows, tmp_path), expected)


def respelled(world: World) -> Rows:
    """The same rows as another program writes them: blanks, another case, 39.0, words for no value."""
    blanks = itertools.cycle(["", " ", "\u00a0", "\t", "\u3000"])
    found = []
    for row in world.rows:
        cells = {name: next(blanks) + text + next(blanks) for name, text in row.items()}
        for name, one in world.inputs.items():
            reading = one["reading"]
            if reading.get("boolean"):
                cells[name] = cells[name].upper()
            if reading.get("type") == "int" and not np.isnan(world.number(name, row[name])):
                cells[name] = f" {row[name].strip()}.0"
            if row[name].strip() in ("", "?", "NA") and one["dtype"] == "string":
                cells[name] = next(itertools.islice(blanks, 1)) + "N/A"
        found.append(cells)
    return found


@pytest.mark.parametrize("way", [way for way in WAYS if way is not by_parquet])
@pytest.mark.parametrize("name", ["people", "census"])
def test_how_a_cell_is_spelled_changes_no_score(worlds: Worlds, name: str, way: Any, tmp_path: Path) -> None:
    world = worlds[name]
    if way is by_frame:
        pytest.skip("pandas trims nothing but blanks, so that its columns of numbers would be texts: by_texts")
    same(world, way(world, respelled(world), tmp_path), world.trained.training_path_scores("test"))


WRONG = [
    ("people", "visits", "38.7"), ("people", "visits", "9223372036854775808"), ("people", "visits", "Infinity"),
    ("people", "visits", "several"), ("people", "self", "tall"), ("people", "opened_at", "0000-00-00"),
    ("people", "opened_at", "yesterday"), ("people", "closed", "31/12/2024"),
    ("sales", "amount", "1.5"), ("sales", "amount", "1471.46"), ("sales", "amount", "1,471.46"), ("sales", "price", "$1.471,46"),
    ("sales", "rate", "14,2%"), ("sales", "count", "14,70"), ("sales", "count", "14,700.5"), ("sales", "x", "n.a."),
]  # fmt: skip


@pytest.mark.parametrize(("name", "column", "cell"), WRONG)
def test_what_cannot_be_read_is_refused_by_every_way_that_can(
    worlds: Worlds, name: str, column: str, cell: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = worlds[name]
    rows = [*world.rows[:3], {**world.rows[3], column: cell}]
    for way in (by_texts, by_frame, by_rest_texts, by_grpc_texts, by_grpc_examples_of_texts):
        with pytest.raises(DataError, match=f"(?s)row 3 .*{column}.*correct the cell"):
            way(world, rows, tmp_path)
    for way in (by_csv, by_parquet):
        capsys.readouterr()
        with pytest.raises(DataError):
            way(world, rows, tmp_path)
        said = " ".join(capsys.readouterr().err.split())
        assert repr(column) in said
        assert "correct the cell" in said


@pytest.mark.parametrize(("column", "number"), [("visits", 38.7), ("visits", 2.0**63), ("visits", float("inf"))])
def test_a_number_that_no_row_of_training_could_hold_is_refused_or_missing(
    worlds: Worlds, column: str, number: float, tmp_path: Path
) -> None:
    world = worlds["people"]
    rows = [*world.rows[:3], {**world.rows[3], column: str(number)}]
    tensors = world.tensors(rows)
    with pytest.raises(DataError, match=rf"(?s)row 3 .*{column}.*correct the cell"):
        _read_or_refused(world, "serving_raw", tensors)
    example = tf.train.Example.FromString(_examples(world, world.rows[3:4])[0])
    example.features.feature[column].float_list.value[:] = [number]
    with pytest.raises(DataError, match=rf"(?s)row 0 .*{column}.*correct the cell"):
        _read_or_refused(world, "serving_default", {"examples": np.array([example.SerializeToString()], object)})
    body = [
        {k: (v[i].decode() if isinstance(v[i], bytes) else float(v[i])) for k, v in tensors.items()} for i in range(4)
    ]
    with pytest.raises(DataError, match=column):
        _rest(world, body)
    # The graph cannot refuse: it takes what it cannot read for missing, and never for another number.
    blank = [*world.rows[:3], {**world.rows[3], column: ""}]
    same(world, by_saved_model(world, rows, tmp_path), by_texts(world, blank, tmp_path))


CELLS = {
    "int": ["39", " 39.0", "+7", "3.9e1", "9007199254740993", "9223372036854775807", "9223372036854775808", "38.7", "true", "1e400"],
    "float": ["1.5", "-.5", "+1e3", "1e-400", "inf", "-Infinity", "nan", "0x1F", "1_000", "TRUE", "1,471.46", "1.471,46", "(3)", "$7"],
    "text": ["é", "e\u0301", "a\nb", "3 Mill Ln\r\nHull", "back\\slash", "'", '"', "TRUE", "39.0", "7205759403792793602", "ß", "\ufeffyes"],
    "boolean": ["TRUE", "False", " tRuE", "yes", "1", "1.0"],
    "date": ["2024-01-31", "2024-01-31 10:00:00+00", "2024-01-31T12:00:00+02:00", "2024-02-30", "2024-01-31 24:00:00",
             "1/31/2024 9:05 PM", "31/1/2024", "2024-01-31T10:00:00,25 Z", "20240131", "0000-00-00"],
}  # fmt: skip


def _made_cell(reading: dict[str, Any]) -> str:
    kind = "date" if reading.get("date") else "boolean" if reading.get("boolean") else reading.get("type", "text")
    cell = DRAW.choice([*CELLS[kind], DRAW.choice([*WORDS, "N/A", "?"])])
    return DRAW.choice(["", " ", "\u3000"]) + cell + DRAW.choice(["", "\u00a0", "\t"])


@pytest.mark.parametrize("name", ["people", "sales"])
def test_made_cells_are_read_or_refused_alike(worlds: Worlds, name: str, tmp_path: Path) -> None:
    world = worlds[name]
    rows = [
        {**row, **{column: _made_cell(world.inputs[column]["reading"]) for column in DRAW.sample([*world.inputs], 2)}}
        for row in world.rows * 4
    ]
    readable, refused = [], 0
    with sluicegate.load(world.trained.folder) as model:
        for row in rows:
            try:
                expected = model.predict([row]).scores
            except DataError as error:
                refused += 1
                for way in (by_rest_texts, by_grpc_texts, by_grpc_examples_of_texts):
                    with pytest.raises(DataError) as caught:
                        way(world, [row], tmp_path)
                    words = [f"{one.place}: got {one.got}, allowed is {one.allowed}" for one in error.problems]
                    # A JSON request is read a column at a time, so it hears of the first alone.
                    enough = any if way is by_rest_texts else all
                    assert enough(said in str(caught.value) for said in words)
            else:
                readable.append((row, expected))
    assert refused > len(rows) / 10, "as many are refused as it takes to prove something"
    assert len(readable) > len(rows) / 10
    kept = [row for row, _ in readable]
    for way in (by_csv, by_rest_texts, by_grpc_texts, by_grpc_examples_of_texts):
        same(world, way(world, kept, tmp_path), np.concatenate([scores for _, scores in readable]))


def test_typed_columns_of_another_type_are_read_too(worlds: Worlds, tmp_path: Path) -> None:
    world = worlds["people"]
    tensors = world.tensors(world.rows)
    key = {name: one["input"] for name, one in world.inputs.items()}
    tensors[key["store_id"]] = np.array([int(row["store_id"]) for row in world.rows], np.int64)
    tensors[key["年齢"]] = np.array([int(row["年齢"]) for row in world.rows], np.int32)
    tensors[key["member"]] = np.array([row["member"].strip().lower() == "true" for row in world.rows])
    tensors[key["self"]] = np.array([row["self"].encode() for row in world.rows], object)
    same(world, _grpc(world, "serving_raw", tensors), world.trained.training_path_scores("test"))


def test_features_of_another_type_are_read_too(worlds: Worlds) -> None:
    world = worlds["people"]
    examples = [tf.train.Example.FromString(text) for text in _examples(world, world.rows)]
    for example, row in zip(examples, world.rows, strict=True):
        example.features.feature["store_id"].int64_list.value[:] = [int(row["store_id"])]
        example.features.feature["年齢"].float_list.value[:] = [float(row["年齢"])]
        example.features.feature["self"].bytes_list.value[:] = [row["self"].encode()]
    found = _grpc(world, "serving_default", {"examples": np.array([e.SerializeToString() for e in examples], object)})
    same(world, found, world.trained.training_path_scores("test"))


def test_each_column_can_change_a_score(worlds: Worlds, tmp_path: Path) -> None:
    """None is lost on the way: not a category with a line break, not a code beyond 53 bits, not a date with an offset."""
    world = worlds["people"]
    base = by_texts(world, world.rows, tmp_path)
    shuffled = world.rows[7:] + world.rows[:7]
    for name in world.inputs:
        rows = [{**row, name: other[name]} for row, other in zip(world.rows, shuffled, strict=True)]
        assert np.abs(by_texts(world, rows, tmp_path) - base).max() > 1e-4, name


def test_names_are_mapped_both_ways(worlds: Worlds) -> None:
    for world in (worlds[name] for name in MAKERS):
        described = world.trained.description
        assert described["columns"] == {one["input"]: name for name, one in described["inputs"].items()}


def test_bytes_that_are_no_text_are_refused(worlds: Worlds) -> None:
    world = worlds["people"]
    word = world.inputs["word"]["input"]
    tensors = world.tensors(world.rows)
    tensors[word] = np.array([b"\xff"] * len(world.rows), object)
    with pytest.raises(Exception, match="word"):
        _grpc(world, "serving_raw", tensors)
    body = {
        k: [v if not isinstance(v, bytes) else {"b64": base64.b64encode(v).decode()} for v in values.tolist()]
        for k, values in tensors.items()
    }
    answer = world.server.post(
        f"/v1/models/{world.name}:predict", json.dumps({"signature_name": "serving_raw", "inputs": body}).encode()
    )
    assert answer.status_code == 400
