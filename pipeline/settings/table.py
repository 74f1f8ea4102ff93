"""Settings that only make no sense once the table has been looked at: what `task: auto` and the label's classes came to."""

from __future__ import annotations

from pipeline.settings.fairness_contradictions import task_contradictions_in
from pipeline.settings.file import LoadedSettings
from schemas.errors import Problem, SettingsError
from schemas.roles import Roles


def check_with_table(loaded: LoadedSettings, roles: Roles) -> None:
    """Raises SettingsError with all that `fairness` asks of this label and it cannot have."""
    found = task_contradictions_in(loaded.settings, roles.task, roles.positive, roles.classes)
    if found:
        told = [Problem(_place(loaded, one.key), one.got, one.allowed, one.remedy) for one in found]
        raise SettingsError(f"The settings do not fit the label column '{roles.label}', a {roles.task} task.", *told)


def _place(loaded: LoadedSettings, key: str) -> str:
    """Of the key, or of what it was set with."""
    parts = key.split(".")
    above = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    origin = next((where for one in above if (where := loaded.where(one)) != "default"), loaded.path)
    return f"{origin}, key {key}"
