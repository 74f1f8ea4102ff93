import gzip
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from schemas import release
from schemas.release import Release
from sluicegate_cli import predict, scored
from tests.sluicegate.serving import our_models

HEADER = "customer,größe in m,code,a word,flag,label\n"
TABLE = HEADER + "c1,0.25,3,yes,true,x\nc2,?,,NA,,y\nc3, -2.5 ,7,no,FALSE,\n"
CLEAN = [
    {"größe in m": 0.25, "code": 3, "a word": "yes", "flag": "true"},
    {},
    {"größe in m": -2.5, "code": 7, "a word": "no", "flag": "false"},
]
CONFIG = "name: shop\ndata: learned.csv\nlabel: label\ncolumns: {ids: [customer]}\n"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return our_models.save(tmp_path_factory.mktemp("predict"))


@pytest.fixture
def shop(here, model):
    """new.csv, my.yaml, and version 1 in output/shop/serving/shop."""
    Path("new.csv").write_text(TABLE)
    Path("my.yaml").write_text(CONFIG)
    home = here / "output" / "shop" / "serving" / "shop"
    home.mkdir(parents=True)
    (home / "1").symlink_to(model)
    return home


@pytest.fixture
def score(call, shop):
    """Scores new.csv with my.yaml unless told otherwise; returns how it ended."""

    def run(*more, output="scored.parquet", input="new.csv", config="my.yaml"):
        named = ("--config", config) if config else ()
        return call("predict", "--input", input, "--output", output, *named, *more)

    return run


def expected(rows=CLEAN):
    return [pytest.approx(our_models.positive(row), abs=1e-6) for row in rows]


def test_parquet_with_the_settings_ids(score):
    ended = score()
    assert (ended.code, ended.out, ended.err) == (0, "", "")
    table = pq.read_table("scored.parquet")
    assert table.schema.names == ["customer", "decision", "score_no", "score_yes"]
    assert table["customer"].to_pylist() == ["c1", "c2", "c3"]
    assert table["score_yes"].to_pylist() == expected()
    assert table["decision"].to_pylist() == ["yes", "no", "no"]
    assert sorted(os.listdir()) == ["my.yaml", "new.csv", "output", "scored.parquet"]


def test_csv_and_packed_csv(score):
    assert score(output="scored.csv").code == 0
    assert score(output="scored.csv.gz").code == 0
    assert gzip.decompress(Path("scored.csv.gz").read_bytes()) == Path("scored.csv").read_bytes()
    table = pa.csv.read_csv("scored.csv")
    assert table.schema.names == ["customer", "decision", "score_no", "score_yes"]
    np.testing.assert_allclose(table["score_yes"].to_numpy(), [our_models.positive(row) for row in CLEAN], atol=1e-6)


def test_ids_of_the_command_line_and_row_numbers(score):
    assert score("--ids", "label,customer").code == 0
    assert pq.read_table("scored.parquet").slice(0, 2).select(["label", "customer"]).to_pylist() == [
        {"label": "x", "customer": "c1"}, {"label": "y", "customer": "c2"},
    ]  # fmt: skip
    assert score("--ids", "").code == 0
    assert pq.read_table("scored.parquet")["row"].to_pylist() == [1, 2, 3]


def test_a_model_without_settings(score, shop):
    Path("new.csv").write_text(HEADER + "c1,0.25,3,yes,true,x\n")
    for folder in (shop, shop / "1"):
        assert score("--model", folder, config=None).code == 0
        table = pq.read_table("scored.parquet")
        assert table.schema.names[0] == "row"
        assert table["score_yes"].to_pylist() == expected(CLEAN[:1])


def test_how_the_table_reads_is_the_settings_word(score):
    Path("my.yaml").write_text(CONFIG.replace("learned.csv", "{path: a.csv, delimiter: ';', encoding: latin-1, "
                                              "missing: [nix]}"))  # fmt: skip
    text = TABLE.replace(",", ";").replace("?", "nix").replace("NA", "nix")
    Path("new.csv").write_bytes(text.encode("latin-1"))
    assert score().code == 0
    assert pq.read_table("scored.parquet")["score_yes"].to_pylist() == expected()


