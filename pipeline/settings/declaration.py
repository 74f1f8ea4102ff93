"""How a setting is declared: its range, unit and reason beside the field; `sluicegate settings` and the docs print them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

SETTINGS_VERSION = 1


#: Sections that may be written as the one value that matters most: `data: my.csv`.
SHORT_FORMS: dict[str, str] = {"data": "path", "label": "column"}
#: No metric comes near it; a bound beyond is a slip of the keyboard.
FAR = 1e12


def limit(default: Any, *, low: float, high: float, unit: str, why: str, above: bool = False) -> Any:
    """A number with its range, unit and reason.  above : the low end itself is not allowed."""
    gt, ge = (low, None) if above else (None, low)
    return Field(default, strict=True, gt=gt, ge=ge, le=high, json_schema_extra={"unit": unit}, description=why)


#: A sensitive column may be written as its name.
column_by_name = BeforeValidator(lambda value: {"column": value} if isinstance(value, str) else value)
#: A list that may be written as its only item.
one_or_more = BeforeValidator(lambda value: (value,) if isinstance(value, str) else value)
#: A section that may be written `off`, which YAML reads as false.
auto = BeforeValidator(lambda value: None if value == "auto" else value)
off = BeforeValidator(lambda value: {"enabled": False} if value in (False, "off") else value)

#: Text on one line, without spaces around it: spaces are no name and no reason.
line = BeforeValidator(lambda value: " ".join(value.split()) if isinstance(value, str) else value)


def switch(default: bool, why: str) -> Any:
    """True or false, and nothing that merely looks like it."""
    return Field(default, strict=True, description=why)


class Section(BaseModel):
    """Frozen; unknown keys are errors; defaults are validated like everything else."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


def short(section: str) -> BeforeValidator:
    """Lets a section be written in its short form."""
    return BeforeValidator(lambda value: {SHORT_FORMS[section]: value} if isinstance(value, str) else value)
