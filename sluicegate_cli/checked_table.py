"""sluicegate init --check: what settings make of their table, and what they could say besides."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from schemas.errors import EXIT_DONE, DataError

if TYPE_CHECKING:
    from sluicegate.tables.inspecting import Source
    from sluicegate.tables.proposal.advice import Advice


def check(config: str) -> int:
    """Prints notes and advice; the exit code is 0 where a run could start.

    Raises
    ------
    SettingsError : the settings are wrong, or do not fit the table.
    DataError : the table would stop a run; advice is printed before it is raised.
    """
    from pipeline.local.table import look_at
    from pipeline.settings.file import load
    from pipeline.settings.source import source_of
    from pipeline.settings.table import check_with_table
    from sluicegate.tables.inspecting import advise
    from sluicegate_cli.what_it_settles import settles

    loaded = load(config)
    source = source_of(loaded.settings)
    try:
        profile = look_at(loaded.settings)
    except DataError:
        _say_what_might_help(source)
        raise
    check_with_table(loaded, profile.roles)
    rows = ", ".join(f"{split} {count:,}" for split, count in profile.rows.items())
    print(f"{source.path}: {sum(profile.rows.values()):,} rows ({rows}), task {profile.roles.task}")
    print("\n".join(f"  note: {note}" for note in (*profile.notes, *settles(profile))))
    advice = advise(source, profile)
    print("\n".join(_line(one) for one in advice) or "  nothing to add")
    for one in profile.unsaid:
        print(f"  decided by the table, not by the settings: {'.'.join(one.key)}: {_shown(one.value)}")
    print("Nothing was changed. A run of these settings can start.")
    return EXIT_DONE


def _shown(value: object) -> str:
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)


def _say_what_might_help(source: Source) -> None:
    """Nothing where the table cannot even be read."""
    from sluicegate.tables.inspecting import advise

    try:
        advice = advise(source)
    except DataError:
        return
    print("\n".join(_line(one) for one in advice))


def _line(one: Advice) -> str:
    return f"  {'add' if one.active else 'consider'}: {one}"
