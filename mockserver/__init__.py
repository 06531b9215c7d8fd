"""What would the coordinator say? Mock coordinators as pure objects, and shells to reach them.

`async with mockserver.start("aitbc") as mock:` serves one on a free port of the loopback.
"""

from mockserver.app import Mock
from mockserver.coordinator import Settings
from mockserver.faults import Fault
from mockserver.server import RunningMock, start

__all__ = ["Fault", "Mock", "RunningMock", "Settings", "start"]
