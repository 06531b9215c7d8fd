"""`assay report matrix RUN...`: several runs side by side, requirement by requirement."""

from __future__ import annotations

import argparse
from pathlib import Path

from conformance.cli.comparing import add_output, emit, read_runs, screen
from reports.matrix import matrix
from reports.matrix_file import matrix_html, matrix_pieces
from reports.matrix_text import matrix_markdown, matrix_terminal

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "assay report matrix RUN... [options]"
    parser.add_argument(
        "runs", type=Path, nargs="+", metavar="RUN", help="a run.jsonl, or its folder"
    )
    parser.add_argument(
        "--all",
        action="store_true",
        dest="every",
        help="also what came out alike in all, without being broken (HTML and JSON always have it)",
    )
    add_output(parser, ("terminal", "markdown", "html", "json"))


def run(arguments: argparse.Namespace) -> int:
    found = matrix(read_runs(arguments.runs))
    every: bool = arguments.every
    colour, width = screen(arguments)
    emit(
        arguments,
        {
            "terminal": lambda: [
                matrix_terminal(found, colour=colour, width=width, every=every).encode()
            ],
            "markdown": lambda: [matrix_markdown(found, every=every).encode()],
            "html": lambda: [matrix_html(found).encode()],
            "json": lambda: matrix_pieces(found),
        },
    )
    return 0
