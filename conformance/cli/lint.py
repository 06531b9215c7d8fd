"""`assay lint [PACK]`: is a protocol pack whole and consistent?"""

from __future__ import annotations

import argparse
import sys

from schemas import PackError, protocol_ids
from schemas.lint import lint

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pack", nargs="*", help="ids or folders (default: all that ship)")


def run(arguments: argparse.Namespace) -> int:
    wrong = 0
    for pack in arguments.pack or protocol_ids():
        try:
            told = lint(pack)
        except PackError as error:
            print(error, file=sys.stderr)
            wrong += len(error.problems)
        else:
            print(f"{pack}: {told}")
    if wrong:
        print(f"{wrong} problem{'s' if wrong > 1 else ''}", file=sys.stderr)
    return 2 if wrong else 0
