"""`assay diff OLD NEW`: what broke between two runs, what was mended, and what is new."""

from __future__ import annotations

import argparse
from pathlib import Path

from conformance.cli.comparing import add_output, emit, read_runs, screen
from reports.diff import diff
from reports.diff_file import diff_pieces
from reports.diff_text import diff_markdown, diff_terminal

__all__ = ["add_arguments", "run"]

_EPILOG = """\
exit codes: 0 NEW is no worse, 1 something broke, or NEW cannot show that nothing did,
            2 wrong usage, a broken file, or runs that have nothing in common
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "assay diff OLD NEW [options]"
    parser.epilog = _EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("old", type=Path, metavar="OLD", help="a run.jsonl, or its folder")
    parser.add_argument("new", type=Path, metavar="NEW", help="the later one")
    parser.add_argument(
        "--allow-unjudged",
        action="store_true",
        help="that NEW leaves open what passed in OLD is no regression",
    )
    add_output(parser, ("terminal", "markdown", "json"))


def run(arguments: argparse.Namespace) -> int:
    old, new = read_runs((arguments.old, arguments.new))
    found = diff(old, new, lenient=arguments.allow_unjudged)
    colour, width = screen(arguments)
    emit(
        arguments,
        {
            "terminal": lambda: [diff_terminal(found, colour=colour, width=width).encode()],
            "markdown": lambda: [diff_markdown(found).encode()],
            "json": lambda: diff_pieces(found),
        },
    )
    return found.exit_code