def test_parquet_and_folders_are_inputs(score):
    table = pa.table({
        "customer": pa.array([1, 2, 3], pa.int32()), "größe in m": [0.25, None, -2.5], "code": [3.0, None, 7.0],
        "a word": ["yes", None, "no"], "flag": [True, None, False], "nested": [[1], [2], []],
    })  # fmt: skip
    Path("tables").mkdir()
    pq.write_table(table.slice(0, 2), "tables/a.parquet")
    pq.write_table(table.slice(2), "tables/b.parquet")
    assert score(input="tables").code == 0
    found = pq.read_table("scored.parquet")
    assert found["customer"].type == pa.int32()
    assert found["customer"].to_pylist() == [1, 2, 3]
    assert found["score_yes"].to_pylist() == expected()
    assert score("--ids", "", input="tables").code == 0
    assert pq.read_table("scored.parquet")["row"].to_pylist() == [1, 2, 3]


def test_a_table_without_rows_is_an_output_without_rows(score):
    Path("new.csv").write_text(HEADER)
    assert score().code == 0
    assert pq.read_table("scored.parquet").num_rows == 0
    assert score(output="scored.csv").code == 0
    assert Path("scored.csv").read_text().count("\n") == 1


def test_the_stable_version_answers_unless_another_is_named(score, shop, tmp_path):
    our_models.save(shop, 2, "multiclass")
    assert score().code == 0
    assert "score_c" in pq.read_schema("scored.parquet").names
    release.write(Release(stable=1), shop)
    assert score().code == 0
    assert "score_yes" in pq.read_schema("scored.parquet").names
    assert score("--version", 2).code == 0
    assert "score_c" in pq.read_schema("scored.parquet").names
    ended = score("--version", 3)
    assert ended.code == 1
    assert "version 3 is not there" in ended.err


