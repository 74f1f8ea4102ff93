"""The settings' schema with what the settings themselves overrule in it, as a file that steps can import."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pipeline.run.folders import cannot_write
from pipeline.settings.source import source_of
from pipeline.settings.types import Settings
from schemas.file_names import SCHEMA
from schemas.output_folder import OutputFolder
from schemas.table import Column


def amendments(settings: Settings) -> list[str]:
    """A sentence for each thing that the settings overrule in the schema they name."""
    return _amended(settings)[1]


def with_schema_in_force(settings: Settings, folder: Path) -> Settings:
    """Settings that name this run's schema, amended where they overrule it, written below `folder` under its own digest.

    TFX's cache hashes the path of the file that ImportSchemaGen reads: under its digest, the same schema is the same from
    any place, and all that stands on it is answered from the cache. Settings without a schema stay as they are.

    Raises
    ------
    MachineError : the folder cannot be written.
    """
    if not settings.schema_file:
        return settings
    text, notes = _amended(settings)
    if not notes:
        text = Path(settings.schema_file).read_text(encoding="utf-8")
    path = OutputFolder(folder).schemas / hashlib.sha256(text.encode()).hexdigest()[:16] / SCHEMA
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise cannot_write(path, error) from None
    return settings.model_copy(update={"schema_file": str(path)})


def title(schema_file: str) -> str:
    """The amended schema's first line; it names the version of the file that it amends."""
    content = Path(schema_file).read_bytes()
    return f"{schema_file} (sha256 {hashlib.sha256(content).hexdigest()[:16]}) as the settings amend it:"


def _amended(settings: Settings) -> tuple[str, list[str]]:
    from schemas.in_force import amended
    from schemas.pbtxt import read_pbtxt, to_pbtxt
    from sluicegate.tables.columns.stated import stated

    if not settings.schema_file:
        return "", []
    gone = {*settings.columns.leave_out, *([settings.split.column] if settings.split.column else [])}
    file = read_pbtxt(settings.schema_file)
    said = stated(source_of(settings), file)
    columns = [Column(name, type_, said.kinds[name]) for name, type_ in said.types.items() if type_]
    schema, notes = amended(file, columns, gone)
    header = "\n".join([title(settings.schema_file), *(f"- {note}" for note in notes)])
    return to_pbtxt(schema, header), notes
