"""sluicegate init: proposes settings and a schema for a table seen for the first time."""

from __future__ import annotations

import argparse
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from schemas.errors import EXIT_DONE, MachineError, Problem, UsageError

if TYPE_CHECKING:
    from components.example_gen.core import Source, TableProfile

_NOT_IN_NAMES = re.compile(r"[^a-z0-9_-]+")


def add(verbs: argparse._SubParsersAction) -> None:
    parser = verbs.add_parser("init", help="propose settings and a schema for your table", description=__doc__)
    parser.add_argument("--data", required=True, metavar="FILE", help="a CSV or Parquet file, or a folder of them")
    parser.add_argument("--label", required=True, metavar="COL", help="the column to predict")
    parser.add_argument("--name", metavar="NAME", help="name of the pipeline and the model (default: the file's name)")
    parser.add_argument(
        "--delimiter", metavar="CHAR", help="between the cells of a CSV file (default: what its header suggests)"
    )
    parser.add_argument("--encoding", default="utf-8", metavar="NAME", help="of a CSV file (default: utf-8)")
    parser.add_argument(
        "--config-dir", default="configs", metavar="FOLDER", help="where the settings go (default: configs)"
    )
    parser.add_argument("--force", action="store_true", help="overwrite settings and schema of that name")
    parser.set_defaults(main=main)


def main(arguments: argparse.Namespace) -> int:
    from components.example_gen.core import Source, first_look, propose, propose_split, with_delimiter

    name = _name(arguments.name, arguments.data)
    config = Path(arguments.config_dir) / f"{name}.yaml"
    schema = Path(arguments.config_dir).parent / "schemas" / name / "schema.pbtxt"
    _refuse_to_overwrite([config, schema], arguments.force)
    source = Source(
        path=arguments.data, label=arguments.label, delimiter=arguments.delimiter or ",", encoding=arguments.encoding
    )
    if arguments.delimiter is None:
        source = with_delimiter(source)
    table = first_look(source)
    split = propose_split(table, source)
    source = replace(source, split=split.rule, ids=split.rule.key)
    profile, schema_text, suggestions = propose(source, table)
    from sluicegate.proposed_settings import proposed_settings

    _write(schema, schema_text)
    _write(config, proposed_settings(name, source, profile, (suggestions, split), str(schema)))
    from pipeline.settings_file import load

    load(config)
    print("\n".join(_next_steps(profile, source, config, schema)))
    return EXIT_DONE


def _name(given: str | None, data: str) -> str:
    """A name that the settings accept, from what was given or the file's own. Raises UsageError for a bad one."""
    stem = Path(data).name.split(".")[0]
    made = _NOT_IN_NAMES.sub("_", (given or stem).lower()).strip("_-")[:63]
    made = made if made[:1].isalpha() else f"t_{made}"
    if given and made != given:
        raise UsageError(
            "This name cannot be used.",
            Problem("--name", repr(given), "small letters, digits, - and _, a letter first, 63 characters or fewer",
                    f"take another one, such as {made}"),
        )  # fmt: skip
    return made


def _refuse_to_overwrite(paths: list[Path], force: bool) -> None:
    there = [path for path in paths if path.exists()]
    if there and not force:
        raise UsageError(
            "These files are there already.",
            *(Problem(str(path), "a file that init would overwrite", "", "choose another --name, or --force to overwrite it")
              for path in there),
        )  # fmt: skip


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text if text.endswith("\n") else f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise MachineError(
            "The proposal cannot be written.",
            Problem(
                str(path),
                (error.strerror or str(error)).lower(),
                "a folder that can be written",
                "choose another --config-dir",
            ),
        ) from None


def _next_steps(profile: TableProfile, source: Source, config: Path, schema: Path) -> list[str]:
    rows = ", ".join(f"{split} {count:,}" for split, count in profile.rows.items())
    kinds = {kind: sum(column.kind == kind for column in profile.features) for kind in ("number", "category", "date")}
    columns = ", ".join(f"{count} {kind}" for kind, count in kinds.items() if count)
    return [
        f"{source.path}: {sum(profile.rows.values()):,} rows ({rows})",
        f"features by kind: {columns}; task {profile.roles.task}",
        *(f"  note: {note}" for note in profile.notes),
        "",
        "Written, for you to read and change:",
        f"  {config}   the settings: suggestions stand there as comments",
        f"  {schema}   the contract that data must meet",
        "",
        "Then:",
        f"  sluicegate run --config {config} --plan     see the steps and every setting",
        f"  sluicegate run --config {config}            data to a gated, pushed model and a report",
    ]
