"""`assay record PROTOCOL --upstream URL`: stand before a coordinator, judge and record."""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import shutil
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from conformance.agent_process import AgentProcess, Ending
from conformance.cli.launch import refuse_unless
from conformance.cli.passing import PassingLog, counted
from conformance.cli.reach import unreachable
from conformance.clients.identity import client_context
from conformance.proxy.server import RunningProxy, proxying
from conformance.proxy.watch import Passed
from conformance.recording.concealing import Concealer
from conformance.recording.keeper import Keeper, read_part, write_scenario
from conformance.recording.records import record_of
from conformance.target import Target, Tls
from schemas import PackError, load, load_requirements
from schemas.errors import Problem
from schemas.spec import Protocol

__all__ = ["add_arguments", "run"]

_DEFAULT_OUT = Path("recording.arazzo.yaml")
_ADDRESS = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:/]+):[0-9]{1,5}")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "assay record PROTOCOL --upstream URL [options] [-- COMMAND...]"
    parser.add_argument("protocol", help="id of a protocol")
    parser.add_argument("--upstream", metavar="URL", help="base URL of the coordinator")
    parser.add_argument(
        "--grpc-upstream", metavar="HOST:PORT", help="where its procedures are called"
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help=f"the scenario that is written (default: {_DEFAULT_OUT})",
    )
    parser.add_argument(
        "--proxy",
        action="store_true",
        help="record nothing (without --out), and end with 1 if anything unlawful passed",
    )
    parser.add_argument("--strict", action="store_true", help="what is only implied counts too")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=0, help="its port (default: a free one)")
    parser.add_argument("--grpc-port", type=int, default=0, help="the same for gRPC")
    parser.add_argument(
        "--tls",
        action=argparse.BooleanOptionalAction,
        help="whether clients are spoken to over TLS (default: as the coordinator is)",
    )
    parser.add_argument("--ca", type=Path, metavar="FILE", help="whom to trust upstream (PEM)")
    parser.add_argument(
        "--insecure", action="store_true", help="do not check the coordinator's certificate"
    )
    parser.add_argument(
        "--client-cert", type=Path, metavar="FILE", help="a certificate to show upstream (PEM)"
    )
    parser.add_argument("--client-key", type=Path, metavar="FILE", help="its key, if elsewhere")
    parser.add_argument(
        "--from",
        dest="part",
        type=Path,
        metavar="FILE",
        help="write the scenario of a recording that was broken off (its .part file)",
    )


