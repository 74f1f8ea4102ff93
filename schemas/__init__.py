"""The contracts between the packages. Artifact types are served lazily, because they need TFX."""

from typing import Any

_ARTIFACT_TYPES = (
    "ExplanationEvidence",
    "FairnessEvidence",
    "GateVerdict",
    "ModelCardFiles",
    "Predictions",
    "ReleaseRecord",
)


def __getattr__(name: str) -> Any:
    if name in _ARTIFACT_TYPES:
        from schemas import artifacts

        return getattr(artifacts, name)
    raise AttributeError(f"module 'schemas' has no attribute {name!r}")
