"""`--plan`: the steps and every effective setting, in under two seconds and without touching the data."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from pipeline import gates
from pipeline.environment import elsewhere
from pipeline.settings.file import LoadedSettings, describe
from pipeline.settings.settled import check_complete
from pipeline.steps import steps
from schemas.errors import Problem, SettingsError


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
    if loaded.environment.runner != "local":
        _print_what_lacks(console, loaded)


def _print_what_lacks(console: Console, loaded: LoadedSettings) -> None:
    """What a compiler for the chosen environment would refuse."""
    lacking: list[Problem] = []
    for check in (check_complete, elsewhere):
        try:
            check(loaded)
        except SettingsError as error:
            lacking += error.problems
    where = f"a pipeline for environment '{loaded.environment_name}' ({loaded.environment.runner})"
    console.print(f"\nNothing lacks for {where}." if not lacking else f"\n{where[0].upper()}{where[1:]} still lacks:")
    for problem in lacking:
        console.print(f"{problem}", highlight=False, markup=False)
