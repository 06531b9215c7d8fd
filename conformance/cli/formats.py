"""What the commands that leave reports share: in which formats, where, and what is said of it."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from conformance.cli.github import commands_stopped, in_actions, tell
from conformance.cli.screen import colours, columns
from reports import Run, summary
from reports.formats import DEFAULT_FORMATS, FORMATS
from schemas.errors import PackError, Problem, nearest

__all__ = ["Wanted", "add_formats", "show", "wanted"]

_GITHUB = "github"
"""A format without a file: annotations on standard output, and the page of the job."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The formats of `FORMATS` that are asked for, whether the runner is told, and where a
    requirement can be read (with `{}` for its id), or empty.
    """

    formats: tuple[str, ...]
    github: bool
    link: str


def add_formats(parser: argparse.ArgumentParser, flag: str) -> None:
    """The words for what is written, the same in every command but for the flag."""
    parser.add_argument(
        flag,
        dest="formats",
        default=",".join(DEFAULT_FORMATS),
        metavar="FORMAT,...",
        help=f"what to write: {', '.join([*FORMATS, _GITHUB])} (default: %(default)s)",
    )
    parser.add_argument(
        "--requirement-url",
        default="",
        metavar="URL",
        help="where a requirement can be read, {} for its id: for links in reports",
    )


def wanted(arguments: argparse.Namespace, flag: str) -> Wanted:
    """What the words of `add_formats` ask for. Raises `PackError` for what cannot be."""
    words = (word.strip() for word in arguments.formats.split(","))
    names = tuple(dict.fromkeys(word for word in words if word))
    known = [*FORMATS, _GITHUB]
    for name in names or ("",):
        if name not in known:
            hint = nearest(name, known)
            raise PackError(Problem(file=flag, message="is no format", value=name, hint=hint))
    return Wanted(
        formats=tuple(name for name in names if name in FORMATS),
        github=_GITHUB in names,
        link=_link(arguments.requirement_url),
    )


def _link(url: str) -> str:
    if url and not (url.startswith(("http://", "https://")) and "{}" in url):
        hint = "such as https://wiki.example/requirements/{}"
        message = "is no http URL with {} for the id"
        raise PackError(Problem(file="--requirement-url", message=message, value=url, hint=hint))
    return url


def show(run: Run, out: Path, asked: Wanted) -> int:
    """Print the summary and where the reports are, and return the run's exit code.

    In GitHub Actions the runner is told as well. Where that is all that was asked for, nothing else
    is printed: a line of the summary could be taken for a command.
    """
    if asked.formats:
        files = (str(out / FORMATS[name].file) for name in asked.formats)
        with commands_stopped():
            print(summary(run, colour=colours(), width=columns()))
            print(f"\nreports: {'  '.join(files)}")
    if asked.github or in_actions():
        tell(run)
    return run.exit_code
