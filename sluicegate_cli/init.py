"""sluicegate init: proposes settings and a schema for a table seen for the first time, or checks those that are there.

With --check it reads the table as the settings say, prints what it would propose besides, and changes nothing: exit code 0
where a run could start, 1 where the table would stop it, 64 where the settings are wrong.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING

from schemas.errors import EXIT_DONE, MachineError, Problem, UsageError
from schemas.file_names import SCHEMA

if TYPE_CHECKING:
    from sluicegate.tables.proposal.proposal import Proposal

_NOT_IN_NAMES = re.compile(r"[^a-z0-9_-]+")


def add(verbs: argparse._SubParsersAction) -> None:
    parser = verbs.add_parser("init", help="propose settings and a schema for your table", description=__doc__)
    parser.add_argument("--data", metavar="FILE", help="a CSV or Parquet file, or a folder of them")
    parser.add_argument("--label", metavar="COL", help="the column to predict")
    parser.add_argument(
        "--check", metavar="CONFIG", help="say the same of these settings and their table; change nothing"
    )
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
    from sluicegate.tables.inspecting import Source, propose, with_delimiter

    if arguments.check:
        from sluicegate_cli.checked_table import check

        return check(arguments.check)
    _refuse_to_guess(arguments)
    name = _name(arguments.name, arguments.data)
    config = Path(arguments.config_dir) / f"{name}.yaml"
    schema = Path(arguments.config_dir).parent / "schemas" / name / SCHEMA
    _refuse_to_overwrite([config, schema], arguments.force)
    source = Source(
        path=arguments.data, label=arguments.label, delimiter=arguments.delimiter or ",", encoding=arguments.encoding
    )
    if arguments.delimiter is None:
        source = with_delimiter(source)
    found = propose(source)
    from sluicegate_cli.proposed_settings import proposed_settings

    _write(schema, found.schema)
    _write(config, proposed_settings(name, found, str(schema)))
    from pipeline.settings.file import load

    load(config)
    print("\n".join(_next_steps(found, config, schema)))
    return EXIT_DONE


def _refuse_to_guess(arguments: argparse.Namespace) -> None:
    lacking = [option for option in ("--data", "--label") if getattr(arguments, option[2:]) is None]
    if lacking:
        raise UsageError(
            "init does not know which table this is about.",
            Problem(
                "command line",
                f"no {' and no '.join(lacking)}",
                "--data FILE --label COL, or --check CONFIG",
                "name the table and the column to predict",
            ),
        )


def _name(given: str | None, data: str) -> str:
    """A name that the settings accept, from what was given or the file's own. Raises UsageError for a bad one."""
    stem = Path(data).name.split(".")[0]
    made = _NOT_IN_NAMES.sub("_", (given or stem).lower()).strip("_-")[:63]
    made = made if made[:1].isalpha() else f"t_{made}"
    if given and made != given:
        raise UsageError(
            "This name cannot be used.",
            Problem(
                "--name",
                repr(given),
                "small letters, digits, - and _, a letter first, 63 characters or fewer",
                f"take another one, such as {made}",
            ),
        )
    return made


def _refuse_to_overwrite(paths: list[Path], force: bool) -> None:
    there = [path for path in paths if path.exists()]
    if there and not force:
        raise UsageError(
            "These files are there already.",
            *(
                Problem(
                    str(path),
                    "a file that init would overwrite",
                    "",
                    "choose another --name, or --force to overwrite it",
                )
                for path in there
            ),
        )


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


def _next_steps(found: Proposal, config: Path, schema: Path) -> list[str]:
    from sluicegate_cli.what_it_settles import settles

    profile, source = found.profile, found.source
    rows = ", ".join(f"{split} {count:,}" for split, count in profile.rows.items())
    kinds = {kind: sum(column.kind == kind for column in profile.features) for kind in ("number", "category", "date")}
    columns = ", ".join(f"{count} {kind}" for kind, count in kinds.items() if count)
    return [
        f"{source.path}: {sum(profile.rows.values()):,} rows ({rows})",
        f"features by kind: {columns}; task {profile.roles.task}",
        *(f"  note: {note}" for note in profile.notes),
        *(f"  note: {said}" for said in settles(profile)),
        *(f"  written: {one}" for one in found.advice if one.active),
        *(f"  consider: {one}" for one in found.advice if not one.active),
        "",
        "Written, for you to read and change:",
        f"  {config}   the settings: suggestions stand there as comments",
        f"  {schema}   the contract that data must meet",
        "",
        "Then:",
        f"  sluicegate run --config {config} --plan     see the steps and every setting",
        f"  sluicegate run --config {config}            data to a gated, pushed model and a report",
    ]
