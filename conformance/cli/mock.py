"""`assay mock PROTOCOL`: a coordinator to develop against."""

from __future__ import annotations

import argparse
import asyncio
import shlex
import signal
import sys
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import orjson

from mockserver import RunningMock, Settings, start
from mockserver.log import ExchangeLog
from schemas import load
from schemas.spec import Operation, Protocol

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("protocol", help="id of a protocol, or a folder with a pack")
    parser.add_argument("--port", type=int, help="0 for a free one (default: the protocol's own)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--seed", type=int, default=0, help="fixes ids and chances")
    parser.add_argument("--clock", choices=["real", "virtual"], default="real")
    parser.add_argument("--dialect", default="documented", help="how silences are read")
    parser.add_argument(
        "--user", metavar="NAME:PASSWORD", help="credentials, where the protocol knows any"
    )
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
        "--log",
        choices=["text", "json", "none"],
        default="text",
        help="how each exchange is told; json begins with a line that gives the URL",
    )


def run(arguments: argparse.Namespace) -> int:
    protocol = load(arguments.protocol)
    port = protocol.port if arguments.port is None else arguments.port
    if not 0 <= port <= 65535:
        print(f"assay: --port is from 0 to 65535, not {port}", file=sys.stderr)
        return 2
    wrong = _wrong(protocol, arguments)
    if wrong:
        print(f"assay: {wrong}", file=sys.stderr)
        return 2
    try:
        _loop()(_serve(protocol, port, arguments))
    except OSError as error:
        reason = error.strerror or str(error)
        print(
            f"assay: cannot listen on {arguments.host}:{port}: {reason}\n"
            "    hint: --port 0 takes a free port",
            file=sys.stderr,
        )
        return 2
    return 0


def _wrong(protocol: Protocol, arguments: argparse.Namespace) -> str:
    if arguments.dialect not in protocol.dialects:
        return f"--dialect is {' or '.join(protocol.dialects)}, not {arguments.dialect}"
    if arguments.user is not None and not all(arguments.user.partition(":")):
        return "--user is NAME:PASSWORD"
    return ""


def _settings(arguments: argparse.Namespace) -> Settings:
    said: dict[str, str] = {}
    if arguments.user is not None:
        said["username"], _, said["password"] = arguments.user.partition(":")
    return Settings(dialect=arguments.dialect, production=arguments.production, **said)


def _loop() -> Callable[[Coroutine[Any, Any, None]], None]:
    try:
        import uvloop  # twice as fast where it exists, and it does not everywhere
    except ImportError:
        return asyncio.run
    return uvloop.run


async def _serve(protocol: Protocol, port: int, arguments: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    log = ExchangeLog(protocol, sys.stdout, form=arguments.log)
    async with start(
        protocol,
        host=arguments.host,
        port=port,
        seed=arguments.seed,
        clock=arguments.clock,
        listener=None if arguments.log == "none" else log,
        settings=_settings(arguments),
        tls=arguments.tls,
    ) as mock:
        agents = {name: mock.session.coordinator.enrol(name) for name in arguments.agent}
        if arguments.log == "json":
            ready = {"ready": True, "url": mock.url, "protocol": protocol.id, "ca": mock.ca}
            print(orjson.dumps({**ready, "agents": agents}).decode(), flush=True)
        else:
            print(_welcome(protocol, mock, arguments, agents), flush=True)
        await stop.wait()


def _welcome(
    protocol: Protocol,
    mock: RunningMock,
    arguments: argparse.Namespace,
    agents: Mapping[str, Mapping[str, str]],
) -> str:
    lines = [
        f"{protocol.title}, mock coordinator ({protocol.id} {protocol.version})",
        "",
        f"  base URL    {mock.url}",
    ]
    lines += [f"  WebSocket   {mock.ws_url}{each.path}" for each in protocol.channels.values()]
    if protocol.operations:
        lines.append(f"  try it      {_first_curl(protocol, mock)}")
    if mock.ca:
        lines.append(f"  authority   {mock.ca}")
    if protocol.authentication != "none":
        settings = mock.mock.settings
        lines.append(f"  log in as   {settings.username} with the password {settings.password}")
    for name, values in agents.items():
        told = "  ".join(f"{key} {value}" for key, value in values.items())
        lines.append(f"  agent       {name}: {told}")
    if any(operation.path == "/docs" for operation in protocol):
        lines.append(f"  browse      {mock.url}/docs")
    lines += [
        f"  look in     {mock.url}/_assay/state   /_assay/transcript   /_assay/verdicts",
        f"  isolate     {mock.url}/_assay/sessions/NAME is a base URL with a state of its own",
    ]
    if arguments.clock == "virtual":
        advance = "-H 'content-type: application/json' -d '{\"seconds\": 60}'"
        lines.append(f"  advance     {_curl(mock)} {advance} {mock.url}/_assay/clock/advance")
    return "\n".join([*lines, f"  seed        {mock.mock.seed}", "", "Ctrl-C ends it.", ""])


def _curl(mock: RunningMock) -> str:
    return f"curl --cacert {shlex.quote(mock.ca)}" if mock.ca else "curl"


def _first_curl(protocol: Protocol, mock: RunningMock) -> str:
    """A request that works at once: the first operation with an example body."""
    first: Operation = next(
        (operation for operation in protocol if operation.request_example is not None),
        next(iter(protocol)),
    )
    words: list[str] = []
    if first.request_example is not None:
        body = orjson.dumps(first.request_example).decode()
        words += ["-H", "content-type: application/json", "-d", body]
    return f"{_curl(mock)} {shlex.join([*words, mock.url + first.path])}"
