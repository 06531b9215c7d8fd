"""The command: options, signals, exit statuses.

0: told to stop. 1: a traceback. 2: bad usage, or refused. 3: connection lost. 4: gave up.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from random import Random
from typing import Final

from tests.mutants.echocenter_agents.faults import FAULTS
from tests.mutants.echocenter_agents.life import Dial, LeaveError, Life
from tests.mutants.echocenter_agents.links import Link, dial_aiohttp, dial_async, dial_sync
from tests.mutants.echocenter_agents.model import Do, Fault, LinkKind, Memory, Style, Target
from tests.mutants.echocenter_agents.rawlink import dial_raw
from tests.mutants.echocenter_agents.styles import STYLES

__all__ = ["dialler", "live", "main", "shaped"]

# No agent outlives this many seconds, whatever it does.
LIFETIME: Final = 300


def main(argv: Sequence[str] | None = None) -> int:
    """Run one agent and return its exit status."""
    options = _parse(argv)
    if options.list:
        _list()
        return 0
    if not options.ws_url or options.token is None:
        _log("usage: --ws-url and --token are needed (or ASSAY_WS_URL and ASSAY_TOKEN)")
        return 2
    if hasattr(signal, "SIGALRM"):
        # The default action ends the process, even one that hangs or loops.
        signal.alarm(LIFETIME)
    fault = FAULTS[options.fault] if options.fault else None
    style = shaped(STYLES[options.style or (fault.style if fault else "plain")], fault)
    target = Target(base=options.ws_url, token=options.token)
    seed = options.seed if options.seed is not None else f"{options.name}-{os.getpid()}"
    return asyncio.run(_until_told(style, fault, target, options.name, seed))


def shaped(style: Style, fault: Fault | None) -> Style:
    """``style`` with the habits of ``fault``."""
    return style if fault is None or fault.reshape is None else fault.reshape(style)


def dialler(rng: Random) -> Dial:
    """Connects in whatever way the style wants."""

    async def dial(url: str, style: Style) -> Link:
        if style.link is LinkKind.RAW:
            return await dial_raw(url, style.headers, habits=style.habits, rng=rng)
        library = {
            LinkKind.ASYNC: dial_async,
            LinkKind.SYNC: dial_sync,
            LinkKind.AIOHTTP: dial_aiohttp,
        }[style.link]
        return await library(url, style.headers)

    return dial


async def live(
    style: Style,
    fault: Fault | None,
    target: Target,
    name: str,
    seed: str,
    say: Callable[[str], None],
) -> int:
    """Live until the agent's own end. Seeded crashes come out as exceptions."""
    rng = Random(seed)
    life = Life(
        style=style,
        fault=fault,
        dial=dialler(rng),
        target=target,
        memory=Memory(name=name, rng=rng, token=target.token),
        say=say,
    )
    try:
        await life.run()
    except LeaveError as leave:
        if leave.message:
            say(leave.message)
        return leave.status
    return 0


async def _until_told(
    style: Style, fault: Fault | None, target: Target, name: str, seed: str
) -> int:
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(live(style, fault, target, name, seed, _log))
    loop.add_signal_handler(signal.SIGINT, task.cancel)
    loop.add_signal_handler(signal.SIGTERM, partial(_told, style.on_term, task))
    try:
        return await task
    except asyncio.CancelledError:
        if style.on_term is Do.CRASH:
            raise RuntimeError("never thought of being told to stop") from None
        return 0


def _told(habit: Do | None, task: asyncio.Task[int]) -> None:
    if habit is not Do.HANG:
        task.cancel()


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="echocenter_agents", description="one EchoCenter agent")
    environ = os.environ
    parser.add_argument("--ws-url", default=environ.get("ASSAY_WS_URL"), help="ws://HOST:PORT")
    parser.add_argument("--token", default=environ.get("ASSAY_TOKEN"))
    parser.add_argument("--name", default=environ.get("ASSAY_NAME") or "agent")
    parser.add_argument("--style", choices=sorted(STYLES), metavar="STYLE")
    parser.add_argument("--fault", choices=sorted(FAULTS), metavar="FAULT")
    parser.add_argument("--seed", help="makes ids and masks the same each time")
    parser.add_argument("--list", action="store_true", help="styles and faults as JSON lines")
    return parser.parse_args(argv)


def _list() -> None:
    for style in STYLES.values():
        print(json.dumps({"style": style.name, "summary": style.summary}))
    shown = ("name", "style", "implied", "section", "cue", "summary")
    for fault in FAULTS.values():
        record = asdict(fault)
        print(json.dumps({"fault" if key == "name" else key: record[key] for key in shown}))


def _log(text: str) -> None:
    sys.stderr.write(f"echocenter-agent: {text}\n")
    sys.stderr.flush()
