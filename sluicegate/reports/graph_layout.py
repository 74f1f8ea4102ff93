"""The graph of a run as a drawing: who reads whose output, which row each step stands in, and how the lines run.

Rows are the longest path from the start; a line over several rows gets a place of its own in each row between, so it
passes beside the boxes and never through them (K. Sugiyama et al., 1981, in small).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from schemas.records import ArtifactRecord, State, StepRecord

BOX_WIDTH = 188
BOX_HEIGHT = 46
_GAP_X = 22
_LANE = 18  # width of the place that a passing line takes in a row
_GAP_Y = 38
_MARGIN = 10
_MAX_IN_ROW = 3
_SWEEPS = 6


@dataclass(frozen=True)
class Edge:
    """`source` and `target` are step names; `keys` are the target's input names that the edge carries."""

    source: str
    target: str
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Box:
    step: StepRecord
    x: float
    y: float


@dataclass(frozen=True)
class GraphDrawing:
    """All in pixels.  paths : (description, SVG path data) of each line."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    paths: tuple[tuple[str, str], ...]


def edges(steps: Sequence[StepRecord]) -> tuple[Edge, ...]:
    """Who reads whose output, told from the artifact ids (or uris) in the step records."""
    makers: dict[int | str, str] = {}
    found: dict[tuple[str, str], list[str]] = {}
    for step in steps:
        for artifact in step.inputs:
            maker = _maker(artifact, makers)
            if maker and maker != step.step and artifact.key not in found.setdefault((maker, step.step), []):
                found[(maker, step.step)].append(artifact.key)
        for artifact in step.outputs:
            makers.update(dict.fromkeys(_names(artifact), step.step))
    return tuple(Edge(source, target, tuple(keys)) for (source, target), keys in found.items())


def _names(artifact: ArtifactRecord) -> tuple[int | str, ...]:
    return tuple(name for name in (artifact.id, artifact.uri) if name)


def _maker(artifact: ArtifactRecord, makers: Mapping[int | str, str]) -> str | None:
    return next((makers[name] for name in _names(artifact) if name in makers), None)


def direct(all_edges: Sequence[Edge]) -> tuple[Edge, ...]:
    """The edges that no longer path implies; drawing the others as well would hide the shape of the run."""
    after: dict[str, set[str]] = {}
    for edge in all_edges:
        after.setdefault(edge.source, set()).add(edge.target)

    def reach(step: str, seen: set[str]) -> set[str]:
        for following in after.get(step, ()):
            if following not in seen:
                seen.add(following)
                reach(following, seen)
        return seen

    return tuple(e for e in all_edges if not any(e.target in reach(o, set()) for o in after[e.source] if o != e.target))


def draw(steps: Sequence[StepRecord]) -> GraphDrawing:
    """The drawing of a run; steps that never started stand below the rest, three in a row, without lines."""
    lines = direct(edges(steps))
    linked = {name for e in lines for name in (e.source, e.target)}
    placed = [s for s in steps if s.step in linked or s.state not in (State.SKIPPED, State.NOT_RUN)]
    rows, chains = _rows([s.step for s in placed], lines)
    rows += _rest([s.step for s in steps if s not in placed])
    centres = _centres(rows)
    by_name = {s.step: s for s in steps}
    boxes = tuple(Box(by_name[n], x - BOX_WIDTH / 2, y) for n, (x, y) in centres.items() if n in by_name)
    width = max((x + BOX_WIDTH / 2 for x, _ in centres.values()), default=0) + _MARGIN
    height = len(rows) * (BOX_HEIGHT + _GAP_Y) - _GAP_Y + 2 * _MARGIN if rows else 0
    paths = tuple(
        (f"{e.source} to {e.target}: {', '.join(e.keys)}", _path(c, centres))
        for e, c in zip(lines, chains, strict=True)
    )
    return GraphDrawing(width, height, boxes, paths)


def _rows(names: Sequence[str], lines: Sequence[Edge]) -> tuple[list[list[str]], list[list[str]]]:
    """The rows of step and lane names, and for each line the places it visits from source to target."""
    row = dict.fromkeys(names, 0)
    for name in names:  # steps come in topological order, so every source is settled before its readers
        row[name] = max((row[e.source] + 1 for e in lines if e.target == name), default=0)
    rows: list[list[str]] = [[] for _ in range(max(row.values(), default=-1) + 1)]
    for name in names:
        rows[row[name]].append(name)
    chains = []
    for edge in lines:
        lanes = [f"\0{edge.source}\0{edge.target}\0{r}" for r in range(row[edge.source] + 1, row[edge.target])]
        for r, lane in enumerate(lanes, start=row[edge.source] + 1):
            rows[r].append(lane)
        chains.append([edge.source, *lanes, edge.target])
    return _untangled(rows, chains), chains


def _untangled(rows: list[list[str]], chains: Sequence[Sequence[str]]) -> list[list[str]]:
    """Each row sorted by the mean place of its neighbours, swept down and up a few times."""
    near: dict[str, list[str]] = {name: [] for names in rows for name in names}
    for chain in chains:
        for one, other in pairwise(chain):
            near[one].append(other)
            near[other].append(one)
    for sweep in range(_SWEEPS):
        place = {n: (i + 0.5) / len(names) for names in rows for i, n in enumerate(names)}
        for names in rows if sweep % 2 == 0 else reversed(rows):
            weight = {n: sum(place[o] for o in near[n]) / len(near[n]) if near[n] else place[n] for n in names}
            names.sort(key=weight.__getitem__)
            place.update({n: (i + 0.5) / len(names) for i, n in enumerate(names)})
    return rows


def _rest(names: Sequence[str]) -> list[list[str]]:
    return [list(names[i : i + _MAX_IN_ROW]) for i in range(0, len(names), _MAX_IN_ROW)]


def _centres(rows: Sequence[Sequence[str]]) -> dict[str, tuple[float, float]]:
    """Centre x and top y of everything in the rows, each row centred on the widest."""

    def size(name: str) -> int:
        return _LANE if name.startswith("\0") else BOX_WIDTH

    widths = [sum(map(size, names)) + _GAP_X * (len(names) - 1) for names in rows]
    widest = max(widths, default=0)
    centres: dict[str, tuple[float, float]] = {}
    for i, names in enumerate(rows):
        x = _MARGIN + (widest - widths[i]) / 2
        for name in names:
            centres[name] = (x + size(name) / 2, _MARGIN + i * (BOX_HEIGHT + _GAP_Y))
            x += size(name) + _GAP_X
    return centres


def _path(chain: Sequence[str], centres: Mapping[str, tuple[float, float]]) -> str:
    x, top = centres[chain[0]]
    y = top + BOX_HEIGHT
    path = f"M{x:.1f} {y:.1f}"
    for name in chain[1:]:
        to_x, to_y = centres[name]
        bend = (to_y - y) / 2
        path += f"C{x:.1f} {y + bend:.1f} {to_x:.1f} {to_y - bend:.1f} {to_x:.1f} {to_y:.1f}"
        x, y = to_x, to_y
        if name != chain[-1]:
            y = to_y + BOX_HEIGHT
            path += f"V{y:.1f}"
    return path
