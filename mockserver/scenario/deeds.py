"""What a script does to its own coordinator, beside answering and telling. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from mockserver.faults import Fault
from mockserver.session import Session
from mockserver.sockets import Ending
from schemas import pointer as json_pointer
from schemas.arazzo.criteria import worth
from schemas.arazzo.expressions import Scope
from schemas.arazzo.model import Deed

if TYPE_CHECKING:
    from mockserver.app import Mock

__all__ = ["DeedError", "Deeds", "run_hook"]


class DeedError(ValueError):
    """A deed that this mock cannot do: says why."""


def run_hook(
    session: Session, name: str, values: Mapping[str, Any], flushed: Callable[[], None]
) -> Any:
    """Do to the mock what the hook of that name does to a real coordinator, and hand over what it
    hands over. Raises `DeedError`.
    """
    coordinator = session.coordinator
    coordinator.catch_up()
    try:
        match name:
            case "force":
                operation, status = str(values["operation"]), int(values["status"])
                session.faults.add(Fault(kind="status", operation=operation, status=status))
            case "advance":
                session.advance(float(values["seconds"]), flushed)
            case "restart":
                session.forget()
            case "enrol":
                return dict(coordinator.enrol(str(values["name"])))
            case _:
                command, result = coordinator.hooks.get(name, (name, ""))
                said = coordinator.command(command, values)
                return json_pointer.dig(said, json_pointer.parse(result))
    except KeyError as error:
        if name not in ("force", "advance", "enrol"):
            known = ", ".join(sorted({*coordinator.hooks, *coordinator.own_commands()}))
            raise DeedError(f"the mock has no hook {name!r}; it has {known}") from error
        raise DeedError(f"the hook {name!r} wants a value {error}") from error
    except (ValueError, TypeError, LookupError) as error:
        raise DeedError(f"the hook {name!r}: {error}") from error
    return None


class Deeds:
    """Does them to one session."""

    def __init__(self, mock: Mock, session: Session) -> None:
        self._mock = mock
        self._session = session

    def do(self, deed: Deed, scope: Scope, named: Callable[[str], list[int]]) -> Any:
        """Returns what it hands over; of a wait, its seconds. `named` are the connections of a
        name. Raises `DeedError`, or `ExpressionError` where a value leads nowhere.
        """
        value = deed.value if deed.kind == "fault" else worth(deed.value, scope)
        try:
            return self._do(deed, value, scope, named)
        except DeedError:
            raise
        except (ValueError, TypeError) as error:
            raise DeedError(f"{deed.kind}: {error}") from error

    def _do(self, deed: Deed, value: Any, scope: Scope, named: Callable[[str], list[int]]) -> Any:
        match deed.kind:
            case "wait":
                return max(0.0, float(value))
            case "advance":
                self._run("advance", {"seconds": value})
            case "restart":
                self._run("restart", {})
            case "hook" | "command":
                return self._run(str(value), worth(dict(deed.said), scope))
            case "close":
                self._close(named(deed.connection), int(value or 0))
            case "fault":
                self._session.faults.add(Fault.parse(value))
        return None

    def _run(self, name: str, values: Mapping[str, Any]) -> Any:
        handed = run_hook(self._session, name, values, self._flush)
        self._flush()  # what comes of it comes before what is next
        return handed

    def _flush(self) -> None:
        self._mock.sockets.flush(self._session)

    def _close(self, numbers: list[int], code: int) -> None:
        for number in numbers:
            line = self._session.lines.get(number)
            if line is not None and not line.ending:
                line.ending = True
                line.deliver(Ending(code or None, "as the scenario has it"))
