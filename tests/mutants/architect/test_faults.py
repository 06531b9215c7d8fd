"""The fault table is sound, every fault starts, and a sample of each family really shows."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest

from . import FAULTS, LAWFUL, start
from .__main__ import listing
from .sweep import shows_in, transcript

HOME = Path(__file__).resolve().parents[3]

QUICK = ("catalogue", "tokens", "commands", "leaks", "headers", "logins", "stranger", "burst")
"""Dialogues short enough for every run; `sweep` holds all."""


def test_the_table_is_sound() -> None:
    assert len(FAULTS) >= 150
    summaries = [fault.summary for fault in FAULTS.values()]
    assert all(fault.name == name for name, fault in FAULTS.items())
    assert all(fault.reading in LAWFUL for fault in FAULTS.values())
    assert all("." in name and name == name.lower() and " " not in name for name in FAULTS)
    assert all(summary and not summary.endswith(".") for summary in summaries)
    by_hand = [fault for fault in FAULTS.values() if fault.by_hand]
    assert all(LAWFUL[fault.reading].front == "handmade" for fault in by_hand)


def test_the_list_names_everything() -> None:
    lines = listing().splitlines()
    assert len(lines) == len(LAWFUL) + len(FAULTS)
    assert all(line.split("\t")[0] in {"reading", "fault"} for line in lines)


async def test_every_fault_starts() -> None:
    for fault in FAULTS.values():
        async with await start(fault.reading, fault.name, plain=True) as peer:
            assert peer.url.startswith("ws://127.0.0.1:")


async def test_a_frame_fault_needs_handmade_frames() -> None:
    with pytest.raises(ValueError, match="handmade"):
        await start("natural", "rfc.sent.masked")


async def test_a_server_that_dies_can_be_closed() -> None:
    async with await start("handmade", "auth.refusal.kills_server") as peer:
        from .client import Client

        await Client(peer).open([])
        await asyncio.sleep(0.02)
        assert (await Client(peer).open()).status == 0


def _sample() -> list[str]:
    """Three faults of each family that quick dialogues can tell, always the same."""
    families: dict[str, list[str]] = {}
    for name, fault in FAULTS.items():
        if fault.reading in {"natural", "handmade"}:
            families.setdefault(".".join(name.split(".")[:2]), []).append(name)
    chance = Random(6455)
    known = ("auth.password", "auth.username", "auth.version", "auth.order", "auth.credentials")
    known += ("catalogue.actions", "catalogue.required", "catalogue.types", "catalogue.reply")
    known += ("token.missing", "token.place", "missing.accepted", "type.any", "type.for_int")
    known += ("subprotocol.password", "token.upper_case", "token.last_received", "reply.binary")
    known += ("reply.twice", "rfc.sent", "rfc.accept", "missing.from_before", "reply.to_all")
    return [
        name
        for family in known
        for name in chance.sample(families[family], min(3, len(families[family])))
    ]


async def test_a_sample_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    from . import sweep

    monkeypatch.setattr(sweep, "PROBES", {name: sweep.PROBES[name] for name in QUICK})
    lawful: dict[tuple[str, str], Any] = {
        (reading, probe): await transcript(probe, reading)
        for reading in ("natural", "handmade")
        for probe in QUICK
    }
    gate = asyncio.Semaphore(5)

    async def one(name: str) -> tuple[str, str]:
        async with gate:
            return name, await shows_in(name, lawful)

    shown = dict(await asyncio.gather(*map(one, _sample())))
    assert not [name for name, probe in shown.items() if not probe]


def test_the_command_line_serves() -> None:
    command = (sys.executable, "-m", "tests.mutants.architect", "--reading", "busy")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=HOME) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline().startswith("listening on ws://127.0.0.1:")
        finally:
            process.terminate()
        assert process.wait(5) == 0
