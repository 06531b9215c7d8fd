"""The command line of an earlier run, read again: the same peer, and the same way to judge it."""

from __future__ import annotations

import argparse
import importlib
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from conformance.cli import test
from conformance.context import RunContext
from conformance.masking import MASK
from schemas import load
from schemas.errors import PackError, Problem
from schemas.spec import Protocol

__all__ = ["context_again"]

_GIVEN = ("url", "user", "grpc", "token", "target", "timeout")
_HINT = "say where the peer is: --url, --target, --token, --user, --grpc"


def context_again(
    header: Mapping[str, Any], given: argparse.Namespace, out: Path
) -> tuple[RunContext, Protocol]:
    """Of a run with that header; what is `given` goes before what it had. The new run's record lies
    in the folder `out`. Raises `PackError` where that cannot be told any more.
    """
    words, command = _words(header)
    if words[:1] == ["run"]:
        return _of_scenario(words, given, out)
    arguments = _parsed("test", words[1:], f"{header['protocol']['id']}")
    arguments.peer_command = command
    _put(arguments, given, out)
    protocol = load(arguments.protocol)
    return test.context_of(arguments, protocol), protocol


def _of_scenario(
    words: Sequence[str], given: argparse.Namespace, out: Path
) -> tuple[RunContext, Protocol]:
    from conformance.cli.run import context_of

    arguments = _parsed("run", words[1:], "")
    arguments.peer_command = []
    _put(arguments, given, out)
    return context_of(arguments)


def _words(header: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """What stood before `--` and behind it, without the program's name."""
    words = shlex.split(str(header["command"]))[1:]
    if not words:  # a run that was started by other means
        role = ["--role", header["role"], "--seed", str(header["seed"])]
        words = ["test", header["protocol"]["id"], *role, "--profile", header["profile"]]
    at = words.index("--") if "--" in words else len(words)
    return words[:at], words[at + 1 :]


def _parsed(name: str, words: Sequence[str], protocol: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"assay {name}", exit_on_error=False)
    importlib.import_module(f"conformance.cli.{name}").add_arguments(parser)
    try:
        arguments, _ = parser.parse_known_args(list(words))
    except (argparse.ArgumentError, SystemExit) as error:
        message = f"its command is not one of this version: assay {name} {shlex.join(words)}"
        raise PackError(Problem(file="RUN", message=message, hint=_HINT)) from error
    if protocol and arguments.protocol != protocol:
        raise PackError(Problem(file="RUN", message=f"is no run of {arguments.protocol}"))
    return arguments


def _put(arguments: argparse.Namespace, given: argparse.Namespace, out: Path) -> None:
    arguments.argv = ["replay"]
    arguments.out = out
    arguments.baseline = None
    arguments.pytest_args = ""
    for name in _GIVEN:
        if getattr(given, name) is not None:
            setattr(arguments, name, getattr(given, name))
        elif MASK in str(getattr(arguments, name)):
            message = f"the run had a secret in --{name}, which no record holds"
            raise PackError(Problem(file=f"--{name}", message=message, hint="give it again"))
