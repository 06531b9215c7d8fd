"""What would the coordinator say? Mock coordinators as pure objects, and shells to reach them.

`async with mockserver.start("aitbc") as mock:` serves one on a free port of the loopback.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mockserver.app import Mock
    from mockserver.coordinator import Settings
    from mockserver.faults import Fault
    from mockserver.server import RunningMock, start

__all__ = ["Fault", "Mock", "RunningMock", "Settings", "start"]

# The server is half of a suite's start-up, which needs no more of this room than transcripts.
_HOMES = {
    "Fault": "mockserver.faults",
    "Mock": "mockserver.app",
    "RunningMock": "mockserver.server",
    "Settings": "mockserver.coordinator",
    "start": "mockserver.server",
}


def __getattr__(name: str) -> object:
    """What the room offers, when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
