"""Whether a model can be asked, for whoever probes it."""

from __future__ import annotations

from sluicegate.serving.status import Code, ServingError
from sluicegate.serving.versions.library import Library


def model_is_ready(library: Library, name: str, version: int | None) -> bool:
    """Raises ServingError NOT_FOUND for what the server does not know."""
    model = library.models.get(name)
    if model is None or (version is not None and version not in model.versions):
        of = "" if version is None else f" version {version}"
        raise ServingError(Code.NOT_FOUND, f"Model {name}{of} was not found")
    return bool(model.available()) if version is None else model.versions[version].is_available
