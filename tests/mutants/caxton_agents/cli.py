"""The command: options, signals, exit statuses.

0: told to stop, or a short life that came to its end. 1: a traceback. 2: bad usage.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from random import Random
from typing import Final
from urllib.parse import urlsplit

from tests.mutants.caxton_agents.being import Being, LeaveError
from tests.mutants.caxton_agents.faults import FAULTS
from tests.mutants.caxton_agents.life import Life
from tests.mutants.caxton_agents.model import Fault, Memory, Style, Target
from tests.mutants.caxton_agents.styles import STYLES

__all__ = ["born", "live", "main", "shaped", "target_of"]

# No client outlives this many seconds, whatever it does.
LIFETIME: Final = 300


def main(argv: Sequence[str] | None = None) -> int:
    """Run one client and return its exit status."""
    options = _parse(argv)
    if options.list:
        _list()
        return 0
    if not options.url or not options.token:
        _log("usage: --url and --token are needed (or ASSAY_URL and ASSAY_TOKEN)")
        return 2
    if hasattr(signal, "SIGALRM"):
        # The default action ends the process, even one that hangs.
        signal.alarm(LIFETIME)
    fault = FAULTS[options.fault] if options.fault else None
    style = shaped(STYLES[options.style or (fault.style if fault else "full")], fault)
    target = target_of(options.url, options.ws_url or "", options.grpc or "", options.token)
    seed = options.seed if options.seed is not None else f"{options.name}-{os.getpid()}"
    return asyncio.run(_until_told(style, fault, target, options.name, seed, options.pace))


def target_of(url: str, socket: str, grpc: str, token: str) -> Target:
    """The addresses in full: ``/api/v1`` and ``/ws`` are added where they are missing."""
    rest = url.rstrip("/")
    if not rest.endswith("/api/v1"):
        rest += "/api/v1"
    if not socket:
        socket = "ws" + rest.removesuffix("/api/v1").removeprefix("http") + "/ws"
    if urlsplit(socket).path in {"", "/"}:
        socket = socket.rstrip("/") + "/ws"
    return Target(rest=rest, socket=socket, grpc=grpc, token=token)


def shaped(style: Style, fault: Fault | None) -> Style:
    """``style`` with the habits of ``fault``."""
    return style if fault is None or fault.reshape is None else fault.reshape(style)


def born(
    style: Style,
    fault: Fault | None,
    target: Target,
    name: str,
    seed: str,
    log: Callable[[str], None],
    pace: float,
) -> Life:
    """A client that has not done anything yet."""
    memory = Memory(name=name, token=target.token, rng=Random(seed))
    being = Being(style=style, fault=fault, memory=memory, target=target, log=log, pace=pace)
    return Life(being)


async def live(life: Life, log: Callable[[str], None]) -> int:
    """Live to the end and return the exit status. Seeded crashes come out as exceptions."""
    try:
        await life.run()
    except LeaveError as leave:
        if leave.message:
            log(leave.message)
        return leave.status
    return 0


async def _until_told(
    style: Style, fault: Fault | None, target: Target, name: str, seed: str, pace: float
) -> int:
    loop = asyncio.get_running_loop()
    life = born(style, fault, target, name, seed, _log, pace)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, life.stop)
    return await live(life, _log)


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="caxton_agents", description="one Caxton client")
    environ = os.environ
    parser.add_argument("--url", default=environ.get("ASSAY_URL"), help="http://HOST:PORT")
    parser.add_argument("--ws-url", nargs="?", default=environ.get("ASSAY_WS_URL"))
    parser.add_argument("--grpc", nargs="?", default=environ.get("ASSAY_GRPC"), help="HOST:PORT")
    parser.add_argument("--token", default=environ.get("ASSAY_TOKEN"))
    parser.add_argument("--name", default=environ.get("ASSAY_NAME") or "client")
    parser.add_argument("--style", choices=sorted(STYLES), metavar="STYLE")
    parser.add_argument("--fault", choices=sorted(FAULTS), metavar="FAULT")
    parser.add_argument("--seed", help="makes numbers and masks the same each time")
    parser.add_argument("--pace", type=float, default=1.0, help="multiplies all its pauses")
    parser.add_argument("--list", action="store_true", help="styles and faults as JSON lines")
    return parser.parse_args(argv)


def _list() -> None:
    for style in STYLES.values():
        print(json.dumps({"style": style.name, "summary": style.summary}))
    for fault in FAULTS.values():
        shown = {
            "fault": fault.name,
            "style": fault.style,
            "implied": fault.implied,
            "section": fault.section,
            "cue": fault.cue,
            "summary": fault.summary,
        }
        print(json.dumps(shown))


def _log(text: str) -> None:
    sys.stderr.write(f"caxton-agent: {text}\n")
    sys.stderr.flush()
