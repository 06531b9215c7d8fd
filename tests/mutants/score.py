"""`python -m tests.mutants.score PROTOCOL`: what the whole suite says of each broken peer.

One line of JSON for each fault as it is judged: which requirements fail and which warn. What the
file holds already is not run again, so a sweep that was broken off goes on where it stopped.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from reports import Run
from tests.mutants import agents, coordinators
from tests.suite import run_suite, verdicts

__all__ = ["main", "summary"]


async def _judged(protocol: str, role: str, fault: str, folder: Path, profile: str) -> Run:
    if role == "agent":
        style = agents.style_of(protocol, fault)
        return await agents.examined(folder, protocol, style=style, fault=fault)
    async with coordinators.served(protocol, fault=fault, patience=2) as target:
        return await run_suite(folder, protocol=protocol, target=target, profile=profile)


async def _line(protocol: str, role: str, fault: str, profile: str) -> dict[str, Any]:
    faults = agents.FAULTS if role == "agent" else coordinators.FAULTS
    told: dict[str, Any] = {"fault": fault, "implied": faults[protocol][fault].implied}
    with tempfile.TemporaryDirectory() as folder:
        try:
            run = await _judged(protocol, role, fault, Path(folder), profile)
        except AssertionError as error:
            return {**told, "broke": str(error)[-400:]}
    return {**told, **{kind: verdicts(run, kind) for kind in ("fail", "warn", "inconclusive")}}


async def _sweep(names: Iterable[str], options: argparse.Namespace) -> None:
    room = asyncio.Semaphore(options.jobs)

    async def one(name: str) -> None:
        async with room:
            line = await _line(options.protocol, options.role, name, options.profile)
        with options.out.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    await asyncio.gather(*map(one, names))


def _lines(file: Path) -> list[dict[str, Any]]:
    if not file.exists():
        return []
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def summary(lines: Iterable[dict[str, Any]]) -> str:
    """How many faults fail, only warn, or escape, by whether the document states them."""
    counts: Counter[tuple[str, str]] = Counter()
    told: list[str] = []
    for line in lines:
        basis = "implied" if line["implied"] else "stated"
        verdict = next((kind for kind in ("broke", "fail", "warn") if line.get(kind)), "pass")
        counts[basis, verdict] += 1
        if verdict != "fail" and (basis == "stated" or verdict != "warn"):
            told.append(f"  {basis} {verdict}: {line['fault']} {' '.join(line.get('warn', ()))}")
    head = [f"{basis} {verdict}: {number}" for (basis, verdict), number in sorted(counts.items())]
    return "\n".join([*head, *sorted(told)])


def main() -> int:
    """Sweep the faults that are named, or all; 1 where a stated one does not fail."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants.score", description=__doc__)
    parser.add_argument("protocol", choices=sorted(coordinators.FAULTS))
    parser.add_argument("faults", nargs="*", help="all by default")
    parser.add_argument("--role", choices=("coordinator", "agent"), default="coordinator")
    parser.add_argument("--profile", default="standard")
    parser.add_argument("--jobs", type=int, default=2, help="peers judged side by side")
    parser.add_argument("--out", type=Path, help="default: out/score/PROTOCOL-ROLE.jsonl")
    parser.add_argument("--again", action="store_true", help="run also what the file holds")
    options = parser.parse_intermixed_args()
    options.out = options.out or Path(f"out/score/{options.protocol}-{options.role}.jsonl")
    options.out.parent.mkdir(parents=True, exist_ok=True)
    known = (agents if options.role == "agent" else coordinators).FAULTS[options.protocol]
    wanted = options.faults or list(known)
    done = set() if options.again else {line["fault"] for line in _lines(options.out)}
    asyncio.run(_sweep([name for name in wanted if name not in done], options))
    latest = {line["fault"]: line for line in _lines(options.out) if line["fault"] in wanted}
    print(summary(latest.values()))
    return int(any(not line["implied"] and not line.get("fail") for line in latest.values()))


if __name__ == "__main__":
    sys.exit(main())
