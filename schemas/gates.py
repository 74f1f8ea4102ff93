"""A gate, declared once: graph, lint, release decision, model card, evidence and report pages read its declaration.

The declarations stand in the gates' own folders (components/*/gate.py), their list in pipeline/gates.py. What lies below
the pipeline is handed them: a component as a parameter of its step, a page as an argument.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field

from schemas.document import build

VERDICT = "verdict"
#: The step that asks all gates, and its verdict's `gate`.
RELEASE_STEP, RELEASE_GATE = "ReleaseGate", "release_gate"


@dataclass(frozen=True)
class Gate:
    """One gate. Its step is named like its component, whose output `verdict` is a schemas.GateVerdict.

    id : its verdict's `gate`, and its name in settings.overrides.
    step, module : the component's class, which is the node's id, and where it stands.
    title : what it judges, in a word: a part of the model card, and the name of its page.
    what : what it does, in a line.
    needs : the component's inputs, each from the output of a step: {"predictions": "Score.predictions"}.
    parameters : the component's parameters, each from the settings: {"policy_json": "fairness", "seed": "training.seed"}. A section is
        handed over as JSON.
    settings : its section of the settings, "" for none; a section that has `enabled` decides whether the step is there.
    evidence : files that it leaves for card and pages, and the output in which each lies; a run keeps a copy of them.
    beside : likewise, of which a run keeps no copy.
    page : the page of the run's report that draws its evidence, "" for none.
    code : modules that decide its result besides its own with all that it imports.
    guards : what follows runs only where it passed; one gate does.  is_asked : ReleaseGate asks it; otherwise it judges
        something about the model's report, and its verdict reaches the card alone.
    may_be_overridden : whether a person may let its refusal pass.
    absent : what the card says where the step is not in the pipeline.
    kept, broken : set where its sentences hold measured times. The card, which must be the same twice, says these instead, for
        PASSED and for the rest.
    """

    id: str
    step: str
    module: str
    title: str
    what: str
    needs: Mapping[str, str]
    parameters: Mapping[str, str] = field(default_factory=dict)
    settings: str = ""
    evidence: Mapping[str, str] = field(default_factory=dict)
    beside: Mapping[str, str] = field(default_factory=dict)
    page: str = ""
    code: tuple[str, ...] = ()
    guards: bool = False
    is_asked: bool = True
    may_be_overridden: bool = False
    absent: str = "The step left no verdict."
    kept: str = ""
    broken: str = ""

    @property
    def verdict_input(self) -> str:
        """The input by which ReleaseGate and ModelCard read its verdict."""
        return verdict_input(self.title)

    @property
    def card_inputs(self) -> dict[str, str]:
        """The output that stands behind each of ModelCard's inputs."""
        others = {output for output in self.evidence.values() if output != VERDICT}
        return {self.verdict_input: VERDICT, **{f"{_key(self.title)}_{output}": output for output in sorted(others)}}

    def folders(self, given: Mapping[str, str]) -> dict[str, str]:
        """The folder of each of its outputs, among what ModelCard was given by input."""
        return {output: given[key] for key, output in self.card_inputs.items() if key in given}

    @property
    def is_timed(self) -> bool:
        """Whether its sentences differ from run to run."""
        return bool(self.kept or self.broken)

    @property
    def files(self) -> dict[str, str]:
        """Every file that it leaves besides the verdict, and the output in which it lies."""
        return {**self.evidence, **self.beside}


def verdict_input(title: str) -> str:
    """
    >>> verdict_input("Data")
    'data_verdict'
    """
    return f"{_key(title)}_{VERDICT}"


def _key(title: str) -> str:
    return title.lower().replace(" ", "_")


def to_json(gates: Iterable[Gate]) -> str:
    """Declarations as the parameter of a step."""
    return json.dumps([asdict(gate) for gate in gates], ensure_ascii=False)


def from_json(text: str) -> tuple[Gate, ...]:
    """Reads what `to_json` wrote. Raises TypeError for a key that is none of a gate's."""
    return build(tuple[Gate, ...], json.loads(text))


def leaving(gates: Iterable[Gate], file: str) -> tuple[Gate, str]:
    """The gate that leaves `file`, and the output in which it lies. Raises LookupError where none is declared to."""
    for gate in gates:
        if file in gate.files:
            return gate, gate.files[file]
    raise LookupError(f"no gate is declared to leave {file}")
