"""Runs a function component as TFX does: through its executor, with real artifacts in a folder."""

from pathlib import Path
from typing import Any


def run(component: Any, inputs: dict[str, Any], outputs: dict[str, Any], **parameters: Any) -> None:
    """inputs, outputs : one artifact per name."""
    executor = component.EXECUTOR_SPEC.executor_class()
    executor.Do({k: [a] for k, a in inputs.items()}, {k: [a] for k, a in outputs.items()}, parameters)


def artifact(kind: Any, folder: Path, **properties: int | str) -> Any:
    """An artifact of that type in `folder`, with custom properties."""
    made = kind()
    made.uri = str(folder)
    for name, value in properties.items():
        if isinstance(value, int):
            made.set_int_custom_property(name, value)
        else:
            made.set_string_custom_property(name, value)
    return made
