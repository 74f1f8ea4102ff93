"""An output folder that was moved or copied: the next run there finds the artifacts, and what it has in the cache."""

import shutil
from pathlib import Path

import pytest
from ml_metadata.metadata_store import metadata_store
from tfx.dsl.compiler import compiler
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.orchestration import pipeline as tfx_pipeline
from tfx.types.standard_artifacts import String

from pipeline.local import launch, moved
from pipeline.settings.metadata import Metadata
from schemas.output_folder import OutputFolder
from schemas.records import State
from sluicegate.lineage import connection as lineage_connection
from sluicegate.lineage import store as lineage
from sluicegate.lineage.connection import connection

NAME = "p"


@component
def Source(text: OutputArtifact[String]) -> None:
    text.value = "rows"
    text.set_string_custom_property("serving_folder", f"{text.uri.split('/artifacts/')[0]}/serving")


@component
def Work(text: InputArtifact[String], result: OutputArtifact[String], place: Parameter[str]) -> None:
    """place : a path in the output folder, as the schema's file and the serving folder are."""
    result.value = f"{text.value.upper()} {Path(place).name}"


def run(root: Path, run_id: str, inner: str = "schemas/a") -> dict[str, State]:
    """How each step of one run in the output folder `root` ended."""
    folder = OutputFolder(root, NAME)
    place = connection(Metadata(), folder.metadata_db)
    moved.tell(place, folder, Metadata())
    source = Source().with_id("Source")
    work = Work(text=source.outputs["text"], place=str(root / inner)).with_id("Work")
    pipeline = tfx_pipeline.Pipeline(
        NAME, str(folder.artifacts), components=[source, work], enable_cache=True, metadata_connection_config=place
    )
    graph = launch.prepare(compiler.Compiler().compile(pipeline), run_id, place, {}, set(), {})
    records = [launch.launch(graph, node) for node in graph.nodes]
    assert not [record.error for record in records if record.error]
    return {record.step: record.state for record in records}


def artifacts(root: Path):
    return metadata_store.MetadataStore(connection(Metadata(), root / "metadata.db")).get_artifacts()


CACHED = {"Source": State.CACHED, "Work": State.CACHED}


@pytest.fixture
def ran(tmp_path):
    root = tmp_path / "before"
    root.mkdir()
    assert run(root, "r1") == {"Source": State.DONE, "Work": State.DONE}
    return root


def test_in_its_place_the_cache_answers(ran):
    assert run(ran, "r2") == CACHED


def test_moved_the_cache_answers_with_artifacts_that_are_here(ran, tmp_path):
    here = tmp_path / "after"
    shutil.move(ran, here)
    assert run(here, "r2") == CACHED
    found = artifacts(here)
    assert all(Path(artifact.uri).exists() for artifact in found)
    assert all(artifact.uri.startswith(f"{here}/artifacts/") for artifact in found)
    [folder] = {
        a.custom_properties["serving_folder"].string_value for a in found if "serving_folder" in a.custom_properties
    }
    assert folder == f"{here}/serving"


def test_a_copy_reads_its_own_artifacts_and_leaves_the_original_alone(ran, tmp_path):
    here = tmp_path / "copy"
    shutil.copytree(ran, here)
    assert run(here, "r2") == CACHED
    assert all(artifact.uri.startswith(f"{here}/") for artifact in artifacts(here))
    assert all(artifact.uri.startswith(f"{ran}/") for artifact in artifacts(ran))


def test_another_path_in_the_folder_is_another_parameter(ran, tmp_path):
    """The key forgets where the folder is, not what is in it."""
    here = tmp_path / "after"
    shutil.move(ran, here)
    assert run(here, "r2", "schemas/b") == {"Source": State.CACHED, "Work": State.DONE}


def test_it_can_be_moved_again_and_back(ran, tmp_path):
    for number, name in enumerate(("after", "later", "before")):
        here = tmp_path / name
        shutil.move(ran, here)
        ran = here
        assert run(here, f"r{number + 2}") == CACHED


def test_a_rewriting_that_was_interrupted_is_finished_by_the_next_run(ran, tmp_path, monkeypatch):
    later, last = tmp_path / "later", tmp_path / "last"
    shutil.move(ran, later)
    monkeypatch.setattr(lineage_connection, "_AT_ONCE", 1)
    put, calls = metadata_store.MetadataStore.put_artifacts, []

    def once(self, some, *more):
        calls.append(some)
        if len(calls) > 1:
            raise KeyboardInterrupt
        return put(self, some, *more)

    monkeypatch.setattr(metadata_store.MetadataStore, "put_artifacts", once)
    with pytest.raises(KeyboardInterrupt):
        run(later, "r2")
    monkeypatch.undo()
    assert {str(Path(a.uri).parents[4]) for a in artifacts(later)} == {str(ran), str(later)}
    shutil.move(later, last)
    assert run(last, "r3") == CACHED
    assert {str(Path(a.uri).parents[4]) for a in artifacts(last)} == {str(last)}


def test_a_shared_database_is_told_only_of_what_is_here_and_no_longer_there(ran, tmp_path):
    """As with PostgreSQL: a copy must not turn the original's artifacts away from it."""
    copy = tmp_path / "copy"
    shutil.copytree(ran, copy)
    place = connection(Metadata(), ran / "metadata.db")
    shared = Metadata(kind="postgresql")
    assert moved.tell(place, OutputFolder(copy, NAME), shared) == ""
    assert all(artifact.uri.startswith(f"{ran}/") for artifact in artifacts(ran))
    shutil.rmtree(ran / "artifacts")
    assert moved.tell(place, OutputFolder(copy, NAME), shared) == str(ran)
    assert all(artifact.uri.startswith(f"{copy}/") for artifact in artifacts(ran))


def test_lineage_shows_where_things_are_before_any_run_there(ran, tmp_path):
    here = tmp_path / "after"
    shutil.move(ran, here)
    graph = lineage.read(connection(Metadata(), here / "metadata.db"), NAME, here)
    assert all(Path(artifact.uri).exists() for artifact in graph.artifacts.values())
    assert {a.properties["serving_folder"] for a in graph.artifacts.values() if "serving_folder" in a.properties} == {
        f"{here}/serving"
    }
