"""`python -m tests.mutants.caxton`: serve one peer, or list what there is."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys

from . import FAULTS, LAWFUL, start


def main() -> int:
    """Parse the command line and act; 0 when stopped by a signal."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants.caxton", description=__doc__)
    parser.add_argument("--reading", default=None, choices=sorted(LAWFUL), metavar="NAME")
    parser.add_argument("--fault", default=None, choices=sorted(FAULTS), metavar="NAME")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 lets the system choose")
    parser.add_argument("--list", action="store_true", help="print the readings and faults")
    options = parser.parse_args()
    if options.list:
        sys.stdout.write(listing())
        return 0
    asyncio.run(_serve(options.reading, options.fault, options.host, options.port))
    return 0


def listing() -> str:
    """One line for each reading and each fault, fields parted by tabs."""
    rows = [f"reading\t{name}\t{reading.summary}" for name, reading in LAWFUL.items()]
    rows += [
        f"fault\t{fault.name}\t{'implied' if fault.implied else 'stated'}\t"
        f"{fault.reading}\t{fault.section}\t{fault.summary}"
        for fault in FAULTS.values()
    ]
    return "\n".join(rows) + "\n"


async def _serve(reading: str | None, fault: str | None, host: str, port: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with await start(reading, fault, host, port) as peer:
        sys.stdout.write(f"listening on {peer.url}\n")
        sys.stdout.write(f"grpc {peer.grpc}\n")
        sys.stdout.write(f"headers {json.dumps(peer.headers)}\n")
        sys.stdout.write(f"token {peer.token}\n")
        sys.stdout.write(f"hooks {json.dumps(peer.hooks)}\n")
        sys.stdout.flush()
        await stop.wait()


if __name__ == "__main__":
    sys.exit(main())
