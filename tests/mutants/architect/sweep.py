"""`python -m tests.mutants.architect.sweep`: which faults show in which dialogue, if in any."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable
from itertools import product
from typing import Any

from . import FAULTS, start
from .probes import PROBES

__all__ = ["shows_in", "sweep", "transcript"]

_TOGETHER = 10
_LONGEST = 25.0
_NO_END = "no end"


async def transcript(probe: str, reading: str, fault: str | None = None) -> Any:
    """What a dialogue tells of one peer."""
    async with await start(reading, fault) as peer:
        try:
            async with asyncio.timeout(_LONGEST):
                return await PROBES[probe](peer)
        except TimeoutError:
            return _NO_END
        except (OSError, EOFError) as error:
            return repr(type(error))


async def shows_in(fault: str, lawful: dict[tuple[str, str], Any]) -> str:
    """The first dialogue that tells the fault from the lawful peer, or an empty text."""
    reading = FAULTS[fault].reading
    for probe in PROBES:
        expected = lawful.get((reading, probe))
        if expected is None or await transcript(probe, reading, fault) == expected:
            continue
        # A busy machine may delay a lawful peer too: ask both once more.
        if await transcript(probe, reading) == expected != await transcript(probe, reading, fault):
            return probe
    return ""


async def baselines(readings: Iterable[str]) -> dict[tuple[str, str], Any]:
    """What each dialogue tells of each lawful peer, where it tells the same twice running."""
    gate = asyncio.Semaphore(_TOGETHER)

    async def one(reading: str, probe: str) -> tuple[tuple[str, str], Any]:
        async with gate:
            told = [await transcript(probe, reading) for _ in range(2)]
        while len(told) < 5 and told[-1] != told[-2]:
            told.append(await transcript(probe, reading))
        return (reading, probe), told[-1] if told[-1] == told[-2] != _NO_END else None

    found = dict(await asyncio.gather(*(one(*pair) for pair in product(readings, PROBES))))
    unsteady = sorted(" ".join(pair) for pair, told in found.items() if told is None)
    sys.stderr.write("".join(f"unsteady: {pair}\n" for pair in unsteady))
    return found


async def sweep(names: Iterable[str]) -> dict[str, str]:
    """For each fault the dialogue in which it shows."""
    names = list(names)
    lawful = await baselines(sorted({FAULTS[name].reading for name in names}))
    gate = asyncio.Semaphore(_TOGETHER)

    async def one(name: str) -> tuple[str, str]:
        async with gate:
            probe = await shows_in(name, lawful)
        sys.stdout.write(f"{name}\t{probe or '-- nowhere --'}\n")
        sys.stdout.flush()
        return name, probe

    return dict(await asyncio.gather(*map(one, names)))


def main() -> int:
    """Sweep the faults that are named, or all; 1 when one shows nowhere."""
    shown = asyncio.run(sweep(sys.argv[1:] or FAULTS))
    return 0 if all(shown.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
