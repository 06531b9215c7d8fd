"""The table of all faults."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from .answer_faults import ANSWER_FAULTS
from .chunk_faults import CHUNK_FAULTS
from .control_faults import CONTROL_FAULTS
from .delivery_faults import DELIVERY_FAULTS
from .dev_faults import DEV_FAULTS
from .entry_faults import ENTRY_FAULTS
from .fault import Fault
from .fine_faults import FINE_FAULTS
from .gate_faults import GATE_FAULTS
from .input_faults import INPUT_FAULTS
from .lawful import LAWFUL
from .life_faults import LIFE_FAULTS
from .listing_faults import LISTING_FAULTS
from .log_faults import LOG_FAULTS
from .loss_faults import LOSS_FAULTS
from .payload_faults import PAYLOAD_FAULTS
from .race_faults import RACE_FAULTS
from .register_faults import REGISTER_FAULTS
from .route_faults import ROUTE_FAULTS
from .sender_faults import SENDER_FAULTS
from .siege_faults import SIEGE_FAULTS
from .stream_faults import STREAM_FAULTS
from .sturdy_faults import STURDY_FAULTS
from .wire_faults import WIRE_FAULTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["FAULTS", "Fault"]

_ALL: Final = (
    *REGISTER_FAULTS,
    *ANSWER_FAULTS,
    *DEV_FAULTS,
    *LISTING_FAULTS,
    *GATE_FAULTS,
    *ENTRY_FAULTS,
    *LIFE_FAULTS,
    *LOG_FAULTS,
    *ROUTE_FAULTS,
    *LOSS_FAULTS,
    *DELIVERY_FAULTS,
    *SENDER_FAULTS,
    *PAYLOAD_FAULTS,
    *STREAM_FAULTS,
    *CHUNK_FAULTS,
    *RACE_FAULTS,
    *STURDY_FAULTS,
    *WIRE_FAULTS,
    *INPUT_FAULTS,
    *CONTROL_FAULTS,
    *SIEGE_FAULTS,
    *FINE_FAULTS,
)


_CROSSED: Final = (
    "gate.accepts.any",
    "chat.sender_id.forged",
    "list.raw.nested",
    "stream.chunk.lost",
    "odd.array.crashes",
    "gate.refuses.second_time",
    "chat.route.agents_too",
    "log.closes",
    "chat.payload.trimmed",
    "list.hint.missing",
    "gate.accepts.missing",
    "stream.id.each_other",
    "chat.sender_name.missing",
    "register.token.constant",
    "chat.lost.after_first",
    "gate.live.leaving_ends_all",
    "chat.sender_id.string",
    "gate.identity.neighbour",
    "stream.end.lost",
    "list.raw.in_hint",
)
"""Faults that show in any reading; each other reading than the natural one gets eight of them."""


def _crossed(known: Mapping[str, Fault]) -> Iterator[Fault]:
    for at, reading in enumerate(name for name in LAWFUL if name != "natural"):
        for step in range(8):
            fault = known[_CROSSED[(at * 8 + step) % len(_CROSSED)]]
            yield replace(fault, name=f"{fault.name}.in_{reading}", reading=reading)


def _table() -> Mapping[str, Fault]:
    table = {fault.name: fault for fault in _ALL}
    if len(table) != len(_ALL):
        twice = [name for name, times in Counter(one.name for one in _ALL).items() if times > 1]
        message = f"fault names used twice: {twice}"
        raise ValueError(message)
    table |= {fault.name: fault for fault in _crossed(table)}
    return MappingProxyType(table)


FAULTS: Final[Mapping[str, Fault]] = _table()
"""Every fault by its stable name."""