class _UnstartableError(Exception):
    """The command cannot be run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Came:
    """What a run came to: how the command ended, and whether the coordinator was ever reached."""

    ending: Ending | None
    stopped: bool
    connected: int
    refused: int


def run(arguments: argparse.Namespace) -> int:
    protocol = load(arguments.protocol)
    if arguments.part is not None:
        return _finish(arguments, protocol)
    target = _target(arguments, protocol)
    _check_numbers(arguments)
    command = arguments.peer_command
    if command and shutil.which(command[0]) is None:
        return _give_up(f"{command[0]} cannot be started: no such command")
    reason = asyncio.run(unreachable(target))
    if reason:
        return _give_up(reason)
    concealer = Concealer(offered=protocol.authentication == "subprotocol")
    log = PassingLog(sys.stdout, concealer)
    out = None if arguments.proxy and arguments.out is None else arguments.out or _DEFAULT_OUT
    keeper = _keeper(out, protocol, concealer) if out else None
    try:
        came = asyncio.run(_stand(arguments, protocol, target, _Teller(log, keeper, concealer)))
    except _UnstartableError as error:
        _drop(keeper)
        return _give_up(str(error))
    except OSError as error:
        _drop(keeper)
        reason = error.strerror or str(error)
        print(
            f"assay: cannot listen on {arguments.host}:{arguments.port}: {reason}\n"
            "    hint: --port 0 takes a free port",
            file=sys.stderr,
        )
        return 2
    log.say(log.summary())
    written = _write(keeper, out, protocol, log) if keeper and out else 0
    return _verdict(arguments, log, came) or written


def _drop(keeper: Keeper | None) -> None:
    if keeper is not None:
        keeper.close()
        keeper.part.unlink(missing_ok=True)


def _finish(arguments: argparse.Namespace, protocol: Protocol) -> int:
    """The scenario of a recording that was broken off."""
    records = read_part(arguments.part, protocol)
    out = arguments.out or _DEFAULT_OUT
    try:
        steps = write_scenario(out, records, protocol, load_requirements(protocol))
    except (OSError, ValueError) as error:
        print(f"assay: {out} cannot be written: {error}", file=sys.stderr)
        return 2
    print(f"written: {out} ({counted(steps, 'step')})")
    return 0


def _target(arguments: argparse.Namespace, protocol: Protocol) -> Target:
    """The coordinator, checked. Raises `PackError`."""
    target = Target().with_url(arguments.upstream or "")
    hint = "--upstream http://HOST:PORT, with a path if the coordinator has one"
    sound = _is_base_url(target.url)
    refuse_unless(sound, "--upstream", "is not the URL of a coordinator", arguments.upstream, hint)
    if arguments.grpc_upstream is not None:
        refuse_unless(
            bool(protocol.grpc), "--grpc-upstream", f"{protocol.id} has no procedures", None
        )
        known = _ADDRESS.fullmatch(arguments.grpc_upstream) is not None
        refuse_unless(known, "--grpc-upstream", "is not HOST:PORT", arguments.grpc_upstream)
    both = arguments.insecure and arguments.ca is not None
    refuse_unless(not both, "--insecure", "checks nothing, and --ca asks for a check", None)
    alone = arguments.client_key is not None and arguments.client_cert is None
    refuse_unless(not alone, "--client-key", "belongs to a --client-cert", None)
    for flag in ("ca", "client_cert", "client_key"):
        path = getattr(arguments, flag)
        there = path is None or path.is_file()
        refuse_unless(there, f"--{flag.replace('_', '-')}", "is no file", str(path))
    tls = Tls(
        ca=str(arguments.ca or ""),
        cert=str(arguments.client_cert or ""),
        key=str(arguments.client_key or ""),
        verify=False if arguments.insecure else None,
    )
    made = Target(url=target.url, grpc=arguments.grpc_upstream or "", tls=tls)
    made = made.for_protocol(protocol)
    try:
        client_context(made.tls)
    except OSError as error:
        names = ", ".join(filter(None, (tls.ca, tls.cert, tls.key)))
        message = f"cannot be used: {error.strerror or error}"
        hint = "PEM, and a certificate with its key"
        raise PackError(
            Problem(file="--ca, --client-cert", message=message, value=names, hint=hint)
        ) from error
    return made


def _is_base_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets that don't match, a port beyond 65535
        return False
    return sound and not parts.username and not parts.query and not parts.fragment


def _check_numbers(arguments: argparse.Namespace) -> None:
    for flag, value in (("--port", arguments.port), ("--grpc-port", arguments.grpc_port)):
        refuse_unless(0 <= value <= 65535, flag, "is not from 0 to 65535", value)


def _give_up(reason: str) -> int:
    print(f"assay: {reason}", file=sys.stderr)
    return 3


def _keeper(out: Path, protocol: Protocol, concealer: Concealer) -> Keeper:
    part = out.with_name(f"{out.name}.part")
    try:
        return Keeper(part, protocol, concealer)
    except FileExistsError:
        message = "is left of a recording that was broken off"
        hint = f"assay record {protocol.id} --from {part} --out {out}, or remove it"
        raise PackError(Problem(file=str(part), message=message, hint=hint)) from None
    except OSError as error:
        message = f"cannot be written: {error.strerror}"
        raise PackError(Problem(file=str(out), message=message)) from error


async def _stand(
    arguments: argparse.Namespace,
    protocol: Protocol,
    target: Target,
    teller: _Teller,
) -> _Came:
    """Stand before the coordinator until somebody has enough, or the command has ended."""
    stop = asyncio.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    async with proxying(
        protocol,
        load_requirements(protocol),
        target,
        teller,
        host=arguments.host,
        port=arguments.port,
        grpc_port=arguments.grpc_port,
        tls=arguments.tls,
        strict=arguments.strict,
    ) as proxy:
        teller.log.say(_welcome(protocol, target, proxy, teller.keeper))
        ending = await _attend(arguments.peer_command, proxy, stop)
    return _Came(
        ending=ending, stopped=stop.is_set(), connected=proxy.connected, refused=proxy.refused
    )


class _Teller:
    """Hands on what passed, to be told and kept. Secrets are learned first: no line shows one."""

    def __init__(self, log: PassingLog, keeper: Keeper | None, concealer: Concealer) -> None:
        self.log = log
        self.keeper = keeper
        self._concealer = concealer
        self._full = False

    def __call__(self, passed: Passed) -> None:
        if self.keeper is None or self._full:
            record = record_of(passed)
            if record is not None:
                self._concealer.record(record)
        else:
            try:
                self.keeper.keep(passed)
            except OSError as error:  # what passes must pass all the same
                self._full = True
                self.log.say(f"assay: {self.keeper.part}: {error.strerror}; nothing more is kept")
        self.log(passed)


def _welcome(protocol: Protocol, target: Target, proxy: RunningProxy, keeper: Keeper | None) -> str:
    rows = [(f"{protocol.id} proxy", f"before {target.url}, at {proxy.url}")]
    rows += [("WebSocket", proxy.ws_url + each.path) for each in protocol.channels.values()]
    rows += [("gRPC", f"before {target.grpc}, at {proxy.grpc}")] if proxy.grpc else []
    rows += [("authority", f"{proxy.ca}  (PEM; trust it, or check no certificate)")]
    rows += [("recording", str(keeper.part))] if keeper else []
    told = [f"  {what:15}  {text}" for what, text in rows if what != "authority" or proxy.ca]
    return "\n".join([told[0].strip(), *told[1:], "Ctrl-C ends it.", ""])


async def _attend(
    command: Sequence[str], proxy: RunningProxy, stop: asyncio.Event
) -> Ending | None:
    if not command:
        await stop.wait()
        return None
    if "PYTHONPATH" in os.environ:  # a command of the suite would not get it: it is the user's here
        os.environ.setdefault("ASSAY_USER_PYTHONPATH", os.environ["PYTHONPATH"])
    client = AgentProcess(command, proxy.values, hear=_print)
    try:
        await client.start()
    except OSError as error:
        raise _UnstartableError(f"{command[0]} cannot be started: {error.strerror}") from error
    over = [asyncio.ensure_future(client.wait()), asyncio.ensure_future(stop.wait())]
    try:
        await asyncio.wait(over, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in over:
            each.cancel()
        ending = await client.end()
    return ending


def _print(said: bytes) -> None:
    sys.stdout.buffer.write(said)
    sys.stdout.buffer.flush()


def _write(keeper: Keeper, out: Path, protocol: Protocol, log: PassingLog) -> int:
    keeper.close()
    try:
        steps = write_scenario(out, keeper.records(), protocol, load_requirements(protocol))
    except ValueError as error:
        log.say(f"{out} is not written: {error}")
    except OSError as error:
        print(
            f"assay: {out} cannot be written: {error.strerror}\n    hint: what passed is in "
            f"{keeper.part}; assay record {protocol.id} --from {keeper.part}",
            file=sys.stderr,
        )
        return 2
    else:
        log.say(f"written: {out} ({counted(steps, 'step')})")
    keeper.part.unlink(missing_ok=True)
    return 0


def _verdict(arguments: argparse.Namespace, log: PassingLog, came: _Came) -> int:
    if arguments.proxy and log.failed:
        return 1
    if came.refused:
        return _give_up(f"{arguments.upstream} could not be reached {came.refused} times")
    ending = came.ending
    if ending is not None and not ending.asked and ending.code:
        print(f"assay: the command ended with {ending.code}", file=sys.stderr)
        return 1
    if not came.connected:
        return _give_up("nobody asked for anything, and nothing was judged")
    return 0
