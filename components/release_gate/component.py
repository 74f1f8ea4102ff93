"""TFX adapter: one standard ModelBlessing out of all verdicts, so that the stock Pusher obeys."""

from pathlib import Path

from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types.standard_artifacts import ModelBlessing

from components.release_gate.core import BLESSED_PROPERTY, FILE_NAMES, Allowances, decide, overrides_from, used
from schemas import gate_output
from schemas import verdict as verdicts
from schemas.artifacts import GateVerdict


@component
def ReleaseGate(
    data_verdict: InputArtifact[GateVerdict],
    quality_verdict: InputArtifact[GateVerdict],
    blessing: OutputArtifact[ModelBlessing],
    verdict: OutputArtifact[GateVerdict],
    fairness_verdict: InputArtifact[GateVerdict] = None,
    serving_verdict: InputArtifact[GateVerdict] = None,
    allow_unknown_json: Parameter[str] = "{}",
    overrides_json: Parameter[str] = "[]",
) -> None:
    """fairness_verdict, serving_verdict : may be left out, which refuses unless `allow_unknown_json` names them.

    overrides_json : a list of settings.Override; those that were needed stand in the verdict's property `overrides`.

    Writes BLESSED or NOT_BLESSED and the property `blessed` (1 or 0), as TFX's Evaluator does.
    """
    given = {
        "data_gate": data_verdict,
        "quality_gate": quality_verdict,
        "fairness": fairness_verdict,
        "serving_check": serving_verdict,
    }
    read = {name: verdicts.read(one.uri) if one else None for name, one in given.items()}
    decision = decide(read, Allowances.from_json(allow_unknown_json), overrides_from(overrides_json))
    gate_output.leave(decision, verdict)
    verdict.set_string_custom_property("overrides", "\n".join(used(decision)))
    folder = Path(blessing.uri)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE_NAMES[decision.passed]).touch()
    blessing.set_int_custom_property(BLESSED_PROPERTY, int(decision.passed))
