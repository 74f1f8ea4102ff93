"""A table is its bytes: at another time, in another place and under another name the cache answers; other bytes never."""

import os
import shutil
from pathlib import Path

import pytest
from tfx.dsl.compiler import compiler
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact
from tfx.dsl.component.experimental.decorators import component
from tfx.dsl.components.base import executor_spec
from tfx.orchestration import metadata
from tfx.orchestration import pipeline as tfx_pipeline
from tfx.proto import example_gen_pb2
from tfx.types.standard_artifacts import Examples, String

from components.example_gen.component import TableExampleGen
from components.example_gen.executor import Executor, custom_config
from pipeline.local import launch
from schemas.records import State
from sluicegate.tables.inspecting import Source, SplitRule, file_pattern, inspect
from tests.settled_source import settled

ROWS = [(n, n % 7, "yes" if n % 3 else "no") for n in range(400)]


@component
def Reader(examples: InputArtifact[Examples], text: OutputArtifact[String]):
    Path(text.uri).write_text(examples.uri)


def write(path, rows=ROWS):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("a,b,label\n" + "".join(f"{a},{b},{c}\n" for a, b, c in rows))
    return path


def states(folder, run_id, table, split=None):
    """How ExampleGen and the step behind it ended."""
    source = Source(str(table), "label", split=split or SplitRule())
    base, patterns = file_pattern(source)
    splits = [example_gen_pb2.Input.Split(name=name, pattern=pattern) for name, pattern in patterns.items()]
    examples = TableExampleGen(
        input_base=base,
        input_config=example_gen_pb2.Input(splits=splits),
        custom_config=custom_config(settled(source)),
        custom_executor_spec=executor_spec.BeamExecutorSpec(Executor),
    ).with_id("ExampleGen")
    reader = Reader(examples=examples.outputs["examples"]).with_id("Reader")
    connection = metadata.sqlite_metadata_connection_config(str(folder / "metadata.db"))
    pipeline = tfx_pipeline.Pipeline(
        "p", str(folder / "made"), components=[examples, reader], enable_cache=True,
        metadata_connection_config=connection,
    )  # fmt: skip
    ir, looked_at = compiler.Compiler().compile(pipeline), {"ExampleGen": inspect(source).digest}
    graph = launch.prepare(ir, run_id, connection, {"ExampleGen": "code"}, set(), looked_at)
    records = [launch.launch(graph, node) for node in graph.nodes]
    assert not [record.error for record in records if record.error]
    return [record.state for record in records]


BOTH_DONE, BOTH_CACHED = [State.DONE] * 2, [State.CACHED] * 2


def test_a_file_that_was_only_touched_is_the_same_table(tmp_path):
    table = write(tmp_path / "in" / "t.csv")
    assert states(tmp_path, "r1", table) == BOTH_DONE
    os.utime(table, (1, 1))
    assert states(tmp_path, "r2", table) == BOTH_CACHED


@pytest.mark.parametrize("where", ["copy/t.csv", "in/renamed {SPAN}.csv"])
def test_a_copy_in_another_place_is_the_same_table(tmp_path, where):
    table = write(tmp_path / "in" / "t.csv")
    assert states(tmp_path, "r1", table) == BOTH_DONE
    copy = tmp_path / where
    copy.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(table, copy)
    assert states(tmp_path, "r2", copy) == BOTH_CACHED


def test_a_folder_of_files_that_moved_is_the_same_table(tmp_path):
    for n in range(3):
        write(tmp_path / "in" / f"{n}.csv", ROWS[n::3])
    assert states(tmp_path, "r1", tmp_path / "in") == BOTH_DONE
    shutil.copytree(tmp_path / "in", tmp_path / "later")
    shutil.rmtree(tmp_path / "in")
    assert states(tmp_path, "r2", tmp_path / "later") == BOTH_CACHED
    # The order of files is the order of rows, so another name may be another table.
    (tmp_path / "later" / "0.csv").rename(tmp_path / "later" / "9.csv")
    assert states(tmp_path, "r3", tmp_path / "later") == BOTH_DONE


def test_other_bytes_of_the_same_size_and_time_are_another_table(tmp_path):
    table = write(tmp_path / "t.csv")
    os.utime(table, (1, 1))
    assert states(tmp_path, "r1", table) == BOTH_DONE
    write(table, [(a, b, "no" if c == "no" else "yep") for a, b, c in ROWS])
    os.utime(table, (1, 1))
    assert states(tmp_path, "r2", table) == BOTH_DONE


def test_the_same_bytes_read_by_other_settings_are_read_again(tmp_path):
    table = write(tmp_path / "t.csv")
    assert states(tmp_path, "r1", table) == BOTH_DONE
    assert states(tmp_path, "r2", shutil.copy(table, tmp_path / "u.csv"), SplitRule(key=("a",))) == BOTH_DONE


def test_what_was_made_then_and_is_gone_is_made_again_from_where_the_table_is_now(tmp_path):
    table = write(tmp_path / "t.csv")
    assert states(tmp_path, "r1", table) == BOTH_DONE
    shutil.rmtree(tmp_path / "made")
    moved = shutil.move(table, tmp_path / "u.csv")
    assert states(tmp_path, "r2", moved) == BOTH_DONE


@pytest.mark.parametrize("split", [SplitRule(columns=("a", "b")), SplitRule(columns=("b", "a")), SplitRule(repeats="together"), SplitRule(by_time="a")])  # fmt: skip
def test_another_split_rule_deals_the_rows_again(tmp_path, split):
    table = write(tmp_path / "t.csv")
    assert states(tmp_path, "1", table) == BOTH_DONE
    assert states(tmp_path, "2", table, split) == BOTH_DONE
    assert states(tmp_path, "3", table, split) == BOTH_CACHED
