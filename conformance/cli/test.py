"""`assay test PROTOCOL`: judge a coordinator or an agent, and leave a report."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from conformance.cli.launch import (
    add_common,
    add_coordinator,
    base_context,
    carry_out,
    refuse_unless,
)
from conformance.cli.resuming import resumed
from conformance.context import RunContext
from conformance.scenario.inputs import add_inputs
from conformance.scenario.options import with_scenario
from reports import Run
from schemas import load, load_requirements
from schemas.arazzo.finding import find_scenario
from schemas.selection import selection
from schemas.spec import Protocol

__all__ = ["add_arguments", "context_of", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "assay test PROTOCOL [options] [-- COMMAND...]"
    parser.add_argument("protocol", help="id of a protocol")
    parser.add_argument("--role", choices=["coordinator", "agent"], default="coordinator")
    add_coordinator(parser)
    add_common(parser)
    parser.add_argument(
        "--only",
        action="append",
        metavar="GLOB",
        help="requirements to judge; may be repeated",
    )
    parser.add_argument("-n", type=int, default=None, metavar="WORKERS", dest="workers")
    parser.add_argument(
        "--situation",
        action="append",
        default=[],
        metavar="GLOB",
        help="what an agent is led through; may be repeated (default: everything)",
    )
    parser.add_argument("--host", default="127.0.0.1", help="where the mock listens for an agent")
    parser.add_argument("--port", type=int, default=0, help="its port (default: a free one)")
    parser.add_argument(
        "--tls",
        action=argparse.BooleanOptionalAction,
        help="whether the mock speaks TLS to the agent (default: as the protocol does)",
    )
    parser.add_argument(
        "--plain", dest="tls", action="store_false", default=None, help="the same as --no-tls"
    )
    parser.add_argument(
        "--scenario",
        metavar="FILE|NAME",
        help="play this scenario instead of the suite (see: assay scenarios)",
    )
    parser.add_argument(
        "--no-scenarios",
        dest="library",
        action="store_false",
        help="leave those that ship out of the suite",
    )
    parser.add_argument(
        "--regressions",
        type=Path,
        metavar="FOLDER",
        help="write a scenario there for each requirement that is broken",
    )
    parser.add_argument(
        "--resume",
        type=Path,
        metavar="RUN",
        help="go on from this run: what ended is not done again, and other cases are generated",
    )
    add_inputs(parser)


def run(arguments: argparse.Namespace) -> int:
    protocol = load(arguments.protocol)
    context = context_of(arguments, protocol)
    if arguments.resume is not None:
        alone = "a scenario that is played alone begins at its beginning"
        refuse_unless(not context.scenario, "--resume", alone, arguments.scenario)
        context = resumed(context, protocol, arguments.resume, arguments.out)
    if arguments.regressions is None:
        return carry_out(context, arguments, protocol)
    judges = context.role == "coordinator"
    refuse_unless(judges, "--regressions", "scenarios of findings are for coordinators", None)
    code = carry_out(context, arguments, protocol)
    if code == 1:
        _guard(context, protocol, arguments.regressions)
    return code


def _guard(context: RunContext, protocol: Protocol, folder: Path) -> None:
    from conformance.cli.saving import save_all  # with a mock: only what was broken needs one

    print()
    for line in save_all(Run.read(Path(context.record)), context, protocol, folder):
        print(f"regression: {line}", flush=True)


def context_of(arguments: argparse.Namespace, protocol: Protocol) -> RunContext:
    """What was asked for, checked. Raises `PackError` for what cannot be."""
    context = _of_suite(arguments, protocol)
    if not arguments.scenario:
        return context
    path = find_scenario(arguments.scenario, protocol.id)
    return with_scenario(context, arguments, path, protocol)


def _of_suite(arguments: argparse.Namespace, protocol: Protocol) -> RunContext:
    port = arguments.port
    refuse_unless(0 <= port <= 65535, "--port", "is not from 0 to 65535", port)
    context = replace(
        base_context(arguments, protocol, arguments.role),
        only=selection(arguments.only),
        library=arguments.library,
        command=tuple(arguments.peer_command),
        patience=arguments.timeout,
        situations=tuple(arguments.situation),
        listen={"host": arguments.host, "port": port, "tls": arguments.tls},
    )
    hint = f"see: assay requirements {protocol.id} --role {context.role}"
    some = any(context.selects(row) for row in load_requirements(protocol).values())
    refuse_unless(some, "--only", "matches no requirement", context.only, hint)
    return context
