"""`assay badge FILE --key PUB --out badge.svg`: a badge, of a certificate that holds."""

from __future__ import annotations

import argparse
from pathlib import Path

from conformance.cli.certificates import add_verified, tell_refusal, verified
from reports.badge import shields_badge, svg_badge
from reports.certificate import Refused
from reports.files import write_whole
from schemas.errors import PackError, Problem

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "assay badge FILE --key PUB [--out SVG] [--shields JSON]"
    add_verified(parser)
    parser.add_argument(
        "--out", type=Path, default=Path("badge.svg"), metavar="SVG", help="the picture"
    )
    parser.add_argument("--shields", type=Path, metavar="JSON", help="for shields.io, as well")


def run(arguments: argparse.Namespace) -> int:
    try:
        certificate = verified(arguments).certificate
    except Refused as refused:
        return tell_refusal(f"no badge: {arguments.file} is refused:", refused)
    _write(arguments.out, svg_badge(certificate))
    if arguments.shields is not None:
        _write(arguments.shields, shields_badge(certificate))
    return 0


def _write(path: Path, content: bytes) -> None:
    try:
        write_whole(path, content)
    except OSError as error:
        message = f"cannot be written: {error.strerror or error}"
        raise PackError(Problem(file=str(path), message=message)) from error
    print(f"badge: {path}")
