"""The table of all faults."""

from __future__ import annotations

from collections import Counter
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from .agent_faults import AGENT_FAULTS
from .discover_faults import DISCOVER_FAULTS
from .fault import Fault
from .field_faults import FIELD_FAULTS
from .input_faults import INPUT_FAULTS
from .later_faults import LATER_FAULTS
from .listing_faults import LISTING_FAULTS
from .race_faults import RACE_FAULTS
from .register_faults import REGISTER_FAULTS
from .service_faults import SERVICE_FAULTS
from .task_faults import TASK_FAULTS
from .wire_faults import WIRE_FAULTS

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FAULTS", "Fault"]

_ALL: Final = (
    *FIELD_FAULTS,
    *REGISTER_FAULTS,
    *DISCOVER_FAULTS,
    *LISTING_FAULTS,
    *AGENT_FAULTS,
    *TASK_FAULTS,
    *INPUT_FAULTS,
    *SERVICE_FAULTS,
    *WIRE_FAULTS,
    *RACE_FAULTS,
    *LATER_FAULTS,
)


def _table() -> Mapping[str, Fault]:
    table = {fault.name: fault for fault in _ALL}
    if len(table) != len(_ALL):
        twice = [name for name, times in Counter(one.name for one in _ALL).items() if times > 1]
        message = f"fault names used twice: {twice}"
        raise ValueError(message)
    return MappingProxyType(table)


FAULTS: Final[Mapping[str, Fault]] = _table()
"""Every fault by its stable name."""
