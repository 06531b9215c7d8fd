"""`assay verify FILE --key PUB`: does a certificate hold, and what does it promise?"""

from __future__ import annotations

import argparse

from conformance.cli.certificates import add_verified, tell_refusal, verified
from reports.certificate import Refused
from reports.certificate_text import told

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "assay verify FILE --key PUB [options]"
    add_verified(parser)


def run(arguments: argparse.Namespace) -> int:
    try:
        found = verified(arguments)
    except Refused as refused:
        return tell_refusal(f"{arguments.file} is refused:", refused)
    run_too = arguments.run is not None
    print(told(found.certificate, of=found.of, run=run_too, newest=found.newest))
    return 0
