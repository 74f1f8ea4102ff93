"""Schemas as text files that people edit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from schemas.errors import Problem, SettingsError

if TYPE_CHECKING:
    from tensorflow_metadata.proto.v0 import schema_pb2

HEADLINE = "The schema cannot be read."


def read_pbtxt(path: str | Path) -> schema_pb2.Schema:
    """The schema in a text-format file.

    Raises
    ------
    SettingsError : no such file, not UTF-8, or not a schema; the problem names the line.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(
            HEADLINE,
            Problem(
                str(path),
                (error.strerror or str(error)).lower(),
                "a file in protobuf text format",
                "correct the path, or write one with: sluicegate init",
            ),
        ) from None
    except UnicodeDecodeError as error:
        raise SettingsError(
            HEADLINE, Problem(f"{path}, byte {error.start + 1}", "not UTF-8", "UTF-8 text", "save it as UTF-8")
        ) from None
    return parse_pbtxt(text, str(path))


def parse_pbtxt(text: str, place: str) -> schema_pb2.Schema:
    """The schema in a text; `place` says in messages where the text stands.

    Raises
    ------
    SettingsError : unknown fields or broken syntax, with the line; a schema without features, or with one twice.
    """
    from google.protobuf import text_format
    from tensorflow_metadata.proto.v0 import schema_pb2

    schema = schema_pb2.Schema()
    try:
        text_format.Parse(text, schema)
    except text_format.ParseError as error:
        line = error.GetLine() or 1
        lines = text.splitlines()
        shown = lines[line - 1].strip()[:80] if line <= len(lines) else "the end of the file"
        said = str(error).split(" : ")[-1].strip()
        raise SettingsError(
            HEADLINE,
            Problem(
                f"{place}, line {line}",
                f"{shown!r}: {said}",
                "protobuf text format of tensorflow_metadata's Schema",
                "correct the line; braces must pair, texts stand in quotation marks",
            ),
        ) from None
    names = [feature.name for feature in schema.feature]
    twice = sorted({name for name in names if names.count(name) > 1})
    if not names or twice:
        raise SettingsError(
            HEADLINE,
            Problem(
                place,
                f"feature {twice[0]!r} twice" if twice else "no features",
                "each column once",
                "remove one of them" if twice else "write one with: sluicegate init",
            ),
        )
    return schema


def to_pbtxt(schema: schema_pb2.Schema, header: str = "") -> str:
    """The schema as text, `header` above it as comment lines."""
    from google.protobuf import text_format

    comments = "".join(f"# {line}".rstrip() + "\n" for line in header.splitlines())
    return comments + text_format.MessageToString(schema, as_utf8=True)
