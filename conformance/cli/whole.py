"""Is a run the whole of it? What in a command line leaves out a part of the suite."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Callable, Iterator
from typing import NoReturn

from reports import Run
from schemas.selection import EVERYTHING, selection

__all__ = ["narrowings", "narrowings_of"]


def narrowings(arguments: argparse.Namespace) -> Iterator[str]:
    """Sentences about what keeps the run of these arguments from being the whole suite."""
    if arguments.profile != "exhaustive":
        yield f"--profile {arguments.profile}: a certificate is of the exhaustive profile."
    if selection(arguments.only) != EVERYTHING:
        yield "--only: a certificate is of the whole requirement set, and not of a part."
    if arguments.situation:
        yield "--situation: an agent is certified by everything that it can be led through."
    if arguments.scenario or not arguments.library:
        yield "--scenario and --no-scenarios: a certificate is of the whole suite."
    if arguments.baseline:
        yield "--baseline: a certificate knows no excuse."
    if arguments.fuzz is not None:
        yield "--fuzz: a certificate is of the profile's own share of generated cases."
    if arguments.resume is not None:
        yield "--resume: a certificate is of one run, made of one peer without a break."
    if arguments.pytest_args:
        yield "--pytest-args: they could leave checks out."


def narrowings_of(
    found: Run, understood: Callable[[argparse.ArgumentParser, str], bool]
) -> Iterator[str]:
    """The same of a run's own command line: not all of it shows in the record.

    `understood` gives a parser the arguments of a command, and says whether there is such a one.
    What shows in the record anyway (its profile, its selection, its baseline) is not told here.
    """
    parser = _Parser(add_help=False)
    try:
        _, command, *words = shlex.split(found.header["command"])
        words = words[: words.index("--")] if "--" in words else words
        if not understood(parser, command):
            yield f"It was made by assay {command}, and not by assay test or assay certify."
            return
        arguments = parser.parse_args(words)
    except ValueError:
        yield "Its command line is none that this Assay knows."
        return
    arguments.profile, arguments.only, arguments.baseline = "exhaustive", None, None
    yield from (f"It was made with {each}" for each in narrowings(arguments))


class _Parser(argparse.ArgumentParser):
    """One that does not end the process over a command line that was not typed just now."""

    def error(self, message: str) -> NoReturn:
        raise ValueError(message)