BAD = {
    "not a number": (TABLE.replace("-2.5", "tall"), ["new.csv, line 4, column 'größe in m'", "'tall'", "a number"]),
    "not whole": (TABLE.replace(",7,", ",7.5,"), ["new.csv, line 4, column 'code'", "'7.5'", "a whole number"]),
    "ragged row": (TABLE + "c4,1,2\n", ["new.csv, line 5", "3 columns", "6 columns, as in the header"]),
    "column missing": (TABLE.replace("code", "Kode"), ["new.csv: 'code'", "did you mean 'Kode'?", "the model needs it"]),
    "id missing": (TABLE.replace("customer", "id"), ["new.csv: 'customer'", "--ids"]),
    "not text": ("größe in m\n\ufffe", ["new.csv"]),
    "empty": ("", ["an empty file"]),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_table_is_one_message_and_no_file(score, name):
    text, parts = BAD[name]
    Path("new.csv").write_text(text)
    Path("scored.parquet").write_text("of yesterday")
    ended = score()
    assert ended.code == 1
    for part in [*parts, "where:", "do:"]:
        assert part in ended.err
    assert "Traceback" not in ended.err
    assert Path("scored.parquet").read_text() == "of yesterday"
    assert not [name for name in os.listdir() if name.startswith(".")]


@pytest.mark.parametrize(
    ("options", "code", "part"),
    [
        ({"input": "now.csv"}, 1, "did you mean new.csv?"),
        ({"output": "scored.xlsx"}, 64, ".parquet, .csv, .csv.gz"),
        ({"output": "nowhere/scored.csv"}, 1, "mkdir -p nowhere"),
        ({"output": "new.csv"}, 64, "the input itself"),
        ({"config": "none.yaml"}, 64, "none.yaml"),
    ],
)
def test_a_bad_command_line(score, options, code, part):
    ended = score(**options)
    assert ended.code == code
    assert part in ended.err
    assert "where:" in ended.err


def test_a_folder_for_the_output(score):
    Path("scored.csv").mkdir()
    assert "a folder" in score(output="scored.csv").err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written(score):
    Path("locked").mkdir(mode=0o555)
    assert "no permission" in score(output="locked/scored.csv").err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full disk to write to")
@pytest.mark.parametrize("output", ["scored.parquet", "scored.csv", "scored.csv.gz"])
def test_a_full_disk(score, monkeypatch, output):
    writer = scored._writer
    monkeypatch.setattr(scored, "_writer", lambda path, schema: writer_to_full(writer, path, schema))
    ended = score(output=output)
    assert ended.code == 1
    assert "no space left" in ended.err
    assert not Path(output).exists()


def writer_to_full(writer, path, schema):
    path.symlink_to("/dev/full")
    return writer(path, schema)


def test_an_id_that_is_called_as_a_prediction_is(score):
    Path("new.csv").write_text(TABLE.replace("label", "decision"))
    ended = score("--ids", "decision")
    assert ended.code == 64
    assert "id column 'decision'" in ended.err


def test_interrupted_it_leaves_nothing(score, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(scored.ScoredFile, "take", stop)
    ended = score()
    assert (ended.code, ended.err.strip()) == (1, "Interrupted.")
    assert sorted(os.listdir()) == ["my.yaml", "new.csv", "output"]


class Terminal:
    def __init__(self):
        self.said = ""

    def isatty(self):
        return True

    def write(self, text):
        self.said += text

    def flush(self):
        pass


def test_a_terminal_hears_how_far_it_is():
    terminal = Terminal()
    times = iter([0.0, 0.1, 1.0, 1.2])
    progress = predict.PredictProgress(terminal, lambda: next(times))
    for count in (1000, 50_000, 60_000):
        progress.rows(count)
    progress.done("done")
    assert terminal.said == "\r50,000 rows, 50,000 per second\x1b[K\rdone\x1b[K\n"


SCRIPT = """
import resource, sys
from sluicegate_cli.__main__ import main
peaks = []
for name in sys.argv[2:]:
    code = main(["predict", "--model", sys.argv[1], "--input", name, "--output", "scored.parquet"])
    peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
    assert code == 0
print(*peaks)
"""
MEGABYTES = 1_000_000


def test_memory_does_not_grow_with_the_table(shop):
    """Half a gigabyte takes what a third of it takes: three dozen blocks of 4 MB are under way, whatever the size."""
    wide = "c1,0.25,3,yes,true," + "x" * 4000 + "\n"
    rows = {"small.csv": 40_000, "large.csv": 120_000}
    for name, count in rows.items():
        with Path(name).open("w") as file:
            file.write(HEADER)
            for _ in range(count // 1000):
                file.write(wide * 1000)
    assert Path("large.csv").stat().st_size > 480 * MEGABYTES
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(shop), *rows], capture_output=True, text=True, check=True, timeout=300,
        env={**os.environ, "PYTHONPATH": str(Path(predict.__file__).parents[1])},
    )  # fmt: skip
    small, large = map(int, done.stdout.split())
    Path("large.csv").unlink()
    assert pq.read_metadata("scored.parquet").num_rows == 120_000
    assert large - small < 120


def test_a_spreadsheet_runs_no_cell_where_that_is_asked_for(score):
    Path("new.csv").write_text(HEADER + "=1+1,0.25,3,yes,true,x\n-5,?,,NA,,y\n")
    assert score(output="scored.csv").code == 0
    assert pa.csv.read_csv("scored.csv")["customer"].to_pylist() == ["=1+1", "-5"]
    assert score("--spreadsheet", output="scored.csv").code == 0
    assert pa.csv.read_csv("scored.csv")["customer"].to_pylist() == ["'=1+1", "-5"]
    ended = score("--spreadsheet", output="scored.parquet")
    assert ended.code == 64
    assert "leave --spreadsheet out" in ended.err
