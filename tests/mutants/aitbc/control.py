"""What no documented endpoint offers, and tests need: time, restarts, failures."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from .model import Env, Op, RefusalError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from uuid import UUID

    from .coordinator import Coordinator
    from .model import Call, Obj, Reply

__all__ = ["PREFIX", "Control", "Time", "hooks"]

PREFIX: Final = "/_control/"

_BODIES: Final[Mapping[str, Obj]] = {
    "advance": {"seconds": "{seconds}"},
    "restart": {},
    "force": {"operation": "{operation}", "status": "{status}"},
}

_OPERATIONS: Final[Mapping[str, Op]] = {
    "registerAgent": Op.REGISTER,
    "discoverAgents": Op.DISCOVER,
    "getAgent": Op.GET,
    "updateAgentStatus": Op.UPDATE,
    "submitTask": Op.SUBMIT,
    "getTaskStatus": Op.STATUS,
}


def hooks(base: str) -> dict[str, Obj]:
    """How to reach each of them; `base` is the URL without the prefix of the reading."""
    return {name: {"url": f"{base}{PREFIX}{name}", "json": body} for name, body in _BODIES.items()}


class Time:
    """The real time, which can be put forward."""

    def __init__(self) -> None:
        """Begin with the present."""
        self.ahead = timedelta()

    def now(self) -> datetime:
        """Aware, in UTC."""
        return datetime.now(UTC) + self.ahead

    def env(self, new_uuid: Callable[[], UUID]) -> Env:
        """The world of a coordinator on this time."""
        return Env(clock=self.now, new_uuid=new_uuid)


class Control:
    """Acts on a coordinator from outside. `make` gives one that has just started."""

    def __init__(self, make: Callable[[], Coordinator], time: Time) -> None:
        """Start the first one."""
        self._make = make
        self._time = time
        self._forced: dict[Op, int] = {}
        self.coordinator = self._started()

    def perform(self, name: str, body: bytes) -> int:
        """One control request; the status of its answer."""
        data = json.loads(body or b"{}")
        match name:
            case "advance":
                self._time.ahead += timedelta(seconds=float(data["seconds"]))
            case "restart":
                if self.coordinator.reading.restart == "forgets":
                    self.coordinator = self._started()
            case "force":
                self._forced[_OPERATIONS[data["operation"]]] = int(data["status"])
            case _:
                return 404
        return 200

    def _started(self) -> Coordinator:
        coordinator = self._make()
        perform = coordinator.perform

        async def perform_or_fail(call: Call) -> Reply:
            status = self._forced.pop(call.op, None) if call.op else None
            if status == 500:
                message = "as the test wants it"
                raise RuntimeError(message)
            if status is not None:
                words = "Task distributor not available" if status == 503 else "as the test wants"
                detail = words if status == 503 else coordinator.detail_of("forced", words)
                raise RefusalError(status, detail)
            return await perform(call)

        coordinator.perform = perform_or_fail  # type: ignore[method-assign]
        return coordinator
