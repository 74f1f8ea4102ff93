"""`--plan`: the steps and every effective setting, in under two seconds and without touching the data."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from pipeline import gates
from pipeline.settings.file import LoadedSettings, describe
from pipeline.steps import steps


def print_plan(loaded: LoadedSettings) -> None:
    """Prints both tables to standard output."""
    console = Console()
    graph = Table("step", "what it does", title=f"{loaded.settings.name}: the steps", title_justify="left", box=None)
    for step in steps(loaded.settings):
        behind = "  " if step.gated else ""
        graph.add_row(behind + step.name, step.what)
    console.print(graph)
    console.print(f"Indented steps run only when {gates.guard().step} passed.\n")
    values = Table(title="the settings, defaults included", title_justify="left", box=None)
    for heading in ("setting", "value", "from"):
        values.add_column(heading, overflow="fold")
    for key, value, origin, *_ in describe(loaded):
        values.add_row(key, str(value), origin)
    console.print(values)
