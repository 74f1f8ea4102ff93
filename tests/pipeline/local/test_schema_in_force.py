"""The schema that steps import lies under its own digest, so that TFX's cache knows it from any place."""

import shutil
from pathlib import Path

import pytest

from pipeline.run.schema_in_force import with_schema_in_force
from pipeline.settings.file import load

PROJECT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def settings():
    return load(PROJECT / "configs" / "penguins.yaml", []).settings


def test_the_same_schema_from_another_place_is_the_same_file(settings, tmp_path):
    schema = tmp_path / "here.pbtxt"
    schema.write_text('feature { name: "species" type: BYTES }\n')
    first = with_schema_in_force(settings.model_copy(update={"schema_file": str(schema)}), tmp_path)
    moved = shutil.move(schema, tmp_path / "there.pbtxt")
    again = with_schema_in_force(settings.model_copy(update={"schema_file": str(moved)}), tmp_path)
    assert first.schema_file == again.schema_file
    assert Path(first.schema_file).read_text() == Path(moved).read_text()
    Path(moved).write_text('feature { name: "species" type: INT }\n')
    other = with_schema_in_force(settings.model_copy(update={"schema_file": str(moved)}), tmp_path)
    assert other.schema_file != first.schema_file


def test_without_a_schema_there_is_nothing_to_write(settings, tmp_path):
    bare = settings.model_copy(update={"schema_file": None})
    assert with_schema_in_force(bare, tmp_path) == bare
    assert not list(tmp_path.iterdir())
