"""The table of all faults."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from .beat_faults import BEAT_FAULTS
from .certificate_faults import CERTIFICATE_FAULTS
from .delivery_faults import DELIVERY_FAULTS
from .detail_faults import DETAIL_FAULTS
from .fault import Fault
from .field_faults import FIELD_FAULTS
from .gate_faults import GATE_FAULTS
from .hearing_faults import HEARING_FAULTS
from .http_faults import HTTP_FAULTS
from .later_faults import LATER_FAULTS
from .lawful import LAWFUL
from .list_faults import LIST_FAULTS
from .push_faults import PUSH_FAULTS
from .race_faults import RACE_FAULTS
from .removal_faults import REMOVAL_FAULTS
from .stream_faults import STREAM_FAULTS
from .task_faults import TASK_FAULTS
from .token_faults import TOKEN_FAULTS
from .wire_faults import WIRE_FAULTS

__all__ = ["FAULTS", "Fault"]

_ALL: Final = (
    *TOKEN_FAULTS,
    *CERTIFICATE_FAULTS,
    *GATE_FAULTS,
    *BEAT_FAULTS,
    *DELIVERY_FAULTS,
    *TASK_FAULTS,
    *PUSH_FAULTS,
    *HEARING_FAULTS,
    *STREAM_FAULTS,
    *LIST_FAULTS,
    *DETAIL_FAULTS,
    *REMOVAL_FAULTS,
    *RACE_FAULTS,
    *LATER_FAULTS,
    *FIELD_FAULTS,
    *HTTP_FAULTS,
    *WIRE_FAULTS,
)

_CROSSED: Final = (
    "token.used.taken",
    "name.taken.accepted",
    "certificate.authority.wrong",
    "mtls.poll.any_agent",
    "beat.offline.never",
    "task.heartbeat.neighbour",
    "complete.done.none",
    "stream.assigned.to_all",
    "list.capability.ignored",
    "update.not_stored",
    "delete.not_removed",
    "renewal.never",
    "again.register.same_id",
    "stream.cancelled.lost",
    "mtls.heartbeat.none",
    "token.expired.taken",
)
"""Faults that show in any reading; each other reading than the natural one gets six of them."""


def _crossed(known: Mapping[str, Fault]) -> Iterator[Fault]:
    for at, reading in enumerate(name for name in LAWFUL if name != "natural"):
        for step in range(6):
            fault = known[_CROSSED[(at * 6 + step) % len(_CROSSED)]]
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
