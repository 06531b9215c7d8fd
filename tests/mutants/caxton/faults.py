"""The table of all faults."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from .cross_faults import CROSS_FAULTS
from .end_faults import END_FAULTS
from .error_faults import ERROR_FAULTS
from .event_faults import EVENT_FAULTS
from .fault import Fault
from .field_faults import FIELD_FAULTS
from .filter_faults import FILTER_FAULTS
from .gate_faults import GATE_FAULTS
from .http_faults import HTTP_FAULTS
from .input_faults import INPUT_FAULTS
from .lawful import LAWFUL
from .life_faults import LIFE_FAULTS
from .limit_faults import LIMIT_FAULTS
from .list_faults import LIST_FAULTS
from .message_faults import MESSAGE_FAULTS
from .metric_faults import METRIC_FAULTS
from .race_faults import RACE_FAULTS
from .rollout_faults import ROLLOUT_FAULTS
from .rpc_faults import RPC_FAULTS
from .task_faults import TASK_FAULTS
from .whim_faults import WHIM_FAULTS

__all__ = ["FAULTS", "Fault"]

_ALL: Final = (
    *CROSS_FAULTS,
    *END_FAULTS,
    *ERROR_FAULTS,
    *EVENT_FAULTS,
    *FILTER_FAULTS,
    *FIELD_FAULTS,
    *GATE_FAULTS,
    *HTTP_FAULTS,
    *INPUT_FAULTS,
    *LIFE_FAULTS,
    *LIMIT_FAULTS,
    *LIST_FAULTS,
    *MESSAGE_FAULTS,
    *METRIC_FAULTS,
    *RACE_FAULTS,
    *ROLLOUT_FAULTS,
    *RPC_FAULTS,
    *TASK_FAULTS,
    *WHIM_FAULTS,
)

_CROSSED: Final = (
    "deploy.name.taken",
    "remove.ignored",
    "send.elsewhere",
    "kept.content.null",
    "kept.mixed",
    "list.offset.ignored",
    "event.agent.deployed.lost",
    "subscribe.glob.exact",
    "distribute.bidders.uninvited",
    "token.every.none",
    "error.exists.status_400",
    "limit.never.deploy",
    "cross.history.rest",
    "deploy.wasm.unchecked",
    "create_task.same_id",
    "reload.swapped",
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
