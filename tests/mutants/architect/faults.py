"""The table of all faults."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from .auth_faults import AUTH_FAULTS
from .catalogue_faults import CATALOGUE_FAULTS
from .command_faults import COMMAND_FAULTS
from .effect_faults import EFFECT_FAULTS
from .entry_faults import ENTRY_FAULTS
from .event_faults import EVENT_FAULTS
from .fault import Fault
from .frame_faults import FRAME_FAULTS
from .handshake_faults import HANDSHAKE_FAULTS
from .header_faults import HEADER_FAULTS
from .input_faults import INPUT_FAULTS
from .load_faults import LOAD_FAULTS
from .parameter_faults import PARAMETER_FAULTS
from .refusal_faults import REFUSAL_FAULTS
from .reply_faults import REPLY_FAULTS
from .taken_faults import TAKEN_FAULTS
from .token_faults import TOKEN_FAULTS

__all__ = ["FAULTS", "Fault"]

_ALL: Final = (
    *AUTH_FAULTS,
    *HEADER_FAULTS,
    *REFUSAL_FAULTS,
    *CATALOGUE_FAULTS,
    *ENTRY_FAULTS,
    *TOKEN_FAULTS,
    *REPLY_FAULTS,
    *EVENT_FAULTS,
    *COMMAND_FAULTS,
    *PARAMETER_FAULTS,
    *EFFECT_FAULTS,
    *INPUT_FAULTS,
    *LOAD_FAULTS,
    *HANDSHAKE_FAULTS,
    *FRAME_FAULTS,
    *TAKEN_FAULTS,
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
