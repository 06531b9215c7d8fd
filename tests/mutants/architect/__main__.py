"""`python -m tests.mutants.architect`: serve one peer, or list what there is."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys

from . import FAULTS, LAWFUL, start

__all__ = ["listing", "main"]


def main() -> int:
    """Parse the command line and act; 0 when stopped by a signal."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants.architect", description=__doc__)
    parser.add_argument("--reading", choices=sorted(LAWFUL), metavar="NAME")
    parser.add_argument("--fault", choices=sorted(FAULTS), metavar="NAME")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 lets the system choose")
    parser.add_argument("--plain", action="store_true", help="ws, whatever the reading says")
    parser.add_argument("--list", action="store_true", help="print the readings and faults")
    options = parser.parse_args()
    if options.list:
        sys.stdout.write(listing())
        return 0
    # Without a reading, a fault shows in the one that it was written for.
    default = FAULTS[options.fault].reading if options.fault else "natural"
    reading = options.reading or default
    if options.fault and FAULTS[options.fault].by_hand and LAWFUL[reading].front != "handmade":
        parser.error(f"{options.fault} needs a handmade reading, such as {default}")
    asyncio.run(_serve(reading, options.fault, options.host, options.port, options.plain))
    return 0


def listing() -> str:
    """One line for each reading and each fault, fields parted by tabs."""
    rows = [f"reading\t{name}" for name in LAWFUL]
    rows += [
        f"fault\t{fault.name}\t{'implied' if fault.implied else 'stated'}\t"
        f"{fault.reading}\t{fault.section}\t{fault.summary}"
        for fault in FAULTS.values()
    ]
    return "\n".join(rows) + "\n"


async def _serve(reading: str, fault: str | None, host: str, port: int, plain: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stop.set)
    async with await start(reading, fault, host, port, plain) as peer:
        credentials = "{username} {password}".format(**peer.credentials)
        sys.stdout.write(f"listening on {peer.url}\ncredentials {credentials}\n")
        sys.stdout.flush()
        await stop.wait()


if __name__ == "__main__":
    sys.exit(main())
