"""What goes wrong around a client: refusals, failures, answers that never come."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence

from conformance.protocols.caxton.calm import Scene
from conformance.protocols.caxton.keeper import Keeper, Serve, plain
from conformance.protocols.caxton.seeds import crowd, hosted, resident
from mockserver import Fault
from mockserver.coordinator import Answer, Call, Later

__all__ = [
    "DONE",
    "OPERATIONS",
    "REFUSALS",
    "agent_gone",
    "agents_fail",
    "delays",
    "drops",
    "failing",
    "over_quota",
    "rate_limited",
    "refused",
    "restart",
    "rolled_back",
    "struck",
    "taken_name",
    "unauthorized",
]

DONE = (
    "deployAgent",
    "sendMessage",
    "createTask",
    "distributeTask",
    "createDeployment",
    "rollbackDeployment",
    "stopAgent",
    "removeAgent",
    "updateAgent",
    "reloadAgent",
    "AgentService.DeployAgent",
    "MessageService.SendMessage",
)
"""What changes something."""

OPERATIONS = (
    *DONE,
    "listAgents",
    "getAgent",
    "queryMessages",
    "getTask",
    "getDeployment",
    "getSystemMetrics",
    "getAgentMetrics",
    "AgentService.ListAgents",
    "MessageService.SendMessageAndWait",
)

_DEPLOYS = ("deployAgent", "AgentService.DeployAgent")

_LIMIT = 1.2
"""Seconds that a limit lasts, at least: it ends with a whole second."""

_MOMENT = 0.3
"""Seconds for which an operation fails: whoever makes a pause fails but once or twice."""

_NEVER = 16.0
"""Seconds after which what was not asked again is given up."""

_AWAY = 3.5
"""Seconds for which a token is not good."""

_INVALID, _FORBIDDEN, _FORBIDDING = 400, 403, 2.5
"""Statuses, and the seconds for which they stay."""

_REFUSING = 5.0
"""Seconds in which a refusal that lasts is seen to be repeated, or not."""


async def struck(keeper: Keeper) -> None:
    """The faults strike; whether it goes on is seen afterwards."""
    crowd(keeper, 2)
    keeper.befall("struck")
    await keeper.arrive()
    await keeper.seen(keeper.book.asks, keeper.stage.patience + 1)
    await keeper.lively()


def failing(status: int) -> Scene:
    """Each operation fails for a moment, when it is asked for first."""

    async def play(keeper: Keeper) -> None:
        coordinator = keeper.coordinator
        over: dict[str, float] = {}

        def fail(call: Call, /, serve: Serve) -> Answer | Later:
            now = time.monotonic()
            if now > over.setdefault(call.operation, now + _MOMENT):
                return serve(call)
            return coordinator.failure(status, "not at the moment", call.operation)

        keeper.edits.append(fail)
        await struck(keeper)

    return play


def drops() -> Sequence[Fault]:
    """Everything is done the first time, and nobody is told."""
    return [Fault(kind="drop", operation=operation) for operation in OPERATIONS]


def delays() -> Sequence[Fault]:
    """Some answers take their time."""
    slow = (
        "deployAgent",
        "listAgents",
        "getAgent",
        "sendMessage",
        "createTask",
        "getSystemMetrics",
    )
    calls = [operation for operation in OPERATIONS if "." in operation]
    return [Fault(kind="delay", operation=each, seconds=1.2) for each in (*slow, *calls)]


REFUSALS: Mapping[str, tuple[int, str]] = {
    "deployAgent": (400, "INVALID_REQUEST"),
    "AgentService.DeployAgent": (400, "INVALID_REQUEST"),
    "sendMessage": (403, "FORBIDDEN"),
    "MessageService.SendMessage": (403, "FORBIDDEN"),
    "getAgent": (404, "AGENT_NOT_FOUND"),
    "getAgentMetrics": (404, "AGENT_NOT_FOUND"),
    "reloadAgent": (404, "AGENT_NOT_FOUND"),
    "getTask": (404, "TASK_NOT_FOUND"),
    "getDeployment": (404, "DEPLOYMENT_NOT_FOUND"),
    "createTask": (400, "INVALID_REQUEST"),
    "updateAgent": (400, "INVALID_REQUEST"),
    "listAgents": (403, "FORBIDDEN"),
    "getSystemMetrics": (403, "FORBIDDEN"),
    "createDeployment": (403, "FORBIDDEN"),
    "stopAgent": (403, "FORBIDDEN"),
}
"""With what each operation is refused where it is refused once."""


async def refused(keeper: Keeper) -> None:
    """Each operation is refused once, though nothing seems wrong with it; what changes something
    and is forbidden or invalid stays so for a while.
    """
    until: dict[str, float] = {}

    def edit(call: Call, /, serve: Serve) -> Answer | Later:
        found, now = REFUSALS.get(call.operation), time.monotonic()
        if found is None:
            return serve(call)
        lasts = found[0] in (_INVALID, _FORBIDDEN) and call.operation in DONE
        first = call.operation not in until
        over = until.setdefault(call.operation, now + (_FORBIDDING if lasts else 0.0))
        return keeper.refused(call, found[1], "not now") if first or now < over else serve(call)

    keeper.edits.append(edit)
    await struck(keeper)
    await keeper.live(1.0)


def _of_kind(operation: str) -> str:
    """Which line of the table it counts by; nothing for what no line clearly names."""
    if operation in _DEPLOYS:
        return "deployments"
    if operation.endswith(("sendMessage", "SendMessage", "SendMessageAndWait")):
        return "messages"
    return "metrics" if "Metrics" in operation else ""


async def rate_limited(keeper: Keeper) -> None:
    """Each line of the table is used up at first, and regained at a time that is told."""
    crowd(keeper, 2)
    clock = keeper.stage.session.world.clock
    until: dict[str, float] = {}

    def edit(call: Call, /, serve: Serve) -> Answer | Later:
        kind = _of_kind(call.operation)
        if not kind:
            return serve(call)
        over = until.setdefault(kind, float(math.ceil(clock.now() + _LIMIT)))
        keeper.notes.marks.setdefault(f"reset of {kind}", over)
        return keeper.limited(call, over) if clock.now() < over else serve(call)

    keeper.edits.append(edit)
    keeper.befall("rate limited")
    await keeper.arrive()
    await keeper.seen((o for o in keeper.book.asks if _of_kind(o)), keeper.stage.patience)

    def again() -> bool:
        """Was everything asked again that was refused?"""
        limited = {h.operation for h in keeper.asked() if h.status == 429}
        return bool(limited) and limited <= {
            h.operation for h in keeper.asked() if 200 <= h.status < 300
        }

    await keeper.stage.until(again, _NEVER)
    await keeper.lively(1)


async def over_quota(keeper: Keeper) -> None:
    """There is no room for another agent or version, and waiting alone will not make any."""
    crowd(keeper, 2)

    def edit(call: Call, /, serve: Serve) -> Answer | Later:
        if call.operation in (*_DEPLOYS, "createDeployment"):
            return keeper.refused(
                call, "RESOURCE_LIMIT_EXCEEDED", "the host is full", limit="8192MB"
            )
        return serve(call)

    keeper.edits.append(edit)
    keeper.befall("over quota")
    await keeper.arrive()
    await keeper.live(_REFUSING + 1)


async def unauthorized(keeper: Keeper) -> None:
    """The token is not good for a while."""
    crowd(keeper, 2)
    await keeper.arrive()
    await keeper.stage.until(lambda: len(keeper.asked()) >= 2, 2.0)
    coordinator = keeper.coordinator
    tokens, coordinator.tokens = coordinator.tokens, set()
    keeper.befall("unauthorized")
    keeper.stage.session.hang_up(1008, "who are you")
    await keeper.live(_AWAY)
    coordinator.tokens = tokens
    keeper.mark("good again")
    await keeper.live(0.5)


async def taken_name(keeper: Keeper) -> None:
    """Somebody else was quicker: an agent of that name is there already."""
    crowd(keeper, 2)
    names: list[str] = []

    def edit(call: Call, /, serve: Serve) -> Answer | Later:
        config = call.body.get("config") if isinstance(call.body, dict) else None
        if call.operation in _DEPLOYS and not names and isinstance(config, dict):
            names.append(str(config.get("name")))
            resident(keeper, names[0])
        return serve(call)

    keeper.edits.append(edit)
    keeper.befall("taken name")
    await keeper.arrive()
    await keeper.seen(_DEPLOYS, keeper.stage.patience)
    await keeper.lively(4)
    await keeper.live(1.0)


async def agent_gone(keeper: Keeper) -> None:
    """Somebody removes the agents that the client has to do with."""
    crowd(keeper, 2)
    await keeper.arrive()
    about = ("sendMessage", "getAgent", "MessageService.SendMessage", "getAgentMetrics")
    await keeper.seen((*_DEPLOYS, *about[:1]), keeper.stage.patience)
    realm = keeper.coordinator.realm
    for agent in hosted(keeper):
        realm.host.remove(agent)
    keeper.befall("gone")
    await keeper.lively(4)
    await keeper.live(_REFUSING)


async def agents_fail(keeper: Keeper) -> None:
    """The agents that the client has to do with break down, and take no messages any more."""
    await keeper.arrive()
    await keeper.seen((*_DEPLOYS, "sendMessage"), keeper.stage.patience)
    for agent in hosted(keeper):
        if agent.state in ("loaded", "running"):
            keeper.stage.command("fail_agent", agent=agent.id)
    keeper.befall("agents fail")
    await keeper.lively(4)
    await keeper.live(1.5)


async def rolled_back(keeper: Keeper) -> None:
    """What is rolled out goes wrong, and is taken back."""
    crowd(keeper, 2)

    def edit(call: Call, /, serve: Serve) -> Answer | Later:
        said = serve(call)
        found = plain(said)
        if call.operation == "createDeployment" and found is not None:
            name = found.body["deployment_id"]
            keeper.coordinator.command("errors", {"deployment": name, "rate": 0.9})
        return said

    keeper.edits.append(edit)
    keeper.befall("rolled back")
    await keeper.arrive()
    if "createDeployment" in keeper.book.asks:
        await keeper.seen(("createDeployment",), keeper.stage.patience + 1)
        await keeper.lively(4)


async def restart(keeper: Keeper) -> None:
    """The coordinator restarts: it knows its agents, and no subscription."""
    crowd(keeper, 2)
    await keeper.arrive()
    await keeper.connected(keeper.stage.patience)
    await keeper.lively(2)
    keeper.restart()
    keeper.befall("restart")
    await keeper.lively()
    await keeper.connected(keeper.book.patience)
    await keeper.live(1.3)
