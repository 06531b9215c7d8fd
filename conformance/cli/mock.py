"""`assay mock PROTOCOL`: a coordinator to develop against."""

from __future__ import annotations

import argparse
import asyncio
import re
import signal
import sys
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import orjson

from conformance.cli.welcome import welcome
from conformance.scenario.inputs import add_inputs, read_inputs
from mockserver import Fault, RunningMock, Settings, start
from mockserver.faults.fit import misfit
from mockserver.faults.text import read_faults
from mockserver.log import ExchangeLog
from schemas import load
from schemas.spec import Protocol

__all__ = ["add_arguments", "run"]

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
"""What a header of sub-protocols can hold (RFC 9110, token)."""


class _UsageError(Exception):
    """Something was asked for wrongly: often only the running mock can tell."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("protocol", help="id of a protocol, or a folder with a pack")
    parser.add_argument("--port", type=int, help="0 for a free one (default: the protocol's own)")
    parser.add_argument("--grpc-port", type=int, help="the same for gRPC, where it is spoken")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--seed", type=int, default=0, help="fixes ids and chances")
    parser.add_argument("--clock", choices=["real", "virtual"], default="real")
    parser.add_argument("--dialect", default="documented", help="how silences are read")
    parser.add_argument(
        "--user", metavar="NAME:PASSWORD", help="credentials, where the protocol knows any"
    )
    parser.add_argument(
        "--no-limits", dest="limits", action="store_false", help="leave rate limits out"
    )
    parser.add_argument("--token", help="what each request must carry, where it carries any")
    parser.add_argument(
        "--agent",
        action="append",
        default=[],
        metavar="NAME",
        help="make an agent known beforehand, and tell what it connects with; may be repeated",
    )
    parser.add_argument(
        "--production", action="store_true", help="leave out what is kept out of production"
    )
    parser.add_argument(
        "--tls",
        action=argparse.BooleanOptionalAction,
        help="serve https and wss with a certificate made on the fly (default: the protocol's)",
    )
    parser.add_argument(
        "--plain", dest="tls", action="store_false", default=None, help="the same as --no-tls"
    )
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="KIND[:NAME=VALUE,…]",
        help="what goes wrong, e.g. delay:operation=getHealth,seconds=0.5, or the same in JSON; "
        "may be repeated (docs/faults.md)",
    )
    parser.add_argument(
        "--scenario",
        metavar="FILE|NAME",
        help="play this scenario to whoever comes, and again when its file changes",
    )
    add_inputs(parser)
    parser.add_argument(
        "--log",
        choices=["text", "json", "none"],
        default="text",
        help="how each exchange is told; json begins with a line that gives the URL",
    )


def run(arguments: argparse.Namespace) -> int:
    protocol = load(arguments.protocol)
    port = protocol.port if arguments.port is None else arguments.port
    usual = protocol.grpc_port if port else 0  # who takes a free port wants no fixed one either
    grpc_port = usual if arguments.grpc_port is None else arguments.grpc_port
    for flag, value in (("--port", port), ("--grpc-port", grpc_port)):
        if not 0 <= value <= 65535:
            print(f"assay: {flag} is from 0 to 65535, not {value}", file=sys.stderr)
            return 2
    wrong = _wrong(protocol, arguments)
    if wrong:
        print(f"assay: {wrong}", file=sys.stderr)
        return 2
    try:
        faults = _faults(protocol, arguments.fault)
        _loop()(_serve(protocol, port, grpc_port, arguments, faults))
    except _UsageError as error:
        print(f"assay: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        reason = error.strerror or str(error)
        where = "" if protocol.grpc and "gRPC" in reason else f"{arguments.host}:{port}: "
        print(
            f"assay: cannot listen on {where}{reason}\n    hint: --port 0 takes a free port",
            file=sys.stderr,
        )
        return 2
    return 0


def _wrong(protocol: Protocol, arguments: argparse.Namespace) -> str:
    if arguments.dialect not in protocol.dialects:
        return f"--dialect is {' or '.join(protocol.dialects)}, not {arguments.dialect!r}"
    if not arguments.host.isascii():
        return f"--host is an address, or a name as DNS writes it, not {arguments.host!r}"
    if not all(arguments.agent):
        return "--agent is the name of an agent, not an empty text"
    return _wrong_user(protocol, arguments.user) or _out_of_place(protocol, arguments)


def _wrong_user(protocol: Protocol, user: str | None) -> str:
    if user is None:
        return ""
    if protocol.authentication == "none":
        return f"--user: nobody logs in to {protocol.id}"
    name, _, password = user.partition(":")
    if not (name and password):
        return f"--user is NAME:PASSWORD, not {user!r}"
    if protocol.authentication == "subprotocol":
        for what, text in (("name", name), ("password", password)):
            if not _TOKEN.fullmatch(text):
                return (
                    f"--user: the {what} {text!r} cannot stand in the header Sec-WebSocket-Protocol"
                    "\n    hint: letters, digits and !#$%&'*+-.^_`|~ can"
                )
    return ""


def _out_of_place(protocol: Protocol, arguments: argparse.Namespace) -> str:
    if arguments.token is not None and not protocol.token_header:
        return f"--token: requests to {protocol.id} carry none"
    if arguments.token == "":
        return "--token is a text that is not empty"
    if arguments.grpc_port is not None and not protocol.grpc:
        return f"--grpc-port: {protocol.id} does not speak gRPC"
    return ""


def _settings(arguments: argparse.Namespace) -> Settings:
    said: dict[str, Any] = {}
    if arguments.user is not None:
        said["username"], _, said["password"] = arguments.user.partition(":")
    if arguments.token is not None:
        said["token"] = arguments.token
    return Settings(
        dialect=arguments.dialect, production=arguments.production, limits=arguments.limits, **said
    )


def _loop() -> Callable[[Coroutine[Any, Any, None]], None]:
    try:
        import uvloop  # twice as fast where it exists, and it does not everywhere
    except ImportError:
        return asyncio.run
    return uvloop.run


def _faults(protocol: Protocol, texts: list[str]) -> list[Fault]:
    """The faults that were asked for. Raises `_UsageError` for one that can never strike."""
    found = []
    for text in texts:
        try:
            read = read_faults(text)
        except (ValueError, TypeError) as error:
            raise _UsageError(f"--fault {text!r}: {error}") from error
        for fault in read:
            wrong = misfit(fault, protocol)
            if wrong:
                raise _UsageError(f"--fault {text!r}: {wrong}")
        found += read
    return found


async def _serve(
    protocol: Protocol,
    port: int,
    grpc_port: int,
    arguments: argparse.Namespace,
    faults: list[Fault],
) -> None:
    stop = asyncio.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    log = ExchangeLog(protocol, sys.stdout, form=arguments.log)
    async with start(
        protocol,
        host=arguments.host,
        port=port,
        grpc_port=grpc_port,
        seed=arguments.seed,
        clock=arguments.clock,
        listener=None if arguments.log == "none" else log,
        settings=_settings(arguments),
        tls=arguments.tls,
    ) as mock:
        agents = _enrolled(mock, arguments.agent)
        for fault in faults:
            mock.session.faults.add(fault)
        tell = _teller(arguments.log)
        if arguments.log == "json":
            ready = {"ready": True, "url": mock.url, "protocol": protocol.id, "ca": mock.ca}
            if mock.grpc:
                ready["grpc"] = mock.grpc
            if protocol.token_header:
                ready["token"] = mock.mock.settings.token
            told = {**ready, "credentials": _credentials(mock), "agents": agents}
            print(orjson.dumps(told).decode(), flush=True)
        else:
            print(welcome(mock, agents, virtual=arguments.clock == "virtual"), flush=True)
        if arguments.scenario:
            _play(mock, arguments, tell)
        await stop.wait()


def _play(mock: RunningMock, arguments: argparse.Namespace, tell: Callable[[str], None]) -> None:
    from schemas.arazzo.document import read_scenario  # slow to load, and most mocks play none
    from schemas.arazzo.finding import find_scenario

    plays = mock.plays()
    plays.tell = tell
    scenario = read_scenario(
        find_scenario(arguments.scenario, mock.mock.protocol.id), mock.mock.protocol
    )
    inputs = read_inputs(arguments.input)
    try:
        plays.put(mock.session, scenario, workflow=arguments.workflow, inputs=inputs, watched=True)
    except ValueError as error:
        raise _UsageError(str(error)) from error


def _teller(form: str) -> Callable[[str], None]:
    """How the course of a scenario is told."""

    def tell(words: str) -> None:
        print(orjson.dumps({"scenario": words}).decode() if form == "json" else words, flush=True)

    return tell if form != "none" else lambda _: None


def _enrolled(mock: RunningMock, names: list[str]) -> dict[str, Mapping[str, str]]:
    try:
        return {name: mock.session.coordinator.enrol(name) for name in names}
    except ValueError as error:
        raise _UsageError(f"--agent: {error}") from error


def _credentials(mock: RunningMock) -> dict[str, str]:
    """Of a person, or of a script, who may log in; nothing where nobody does."""
    if mock.mock.protocol.authentication == "none":
        return {}
    settings = mock.mock.settings
    return {"username": settings.username, "password": settings.password}
