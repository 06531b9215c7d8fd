"""`assay requirements PROTOCOL`: what the document asks of either side, a line each; and which sets
of requirements were frozen for certificates.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

from reports.files import write_whole
from reports.requirement_set import frozen_text, present, renewed
from schemas import load, load_frozen, load_requirements
from schemas.errors import PackError, Problem
from schemas.loader import frozen_file
from schemas.selection import is_selected, selection
from schemas.spec import Protocol

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("protocol")
    parser.add_argument("--role", choices=["coordinator", "agent"])
    parser.add_argument("--only", action="append", metavar="GLOB", help="may be repeated")
    frozen = parser.add_mutually_exclusive_group()
    frozen.add_argument(
        "--sets", action="store_true", help="show the frozen sets that certificates are bound to"
    )
    frozen.add_argument(
        "--freeze", action="store_true", help="freeze the set as it stands, if it is a new one"
    )


def run(arguments: argparse.Namespace) -> int:
    protocol = load(arguments.protocol)
    if arguments.freeze:
        _freeze(protocol)
    if arguments.freeze or arguments.sets:
        return _tell_sets(protocol, arguments.role)
    for row in load_requirements(protocol).values():
        if arguments.role in (None, row.role) and is_selected(row.id, selection(arguments.only)):
            print(f"{row.id:24} {row.level:6} {row.basis:8} {row.role:11} {row.text}")
    return 0


def _freeze(protocol: Protocol) -> None:
    sets = load_frozen(protocol)
    day = datetime.now(UTC).date().isoformat()
    longer = renewed(protocol, load_requirements(protocol).values(), sets, day)
    if longer == sets:
        return
    path: Path = frozen_file(protocol)
    try:
        write_whole(path, frozen_text(longer).encode())
    except OSError as error:
        message = f"cannot be written: {error.strerror or error}"
        raise PackError(Problem(file=str(path), message=message)) from error
    print(f"written: {path}")


def _tell_sets(protocol: Protocol, role: str | None) -> int:
    """A line for each set, and 1 where the requirements at hand are none of them."""
    rows = load_requirements(protocol).values()
    sets = load_frozen(protocol)
    changed = 0
    for each in protocol.roles:
        if role not in (None, each) or not any(row.role == each for row in rows):
            continue
        now = present(protocol, each, rows, sets)
        for one in sets:
            if one.role == each:
                mark = "  present" if one == now else ""
                about = f"{one.requirements} requirements, frozen {one.frozen}"
                print(f"{each:11} {one.name:32} {about}  {one.digest}{mark}")
        if now is None:
            changed = 1
            print(f"{each:11} the requirements at hand are no frozen set: --freeze adds them")
    return changed
