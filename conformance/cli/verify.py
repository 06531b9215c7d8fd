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
        certificate = verified(arguments)
    except Refused as refused:
        return tell_refusal(f"{arguments.file} is refused:", refused)
    print(told(certificate, run=arguments.run is not None, rows=arguments.protocol is not None))
    return 0
