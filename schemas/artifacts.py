"""Our own artifact types. Import them from `schemas` (their TYPE_NAME has one dot, as Kubeflow demands)."""

from tfx.types import artifact


class GateVerdict(artifact.Artifact):
    """A folder with `verdict.json`; `passed` stands as a custom property for conditions (1 or 0)."""

    TYPE_NAME = "schemas.GateVerdict"


class Predictions(artifact.Artifact):
    """A folder with `predictions.parquet`, or an empty one where nothing was scored."""

    TYPE_NAME = "schemas.Predictions"


class ReleaseRecord(artifact.Artifact):
    """A folder with the `release.json` that a release step left behind."""

    TYPE_NAME = "schemas.ReleaseRecord"


class FairnessEvidence(artifact.Artifact):
    """A folder with `fairness.json` (schemas/fairness_evidence.py)."""

    TYPE_NAME = "schemas.FairnessEvidence"


class ExplanationEvidence(artifact.Artifact):
    """A folder with `explanation.json` (schemas/explanation_evidence.py), or an empty one where nothing was explained."""

    TYPE_NAME = "schemas.ExplanationEvidence"


class ModelCardFiles(artifact.Artifact):
    """A folder with `model_card.json` (schemas/model_card.py) and `model_card.html`."""

    TYPE_NAME = "schemas.ModelCardFiles"
