"""`assay requirements PROTOCOL`: what the document asks of either side, a line each."""

from __future__ import annotations

import argparse
from fnmatch import fnmatchcase

from schemas import load, load_requirements

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("protocol")
    parser.add_argument("--role", choices=["coordinator", "agent"])
    parser.add_argument("--only", default="*", metavar="GLOB")


def run(arguments: argparse.Namespace) -> int:
    for row in load_requirements(load(arguments.protocol)).values():
        if arguments.role in (None, row.role) and fnmatchcase(row.id, arguments.only):
            print(f"{row.id:24} {row.level:6} {row.basis:8} {row.role:11} {row.text}")
    return 0
