"""The copy of the schema that a run goes by: the file word for word, unless the settings overrule it."""

from __future__ import annotations

from pathlib import Path

from pipeline.local.table import look_at
from pipeline.run.schema_in_force import title, with_schema_in_force
from pipeline.settings.file import load
from schemas.pbtxt import read_pbtxt

SCHEMA = 'feature { name: "x" type: INT }\nfeature { name: "g" type: INT }\nfeature { name: "f" type: INT }\nfeature { name: "y" type: BYTES }\n'


def settings_of(folder: Path, columns: str = "") -> Path:
    rows = "".join(f"{7205759403792793600 + i % 12},{i % 5},{i},{'yes' if i % 3 else 'no'}\n" for i in range(600))
    (folder / "t.csv").write_text("x,g,f,y\n" + rows)
    (folder / "schema.pbtxt").write_text(SCHEMA)
    lines = f"name: t\ndata: {folder}/t.csv\nlabel: y\nschema: {folder}/schema.pbtxt\nfairness: off\n{columns}"
    (folder / "t.yaml").write_text(lines)
    return folder / "t.yaml"


def test_a_schema_that_fits_is_imported_word_for_word(tmp_path: Path) -> None:
    settings = load(settings_of(tmp_path)).settings
    found = with_schema_in_force(settings, tmp_path / "out")
    assert found.schema_file is not None
    assert Path(found.schema_file).read_text() == SCHEMA


def test_the_settings_word_is_in_the_copy_and_in_the_notes(tmp_path: Path) -> None:
    settings = load(settings_of(tmp_path, "columns: {kinds: {x: category}, leave_out: [g]}\n")).settings
    profile = look_at(settings)
    assert any("'x' is read as BYTES" in note for note in profile.notes)
    assert any("'g' of the schema is not asked for" in note for note in profile.notes)
    found = with_schema_in_force(settings, tmp_path / "out")
    assert found.schema_file is not None
    assert Path(found.schema_file).read_text().startswith(f"# {title(str(tmp_path / 'schema.pbtxt'))}")
    schema = read_pbtxt(found.schema_file)
    assert [(feature.name, feature.type) for feature in schema.feature] == [("x", 1), ("f", 2), ("y", 1)]
    assert (tmp_path / "schema.pbtxt").read_text() == SCHEMA
    # What reads the copy needs no amendment of its own.
    assert look_at(found).column("x").distinct == 12
    assert with_schema_in_force(found, tmp_path / "out") == found
