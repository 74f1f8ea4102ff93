"""sluicegate lineage: which data, schema, code and settings made a model version, and what became of data or code."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from schemas.errors import EXIT_DONE
from sluicegate_cli.output_folder import Place, add_options, chosen_run, place_of

if TYPE_CHECKING:
    from sluicegate.lineage.trace import Known


def add(verbs: argparse._SubParsersAction) -> None:
    parser = verbs.add_parser(
        "lineage", help="what a model version is made of, and what data or code became", description=__doc__
    )
    add_options(parser)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--version", type=int, metavar="N", help="a model version (default: the one that is stable)")
    what.add_argument("--run", metavar="ID", help="the version that a run pushed")
    what.add_argument("--data", metavar="DIGEST", help="a table's digest, or its first characters: what became of it")
    what.add_argument("--commit", metavar="SHA", help="a commit, or its first characters: what became of it")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(main=main)


def main(arguments: argparse.Namespace) -> int:
    place = place_of(arguments)
    known = _known(place)
    if arguments.data is not None or arguments.commit is not None:
        return _show_fates(arguments, known)
    from sluicegate.lineage.trace import origin
    from sluicegate.lineage.tree import draw
    from sluicegate.lineage.words import origin_tree

    found = origin(known, _version(arguments, place, known))
    print(_json(asdict(found)) if arguments.json else draw(origin_tree(found, place.root)))
    return EXIT_DONE


def _show_fates(arguments: argparse.Namespace, known: Known) -> int:
    from sluicegate.lineage.trace import fates_of_commit, fates_of_data
    from sluicegate.lineage.tree import draw
    from sluicegate.lineage.words import fates_tree

    if arguments.data is not None:
        head, fates = f"data {arguments.data}", fates_of_data(known, arguments.data)
    else:
        head, fates = f"code at commit {arguments.commit}", fates_of_commit(known, arguments.commit)
    print(_json([asdict(fate) for fate in fates]) if arguments.json else draw(fates_tree(head, known.name, fates)))
    return EXIT_DONE


def _known(place: Place) -> Known:
    from pipeline.settings.metadata import Metadata
    from schemas.output_folder import OutputFolder
    from sluicegate.api.lineage import known_in

    metadata = place.loaded.settings.metadata if place.loaded else Metadata()
    return known_in(OutputFolder(place.root, place.name), metadata)


def _version(arguments: argparse.Namespace, place: Place, known: Known) -> int:
    """The version asked for; else the stable one; else the newest that was pushed."""
    from sluicegate.api.lineage import is_known, version_pushed_by

    if arguments.version is not None:
        return int(arguments.version)
    if arguments.run is None and known.release.stable is not None:
        return known.release.stable
    if arguments.run is None or not is_known(known, arguments.run):
        return version_pushed_by(known, chosen_run(place, arguments.run).path.name, place.root)
    return version_pushed_by(known, arguments.run, place.root)


def _json(content: Any) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False)
