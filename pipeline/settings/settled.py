"""Settings that say all a graph is built of: what they leave open filled in from a look at the table, or refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pipeline.settings.file import LoadedSettings
from pipeline.settings.source import source_of
from pipeline.settings.types import Settings
from schemas.errors import Problem, SettingsError
from schemas.roles import Roles
from schemas.table import TableProfile

if TYPE_CHECKING:
    from sluicegate.tables.columns.stated import Stated


def settle(settings: Settings, profile: TableProfile) -> Settings:
    """Settings that also say what the table decided; the same ones where they left nothing open.

    What contradicts them there is not looked for: `table.check_with_table` says it in the settings' own words.
    """
    for one in profile.unsaid:
        settings = _with(settings, one.key, one.value)
    return settings


def _with(section: Any, key: Sequence[str], value: Any) -> Any:
    name, *rest = key
    inner = getattr(section, name)
    if not rest:
        return section.model_copy(update={name: value})
    changed = {**inner, rest[0]: value} if isinstance(inner, Mapping) else _with(inner, rest, value)
    return section.model_copy(update={name: changed})


def stated_roles(settings: Settings) -> Roles:
    """What each column is for, from settings and schema alone. Of settings that leave something open, as far as they go."""
    return _stated(settings).roles


def check_complete(loaded: LoadedSettings) -> None:
    """Raises SettingsError with all that only a look at the table could tell, and the command that does."""
    settings = loaded.settings
    lacking = _stated(settings).lacking
    if lacking:
        remedy = (
            f"`sluicegate init --check {loaded.path}` looks at the table and prints the lines to write; "
            f"`sluicegate init --data {settings.data.path} --label {settings.label.column}` writes settings and schema anew"
        )
        raise SettingsError(
            "The settings leave open what a pipeline must know before it sees the table.",
            *(Problem(f"{loaded.path}, key {key}", "nothing", what, remedy) for key, what in lacking.items()),
        )


def _stated(settings: Settings) -> Stated:
    from schemas.pbtxt import read_pbtxt
    from sluicegate.tables.columns.stated import stated

    return stated(source_of(settings), read_pbtxt(settings.schema_file) if settings.schema_file else None)
