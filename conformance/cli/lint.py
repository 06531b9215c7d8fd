"""`assay lint [PACK|FILE]`: is a protocol pack, or a scenario, whole and consistent?"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from schemas import PackError, protocol_ids
from schemas.lint import lint, lint_scenario

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "pack", nargs="*", help="ids, folders, or files of scenarios (default: all that ship)"
    )


def run(arguments: argparse.Namespace) -> int:
    wrong = 0
    for pack in arguments.pack or protocol_ids():
        try:
            told = lint_scenario(Path(pack)) if _is_file(pack) else lint(pack)
        except PackError as error:
            print(error, file=sys.stderr)
            wrong += len(error.problems)
        else:
            print(f"{pack}: {told}")
    if wrong:
        print(f"{wrong} problem{'s' if wrong > 1 else ''}", file=sys.stderr)
    return 2 if wrong else 0


def _is_file(pack: str) -> bool:
    """Does it name a scenario's file, whether or not that is there?"""
    return Path(pack).is_file() or pack.endswith((".yaml", ".yml", ".json"))
