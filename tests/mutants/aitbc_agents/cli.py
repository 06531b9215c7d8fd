"""The command: options, signals, exit statuses.

0: done, or told to stop. 1: a traceback. 2: bad usage, or refused. 4: gave up after many tries.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from types import FrameType
from typing import Final, NoReturn

from tests.mutants.aitbc_agents.client import Client
from tests.mutants.aitbc_agents.faults import FAULTS
from tests.mutants.aitbc_agents.life import LeaveError, Life
from tests.mutants.aitbc_agents.model import Fault, OnTerm, Style
from tests.mutants.aitbc_agents.styles import STYLES
from tests.mutants.aitbc_agents.wire import Link, parse_base

__all__ = ["StopAgent", "live", "main", "shaped"]

# Broken agents may ignore everything else, so none of them outlives this many seconds.
FAULTY_LIFETIME: Final = 300.0
GOODBYE_TIMEOUT: Final = 2.0


class StopAgent(BaseException):
    """A signal told the agent to end; no Exception, so that no handler swallows it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RealClock:
    """The machine's own monotonic clock."""

    def now(self) -> float:
        """Seconds since some start."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait; a signal cuts it short by raising."""
        time.sleep(seconds)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one agent and return its exit status."""
    options = _parse(argv)
    fault = FAULTS[options.fault] if options.fault else None
    style = shaped(STYLES[options.style or (fault.style if fault else "daemon")], fault)
    try:
        base = parse_base(options.url)
    except ValueError as error:
        _log(f"usage: {error}")
        return 2
    link = Link(base, timeout=style.timeout, keep_alive=style.keep_alive)
    tamper = fault.tamper if fault else None
    client = Client(name=options.name, style=style, exchange=link.exchange, tamper=tamper)
    life = Life(client=client, style=style, clock=RealClock(), interval=options.interval, log=_log)
    lives = options.lives or (FAULTY_LIFETIME if fault else 0.0)
    return live(life, style, link, before=partial(_listen, style, lives))


def shaped(style: Style, fault: Fault | None) -> Style:
    """``style`` with the habits of ``fault``."""
    return style if fault is None or fault.reshape is None else fault.reshape(style)


def live(life: Life, style: Style, link: Link, *, before: Callable[[], None] | None = None) -> int:
    """Run ``life`` to its end, told or not. ``before`` runs where StopAgent is already caught."""
    try:
        if before is not None:
            before()
        return life.run()
    except LeaveError as leave:
        if leave.message:
            _log(leave.message)
        return leave.status
    except StopAgent as stop:
        # Whoever stops us waits for us: from here on we hurry.
        link.hurry(GOODBYE_TIMEOUT)
        if style.on_term is OnTerm.CRASH:
            message = "never thought of being told to stop"
            raise RuntimeError(message) from stop
        life.say_goodbye()
        return 3 if style.on_term is OnTerm.FAIL else 0


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="aitbc_agents", description="one AITBC test agent")
    url, name = os.environ.get("ASSAY_URL"), os.environ.get("ASSAY_NAME")
    parser.add_argument("--url", default=url, required=not url)
    parser.add_argument("--name", default=name or f"agent-{os.getpid()}")
    parser.add_argument("--interval", type=float, default=0.4, help="seconds between heartbeats")
    parser.add_argument("--style", choices=sorted(STYLES), metavar="STYLE")
    parser.add_argument("--fault", choices=sorted(FAULTS), metavar="FAULT")
    parser.add_argument("--lives", type=float, default=0.0, help="seconds until it stops itself")
    return parser.parse_args(argv)


def _listen(style: Style, lives: float) -> None:
    signal.signal(signal.SIGINT, _stop)
    signal.signal(signal.SIGALRM, _stop)
    ignores = style.on_term is OnTerm.IGNORE
    signal.signal(signal.SIGTERM, signal.SIG_IGN if ignores else _stop)
    if lives > 0:
        signal.setitimer(signal.ITIMER_REAL, lives)


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM):
        signal.signal(number, signal.SIG_IGN)
    raise StopAgent


def _log(text: str) -> None:
    sys.stderr.write(f"aitbc-agent: {text}\n")
    sys.stderr.flush()
