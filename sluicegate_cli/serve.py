"""sluicegate serve: the model server on what a pipeline released.

Serves what release.json names, and follows it while it changes. Also takes every flag of `python -m sluicegate.serving`, among them
TensorFlow Serving's.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from pipeline.local.options import DEFAULT_CONFIG, add_environment
from schemas.errors import EXIT_DONE, MachineError, Problem
from sluicegate.serving import flags

REST_PORT = 8501


def add(verbs: argparse._SubParsersAction) -> None:
    parser = verbs.add_parser("serve", help="answer requests with the released model", description=__doc__)
    parser.add_argument("--config", metavar="FILE", help=f"whose model (default: {DEFAULT_CONFIG})")
    parser.add_argument("--output", metavar="FOLDER", help="output folder (default: the one that the settings name)")
    add_environment(parser)
    flags.add_flags(parser)
    parser.set_defaults(main=main, rest_api_port=REST_PORT)


def main(arguments: argparse.Namespace) -> int:
    if not arguments.model_base_path and not arguments.model_config_file:
        _from_settings(arguments)
    options = flags.from_arguments(arguments, os.environ)
    from sluicegate.serving.start import start

    start(options)
    return EXIT_DONE


def _from_settings(arguments: argparse.Namespace) -> None:
    from pipeline.run.folders import serving_place
    from pipeline.settings.file import load
    from schemas import release
    from schemas.output_folder import OutputFolder
    from sluicegate.storage.opening import at

    config = arguments.config or DEFAULT_CONFIG
    loaded = load(config, (), arguments.environment)
    settings = loaded.settings
    folder = OutputFolder(Path(arguments.output or settings.output_folder).resolve(), settings.name)
    base = serving_place(loaded, folder)
    if at(base).find(release.FILE_NAME) is None:
        raise MachineError(
            "Nothing was released yet.",
            Problem(base, f"no {release.FILE_NAME}", "a released model", f"run `sluicegate run --config {config}`"),
        )
    arguments.model_name = arguments.model_name or settings.name
    arguments.model_base_path = base
