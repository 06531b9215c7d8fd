"""The fault table is sound, every fault starts, and a sample of each family really shows."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from . import FAULTS, LAWFUL, start
from .sweep import transcript

HOME = Path(__file__).resolve().parents[3]


def test_the_table_is_sound() -> None:
    assert len(FAULTS) >= 150
    summaries = [fault.summary for fault in FAULTS.values()]
    assert all(fault.name == name for name, fault in FAULTS.items())
    assert all(fault.reading in LAWFUL for fault in FAULTS.values())
    assert all("." in name and name == name.lower() and " " not in name for name in FAULTS)
    assert all(summary and not summary.endswith(".") for summary in summaries)
    by_hand = [fault for fault in FAULTS.values() if fault.by_hand]
    assert all(LAWFUL[fault.reading].front == "handmade" for fault in by_hand)


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


SHOWS: dict[str, str] = {
    "logins": "auth.password.any auth.username.any auth.credentials.none auth.credentials.swapped "
    "auth.header.missing auth.order.any auth.version.missing auth.path.unguarded",
    "headers": "auth.right.refused_again auth.header.first_line_only subprotocol.password "
    "subprotocol.not_offered subprotocol.twice connect.path.root_only",
    "failures": "auth.right.refused_after_a_failure auth.wrong.after_right "
    "auth.wrong.eleventh_try auth.right.refused_once_after_a_failure "
    "auth.refusal.drops_others auth.refusal.kills_server",
    "stranger": "auth.refusal.stays_open auth.refusal.one_command auth.refusal.hears_others "
    "auth.refusal.events_first auth.refusal.served_briefly auth.refusal.reason_reveals",
    "refused_body": "auth.refusal.mute auth.refusal.half_open auth.refusal.body_reveals",
    "catalogue": "catalogue.actions.list catalogue.required.text catalogue.types.none "
    "catalogue.types.wrong.limit catalogue.reply.top_level catalogue.cloud.text "
    "catalogue.call.once catalogue.connection.second_gets_less connect.reconnect_deaf "
    "event.waiting_token event.list reply.twice.other_first reply.in_list rfc.sent.masked",
    "tokens": "token.upper_case token.sticky",
    "burst": "token.swapped token.in_order load.eight_in_work token.last_received",
    "pair": "token.other_connection reply.to_all leave.kills event.others_waiting_token",
    "commands": "type.for_int.accepted type.null.accepted missing.only_first_checked",
    "leaks": "missing.from_before missing.from_anybody outcome.others_broken_after_error",
    "odd": "input.malformed.kills input.list.closes",
    "many": "load.fiftieth_closes",
    "state": "state.no_effect state.stops_all",
    "upgrades": "rfc.accept.key_echoed rfc.version.other_accepted rfc.crash.plain_http",
    "wire": "rfc.ping.unanswered rfc.close.no_echo rfc.taken.unmasked rfc.size.65536 "
    "rfc.fragments.each_alone rfc.taken.not_utf8_code rfc.segments.one_frame rfc.close.code_999",
}
"""Faults of every family, by the dialogue in which they show; `sweep` looks at all faults."""


async def test_a_sample_shows() -> None:
    gate = asyncio.Semaphore(12)

    async def told(probe: str, reading: str, fault: str | None = None) -> Any:
        async with gate:
            return await transcript(probe, reading, fault)

    pairs = [(probe, name) for probe, names in SHOWS.items() for name in names.split()]
    lawful = {(probe, FAULTS[name].reading) for probe, name in pairs}
    sound = dict(zip(lawful, await asyncio.gather(*(told(*one) for one in lawful)), strict=True))
    faulty = await asyncio.gather(*(told(p, FAULTS[name].reading, name) for p, name in pairs))
    hidden = [
        (probe, name)
        for (probe, name), found in zip(pairs, faulty, strict=True)
        if found == sound[probe, FAULTS[name].reading]
    ]
    # A crowded machine blurs the dialogues: those that showed nothing are held again, alone.
    assert not [
        name
        for probe, name in hidden
        if await told(probe, FAULTS[name].reading, name) == await told(probe, FAULTS[name].reading)
    ]
