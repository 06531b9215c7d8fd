"""The `assay` command: one module a subcommand, each imported only when it is called."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from typing import Protocol

from schemas.errors import PackError

__all__ = ["Command", "run"]

COMMANDS = {
    "mock": "serve a mock coordinator",
    "run": "play a scenario against a coordinator",
    "test": "judge a coordinator or an agent",
    "record": "stand before a coordinator: judge what passes, and record it as a scenario",
    "replay": "say again what led to a finding, and judge it again",
    "mutate": "break lawful peers, and see what of it the suite catches",
    "keygen": "make a pair of keys, to sign certificates and to verify them",
    "certify": "judge a peer by the whole requirement set, and sign a certificate",
    "verify": "check a certificate, and tell what it promises",
    "badge": "draw a badge of a certificate that holds",
    "report": "write the reports of a run again",
    "matrix": "put several runs side by side (also: assay report matrix)",
    "diff": "tell what broke between two runs, and what was mended",
    "baseline": "write down what a run found broken, as known failures",
    "lint": "check a protocol pack or a scenario",
    "scenarios": "list the scenarios that ship, or explain one",
    "requirements": "list what a protocol asks of either side",
}

_EPILOG = """\
exit codes: 0 conformant (or done), 1 not conformant, 2 wrong usage or a broken file,
            3 the peer could not be reached or started, 4 a fault in Assay
"""


class Command(Protocol):
    """What a subcommand's module offers."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None: ...

    def run(self, arguments: argparse.Namespace) -> int: ...


def run(argv: Sequence[str]) -> int:
    """Run one command line and return its exit code. Usage errors exit with 2, as argparse does."""
    words, command = _split(argv)
    if words[:2] == ["report", "matrix"]:
        del words[0]
    parser = argparse.ArgumentParser(
        prog="assay",
        description="Does this peer keep the protocol?",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    wanted = next((word for word in words if word in COMMANDS), None)
    module: Command | None = None
    for name, summary in COMMANDS.items():
        subparser = commands.add_parser(name, help=summary, description=summary)
        if name == wanted:
            module = importlib.import_module(f"conformance.cli.{name}")
            module.add_arguments(subparser)
    arguments = parser.parse_args(words)
    arguments.peer_command = command
    arguments.argv = list(argv)
    assert module is not None, "argparse refuses what is not in COMMANDS"
    try:
        return module.run(arguments)
    except PackError as error:
        print(f"assay: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _split(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """Our words, and those behind `--`, which are the agent's command."""
    words = list(argv)
    if "--" not in words:
        return words, []
    at = words.index("--")
    return words[:at], words[at + 1 :]
