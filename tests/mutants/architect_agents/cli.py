"""The command: options, signals, exit statuses.

0: done, or told to stop. 1: a traceback. 2: bad usage. 3: the server went away. 4: gave up.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import secrets
import signal
import ssl
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from tests.mutants.architect_agents.faults import FAULTS
from tests.mutants.architect_agents.life import Life
from tests.mutants.architect_agents.links import (
    Address,
    AiohttpLink,
    Link,
    SyncLink,
    WebsocketsLink,
    parse_address,
)
from tests.mutants.architect_agents.model import Fault, Library, Style
from tests.mutants.architect_agents.rawlink import RawLink, Tally
from tests.mutants.architect_agents.session import Ledger
from tests.mutants.architect_agents.styles import STYLES

__all__ = ["dialler", "live", "main", "shaped"]

LIFETIME: Final = 290.0
"""Seconds; nobody has to clean up after a forgotten client."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one client and return its exit status."""
    options = _parse(argv)
    if options.list:
        _print_tables()
        return 0
    fault = FAULTS[options.fault] if options.fault else None
    style = shaped(STYLES[options.style or (fault.reading if fault else "example")], fault)
    try:
        address = _address(options, style)
    except (ValueError, OSError) as error:
        _say(f"usage: {error}")
        return 2
    # The loop's own timer may be starved by a broken client, this one not.
    signal.setitimer(signal.ITIMER_REAL, options.lives + 5.0)
    rng = random.Random(options.seed)
    ledger = Ledger(rng=rng, pace=options.pace, say=_say)
    return asyncio.run(_live_until_told(style, fault, address, ledger, options.lives))


def shaped(style: Style, fault: Fault | None) -> Style:
    """``style`` with the habits of ``fault``."""
    return style if fault is None or fault.reshape is None else fault.reshape(style)


def dialler(style: Style, fault: Fault | None, address: Address) -> Callable[[], Link]:
    """Makes the links of one client; faults on the wire need the hand-written one."""
    tally = Tally()
    wire = fault.wire if fault else None

    def dial() -> Link:
        if wire is None:
            match style.library:
                case Library.WEBSOCKETS:
                    return WebsocketsLink(address, fragment=style.fragment)
                case Library.SYNC:
                    return SyncLink(address)
                case Library.AIOHTTP:
                    return AiohttpLink(address)
                case Library.RAW:
                    pass
        return RawLink(address, tally=tally, wire=wire, form=style.form, fragment=style.fragment)

    return dial


async def live(
    style: Style, fault: Fault | None, address: Address, ledger: Ledger, stop: asyncio.Event
) -> int:
    """One life, until it ends or ``stop`` is set."""
    tamper = fault.tamper if fault else None
    if style.prints:
        ledger.say(style.prints.replace("{password}", address.password))
    dial = dialler(style, fault, address)
    life = Life(style=style, dial=dial, ledger=ledger, tamper=tamper)
    running = asyncio.ensure_future(life.run())
    told = asyncio.ensure_future(stop.wait())
    await asyncio.wait({running, told}, return_when=asyncio.FIRST_COMPLETED)
    told.cancel()
    if running.done():
        await life.drop()
        return running.result()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await life.say_goodbye()
    return 0


async def _live_until_told(
    style: Style, fault: Fault | None, address: Address, ledger: Ledger, lives: float
) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, stop.set)
    loop.add_signal_handler(signal.SIGTERM, stop.set if style.heeds_term else lambda: None)
    loop.call_later(lives, stop.set)
    return await live(style, fault, address, ledger, stop)


def _address(options: argparse.Namespace, style: Style) -> Address:
    missing = [name for name in ("ws_url", "username", "password") if not getattr(options, name)]
    if missing:
        raise ValueError(f"missing: {', '.join(missing)}")
    address = parse_address(
        options.ws_url,
        username=options.username,
        password=options.password,
        context=_context(options.ca, style),
    )
    return replace(address, context=None) if style.ignores_tls else address


def _context(ca: str | None, style: Style) -> ssl.SSLContext:
    """Self-signed certificates are accepted, or those that ``ca`` vouches for, if it is given."""
    if style.verifies:
        return ssl.create_default_context()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    if ca:
        context.load_verify_locations(ca)
    else:
        context.verify_mode = ssl.CERT_NONE
    return context


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="architect_agents", description="one script client of the Architect Agent API"
    )
    get = os.environ.get
    parser.add_argument("--ws-url", default=get("ASSAY_WS_URL"))
    parser.add_argument("--username", default=get("ASSAY_USERNAME"))
    parser.add_argument("--password", default=get("ASSAY_PASSWORD"))
    parser.add_argument("--ca", default=get("ASSAY_CA"), help="file with trusted certificates")
    parser.add_argument("--style", choices=sorted(STYLES), metavar="STYLE")
    parser.add_argument("--fault", choices=sorted(FAULTS), metavar="FAULT")
    parser.add_argument("--pace", type=float, default=1.0, help="factor on rests and time-outs")
    parser.add_argument("--seed", type=int, default=secrets.randbits(32), help="of the tokens")
    parser.add_argument("--lives", type=float, default=LIFETIME, help="seconds until it stops")
    parser.add_argument("--list", action="store_true", help="print all styles and faults")
    options = parser.parse_args(argv)
    options.lives = min(options.lives, LIFETIME)
    return options


def _print_tables() -> None:
    for style in STYLES.values():
        print(f"style\t{style.name}\t{style.summary}")
    for fault in FAULTS.values():
        weight = "implied" if fault.implied else "stated"
        print(
            f"fault\t{fault.name}\t{fault.reading}\t{weight}\t{fault.needs.name}\t{fault.summary}"
        )


def _say(text: str) -> None:
    sys.stderr.write(f"architect-agent: {text}\n")
    sys.stderr.flush()
