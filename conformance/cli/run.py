"""`assay run SCENARIO --url URL`: play a scenario forward, and judge the coordinator by it."""

from __future__ import annotations

import argparse

from conformance.cli.launch import add_common, add_coordinator, base_context, carry_out
from conformance.context import RunContext
from conformance.scenario.inputs import add_inputs
from conformance.scenario.options import with_scenario
from schemas import load
from schemas.arazzo.document import read_scenario
from schemas.arazzo.finding import find_scenario
from schemas.spec import Protocol

__all__ = ["add_arguments", "context_of", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "assay run SCENARIO --url URL [options]"
    parser.add_argument(
        "scenario", metavar="SCENARIO", help="a file, or PROTOCOL/NAME of one that ships"
    )
    parser.add_argument(
        "--protocol", help="the protocol, where the scenario's sources do not tell it"
    )
    add_coordinator(parser)
    add_common(parser)
    add_inputs(parser)
    parser.add_argument(
        "--client",
        default="",
        metavar="NAME",
        help="take the part of this client alone: somebody else takes the others",
    )


def run(arguments: argparse.Namespace) -> int:
    context, protocol = context_of(arguments)
    return carry_out(context, arguments, protocol)


def context_of(arguments: argparse.Namespace) -> tuple[RunContext, Protocol]:
    """What was asked for, checked. Raises `PackError` for what cannot be."""
    path = find_scenario(arguments.scenario, arguments.protocol or "")
    wanted = load(arguments.protocol) if arguments.protocol else None
    protocol = read_scenario(path, wanted).protocol
    context = base_context(arguments, protocol, "coordinator")
    return with_scenario(context, arguments, path, protocol), protocol
