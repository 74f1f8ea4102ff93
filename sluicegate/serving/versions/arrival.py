"""Whether the models of a new configuration came to be served, as HandleReloadConfigRequest answers it."""

from __future__ import annotations

from collections.abc import Iterable

from sluicegate.serving.status import Code, ServingError
from sluicegate.serving.versions.library import Library, Model
from sluicegate.serving.versions.version import Version, VersionState


async def served(library: Library, names: Iterable[str]) -> None:
    """Waits until each model has a version that answers, or none that could: through all retries, if need be.

    Nobody else waits for it.

    Raises
    ------
    ServingError
        UNKNOWN: models did not become available, with TensorFlow Serving's text; a model that another reload took out among
        them.
    """
    models = {name: library.models.get(name) for name in names}
    while any(_may_come(library, model) for model in models.values()):
        await library.change()
    failed = [_told(library, name, model) for name, model in models.items() if not _answers(library, model)]
    if failed:
        told = "".join(f"{{{one}}}, " for one in failed)
        raise ServingError(Code.UNKNOWN, f"{len(failed)} model(s) did not become available: {{{told}}}")


def _is_served(library: Library, model: Model | None) -> bool:
    return model is not None and library.models.get(model.config.name) is model


def _answers(library: Library, model: Model | None) -> bool:
    return model is not None and _is_served(library, model) and bool(model.available())


def _may_come(library: Library, model: Model | None) -> bool:
    if model is None or not _is_served(library, model) or model.available():
        return False
    return any(version.state in (VersionState.START, VersionState.LOADING) for version in model.versions.values())


def _told(library: Library, name: str, model: Model | None) -> str:
    if model is None or not _is_served(library, model):
        return f"{{name: {name}}} due to error: ABORTED: another reload took it out"
    tried = [version for _, version in sorted(model.versions.items(), reverse=True)]
    if tried:
        return f"{{name: {name} version: {tried[0].number}}}{_error_of(tried[0])}"
    # TensorFlow Serving would wait until somebody makes the folder.
    return f"{{name: {name}}} due to error: NOT_FOUND: {model.problem}"


def _error_of(version: Version) -> str:
    code, message = version.status
    return f" due to error: {code.name}: {message}" if code is not Code.OK else ""
