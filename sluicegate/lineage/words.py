"""What made a version, and what became of data or code, as trees of lines."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sluicegate.lineage.trace import Fate, Origin, StepOrigin
from sluicegate.lineage.tree import Branch

_WIDTH = 90


def origin_tree(found: Origin, root: Path) -> Branch:
    """Paths below `root`, the output folder, are shown from there on."""
    gone = "not recorded (the run's folder is gone)"
    span = "" if found.data_span is None else f", span {found.data_span}"
    metrics = ", ".join(f"{name} {value:.4g}" for name, value in found.metrics.items())
    gates = ", ".join(f"{gate} {status}" for gate, status in found.gates.items())
    return Branch(
        f"version {found.version} of {found.name}: {found.standing}",
        (
            Branch(f"model     {_short(found.model_digest)} in {found.folder}"),
            Branch(f"data      {_short(found.data_digest)}{span}  {found.data_path}".rstrip()),
            Branch(f"schema    {found.schema or gone}"),
            Branch(
                f"code      {_commit(found.commit) or gone}"
                + (f", digest {_short(found.code_digest)}" if found.code_digest else "")
            ),
            Branch(f"settings  {_short(found.settings_digest) or gone}", _training(found.settings)),
            Branch(f"gates     {gates or gone}"),
            Branch(f"metrics   {metrics or gone}"),
            Branch(f"run       {found.run_id}"),
            Branch("steps", tuple(_step(step, found.run_id, root) for step in found.steps)),
        ),
    )


def _training(settings: Mapping[str, Any]) -> tuple[Branch, ...]:
    chosen = {**(settings.get("training") or {})}
    text = ", ".join(f"{key} {value}" for key, value in chosen.items())
    return tuple(map(Branch, textwrap.wrap(text, _WIDTH, break_long_words=False)))


def _step(step: StepOrigin, run_id: str, root: Path) -> Branch:
    text = f"{step.step:<16} execution {step.execution_id}"
    text += f", code {_short(step.code_digest)}" if step.code_digest else ""
    if step.run_id != run_id:
        text += f", made by run {step.run_id}" + (f" at {_commit(step.commit)}" if step.commit else "")
    return Branch(text, tuple(Branch(f"{key}: {_below(uri, root)}") for key, uri in step.outputs.items()))


def _below(uri: str, root: Path) -> str:
    return uri.removeprefix(f"{root.resolve()}/")


def fates_tree(head: str, name: str, fates: Sequence[Fate]) -> Branch:
    count = "1 run" if len(fates) == 1 else f"{len(fates)} runs"
    return Branch(f"{head} of {name}: {count}", tuple(_fate(fate) for fate in fates))


def _fate(fate: Fate) -> Branch:
    text = f"run {fate.run_id}  {fate.verdict or 'no record'}"
    came = (
        f"version {fate.version}: {fate.standing}"
        if fate.version is not None
        else f"no version: {fate.why or 'nothing was pushed'}"
    )
    facts = [came, f"data {_short(fate.data_digest)}"]
    facts += [f"code {_commit(fate.commit)}"] if fate.commit else []
    return Branch(text, tuple(map(Branch, facts)))


def _short(digest: str) -> str:
    return digest[:12]


def _commit(commit: str) -> str:
    """Twelve characters of the commit, and whether the work tree differed from it."""
    sha, plus, changes = commit.partition("+")
    return f"commit {sha[:12]}" + (f" with {changes}" if plus else "") if sha else ""
