"""How a setting is declared: its range, unit and reason beside the field; `sluicegate settings` and the docs print them."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter

from schemas import declared

SETTINGS_VERSION = 1


#: Sections that may be written as the one value that matters most: `data: my.csv`.
SHORT_FORMS: dict[str, str] = {"data": "path", "label": "column"}


def limit(default: Any, **about: Any) -> Any:
    """As schemas.declared.limit, for a section that no lower floor reads."""
    return Field(default, **declared.limit(default, **about).metadata)


#: A list that may be written as its only item.
one_or_more = BeforeValidator(lambda value: (value,) if isinstance(value, str) else value)
#: A section that may be written `off`, which YAML reads as false.
off = BeforeValidator(lambda value: {"enabled": False} if value in (False, "off") else value)

#: Text on one line, without spaces around it: spaces are no name and no reason.
line = BeforeValidator(lambda value: " ".join(value.split()) if isinstance(value, str) else value)


def switch(default: bool, why: str) -> Any:
    """As schemas.declared.switch."""
    return Field(default, **declared.switch(default, why).metadata)


class Section(BaseModel):
    """Frozen; unknown keys are errors; defaults are validated like everything else."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


def short(section: str) -> BeforeValidator:
    """Lets a section be written in its short form."""
    return BeforeValidator(lambda value: {SHORT_FORMS[section]: value} if isinstance(value, str) else value)


Kind = TypeVar("Kind")


def section(kind: type[Kind], **values: Any) -> Kind:
    """One section by itself, checked as in a settings file. Raises pydantic's ValidationError."""
    return TypeAdapter(kind).validate_python(values)
