"""What the commands that compare runs share: which runs, in which format, and where it goes."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from conformance.cli.runs import record_of
from conformance.cli.screen import colours, columns
from reports import Run
from reports.files import write_pieces
from schemas.errors import PackError, Problem

__all__ = ["add_output", "emit", "read_runs", "screen", "wrong"]

_SUFFIXES = {".md": "markdown", ".html": "html", ".json": "json", ".txt": "terminal"}

Pieces = Callable[[], Iterable[bytes]]


def add_output(parser: argparse.ArgumentParser, formats: Sequence[str]) -> None:
    """The arguments of `emit`."""
    parser.add_argument(
        "--format", choices=formats, help="default: as the file's name ends, else terminal"
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="write it there")


def emit(arguments: argparse.Namespace, makers: Mapping[str, Pieces]) -> None:
    """Write or print one of the formats, each of which has a maker.

    Raises `PackError` where it cannot be written.
    """
    out: Path | None = arguments.out
    chosen = arguments.format or (_SUFFIXES.get(out.suffix) if out else "") or "terminal"
    if chosen not in makers:
        known = ", ".join(makers)
        raise wrong("--out", "ends like a format that there is not here", str(out), known)
    if out is None:
        for piece in makers[chosen]():
            sys.stdout.write(piece.decode())
        return
    try:
        write_pieces(out, makers[chosen]())
    except OSError as error:
        raise wrong(str(out), f"cannot be written: {error.strerror or error}", None, "") from error
    print(f"written: {out}")


def screen(arguments: argparse.Namespace) -> tuple[bool, int]:
    """Whether there are colours where the lines go, and how many columns; a file has 100."""
    if arguments.out is not None:
        return False, 100
    return colours(), columns()


def read_runs(paths: Iterable[Path]) -> list[Run]:
    """The runs without their evidence: it may be large, and none of it is shown."""
    return [Run.read(record_of(path), evidence=False) for path in paths]


def wrong(place: str, message: str, value: str | None, hint: str) -> PackError:
    return PackError(Problem(file=place, message=message, value=value, hint=hint))
