"""The dev endpoint, and who counts as an administrator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from .fault import Fault, RestTurn, Seed, prefixed, table
from .model import Answer, Principal, Request

if TYPE_CHECKING:
    from .hub import Hub

__all__ = ["DEV_FAULTS"]

_PATH: Final = "/api/users/agents"
_DEV: Final = "/api/dev/mock/agent-token/"


def _found(change: Callable[[Hub, str, Principal | None], Principal | None]) -> Seed:
    return Seed(dev=change)


def _devs() -> Iterator[tuple[str, str, Seed]]:
    def fake(who: Principal | None, token: str) -> Principal | None:
        return None if who is None else replace(who, token=token)

    yield (
        "first",
        "the token of the first agent is shown for each name",
        _found(lambda hub, _, who: who and hub.registry.existing),
    )
    yield (
        "latest",
        "the token of the latest agent is shown for each name",
        _found(lambda hub, _, who: who and list(hub.registry.agents())[-1]),
    )
    yield (
        "masked",
        "the token is masked",
        _found(lambda hub, _, who: fake(who, f"{who.token[:3]}***" if who else "")),
    )
    yield (
        "fresh",
        "a token that opens nothing is shown",
        _found(lambda hub, _, who: fake(who, hub.registry.new_token())),
    )
    yield "null", "the token is empty", _found(lambda hub, _, who: fake(who, ""))
    yield (
        "~existing_only",
        "agents registered since the start are not found",
        _found(lambda hub, _, who: who if who is hub.registry.existing else None),
    )
    yield (
        "~new_only",
        "agents of before the start are not found",
        _found(lambda hub, _, who: None if who is hub.registry.existing else who),
    )
    yield (
        "~offline_only",
        "an agent that is connected is not found",
        _found(lambda hub, _, who: who if who is not None and not hub.lines_of(who) else None),
    )
    yield (
        "rotated",
        "asking replaces the agent's token by one that it does not show",
        Seed(rest=_rotated),
    )
    yield (
        "admin_token",
        "the administrator's token is shown",
        _found(lambda hub, _, who: fake(who, hub.registry.admin.token)),
    )
    yield (
        "~unknown_found",
        "for an unknown name the first agent's token is shown",
        _found(lambda hub, _, who: who or hub.registry.existing),
    )
    yield (
        "~prefix_found",
        "a part of a name is enough",
        _found(
            lambda hub, name, who: (
                who
                or next(
                    (one for one in hub.registry.agents() if name and one.name.startswith(name)),
                    None,
                )
            )
        ),
    )
    yield "~unknown_crashes", "an unknown name ends the server", _found(_crashing)
    yield (
        "~escapes",
        "a name that needs escapes in a path is not found",
        _found(lambda hub, name, who: who if name.isascii() and " " not in name else None),
    )


def _rotated(turn: RestTurn) -> None:
    if turn.op == "dev" and turn.answer.status == 200:
        who = turn.hub.registry.by_name(unquote(turn.request.path.removeprefix(_DEV)))
        if who is not None:
            who.token = turn.hub.registry.new_token()


def _crashing(hub: Hub, _: str, who: Principal | None) -> Principal | None:
    if who is None:
        hub.crash()
    return who


def _admins() -> Iterator[tuple[str, str, Seed]]:
    def open_to(test: Callable[[Hub, Request], bool]) -> Seed:
        async def early(hub: Hub, request: Request) -> Answer | None:
            if request.path == _PATH and test(hub, request):
                # The guard looks at nothing but these headers.
                opened = {name.lower(): value for name, value in hub.desk.headers.items()}
                opened = {**request.headers, **opened}
                _, answer = await hub.desk.dispatch(replace(request, headers=opened))
                return answer
            return None

        return Seed(early=early)

    def given(request: Request) -> str:
        return request.headers.get("authorization", "")

    yield (
        "any_bearer",
        "any bearer token makes an administrator",
        open_to(lambda _, r: given(r).startswith("Bearer ")),
    )
    yield (
        "any_bearer_registers",
        "any bearer token may register agents, and not list them",
        open_to(lambda _, r: r.method == "POST" and given(r).startswith("Bearer ")),
    )
    yield (
        "agent_bearer",
        "an agent's token makes an administrator",
        open_to(
            lambda hub, r: any(
                one.token and given(r).endswith(one.token) for one in hub.registry.agents()
            )
        ),
    )

    async def registered(hub: Hub, request: Request) -> Answer | None:
        opened = {name.lower(): value for name, value in hub.desk.headers.items()}
        stranger = any(request.headers.get(name) != value for name, value in opened.items())
        if request.path == _PATH and request.method == "POST" and stranger:
            await hub.desk.dispatch(replace(request, headers={**request.headers, **opened}))
        return None

    yield "done_for_nobody", "who is refused registers an agent", Seed(early=registered)
    yield (
        "member_bearer",
        "a member's token makes an administrator",
        open_to(lambda hub, r: given(r).endswith(hub.registry.operator.token)),
    )


def _telling() -> Iterator[tuple[str, str, Seed]]:
    def tell(turn: RestTurn) -> None:
        if turn.op == "list" and turn.answer.status == 401:
            tokens = [one.token for one in turn.hub.registry.agents()]
            turn.answer.body = {"error": "administrator expected", "known": tokens}

    yield "refusal", "who may not see the list is told all tokens", Seed(rest=tell)


DEV_FAULTS: Final[tuple[Fault, ...]] = (
    *table("1. Authentication", prefixed("dev.", _devs())),
    *table("1. Authentication", prefixed("admin.", _admins()), reading="deployed", implied=True),
    *table("1. Authentication", prefixed("list.raw.", _telling()), reading="deployed"),
)
