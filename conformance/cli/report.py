"""`assay report RUN`: the reports of a run, written again from its run.jsonl."""

from __future__ import annotations

import argparse
from pathlib import Path

from conformance.cli.formats import add_formats, show, wanted
from conformance.cli.rendering import render_allure
from conformance.cli.runs import record_of
from reports import Run
from reports.formats import write_formats
from schemas.errors import PackError, Problem

__all__ = ["add_arguments", "run"]

_FLAG = "--format"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", type=Path, help="a run.jsonl, or the folder that holds it")
    parser.add_argument("--out", type=Path, help="folder for the reports (default: the run's own)")
    add_formats(parser, _FLAG)
    parser.add_argument(
        "--allure",
        type=Path,
        metavar="DIR",
        help="add Allure results to this folder, and render them where there is an allure command",
    )


def run(arguments: argparse.Namespace) -> int:
    asked = wanted(arguments, _FLAG)
    path = record_of(arguments.run)
    out = arguments.out or path.parent
    found = Run.read(path)
    try:
        write_formats(found, out, asked.formats, asked.link)
        if arguments.allure:
            from reports.allure import write_allure  # its library is heavy

            write_allure(found, arguments.allure, asked.link)
    except OSError as error:
        message = f"cannot be written: {error.strerror or error}"
        raise PackError(Problem(file=str(error.filename or out), message=message)) from error
    code = show(found, out, asked)
    if arguments.allure:
        print(render_allure(arguments.allure))
    return code
