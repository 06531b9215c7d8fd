"""`python -m tests.mutants PROTOCOL`: serve one coordinator, lawful or broken, or list them all.

What it prints is a target file: `assay test PROTOCOL --target FILE` judges the peer by it.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import Any

import yaml

from conformance.target import Hook, Target
from tests.mutants.coordinators import FAULTS, LAWFUL, served

__all__ = ["listing", "main", "target_file"]


def main(words: list[str] | None = None) -> int:
    """Parse the command line and act; 0 when stopped by a signal, 2 for wrong usage."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("protocol", choices=sorted(LAWFUL))
    parser.add_argument("--reading", metavar="NAME", help="how it reads the document")
    parser.add_argument("--fault", metavar="NAME", help="in which one way it is broken")
    parser.add_argument("--list", action="store_true", help="print the readings and faults")
    options = parser.parse_args(words)
    if options.list:
        sys.stdout.write(listing(options.protocol))
        return 0
    for what, known in (("reading", LAWFUL), ("fault", FAULTS)):
        name = getattr(options, what)
        if name is not None and name not in known[options.protocol]:
            parser.error(f"no {what} is called {name!r}; --list names them")
    asyncio.run(_serve(options.protocol, options.reading, options.fault))
    return 0


def listing(protocol: str) -> str:
    """One line for each reading and each fault, fields parted by tabs."""
    rows = [f"reading\t{name}" for name in LAWFUL[protocol]]
    rows += [
        f"fault\t{fault.name}\t{'implied' if fault.implied else 'stated'}\t"
        f"{fault.reading}\t{fault.section}\t{fault.summary}"
        for fault in FAULTS[protocol].values()
    ]
    return "\n".join(rows) + "\n"


def target_file(target: Target) -> str:
    """A target as YAML, which `read_target` reads: what it says beside the defaults."""
    told = _told({**asdict(target), "secrets": ()}, asdict(Target()))
    told |= {"hooks": {name: _told(asdict(hook), _HOOK) for name, hook in target.hooks.items()}}
    return str(yaml.safe_dump(told, allow_unicode=True, sort_keys=False))


_HOOK = asdict(Hook())


def _told(said: Mapping[str, Any], usual: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _plain(value) for name, value in said.items() if value != usual.get(name)}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items() if each not in (None, "")}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


async def _serve(protocol: str, reading: str | None, fault: str | None) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with served(protocol, reading, fault) as target:
        sys.stdout.write(target_file(target))
        sys.stdout.flush()
        await stop.wait()


if __name__ == "__main__":
    sys.exit(main())
