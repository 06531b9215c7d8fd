"""What scenarios ask for that the guide leaves to administrators: those who can connect."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from conformance.clients import HttpClient
from conformance.ids import IdSource
from conformance.marks import UnjudgeableError
from conformance.protocols.echocenter.principals import Cast, Person, cast_of
from conformance.scenario.errands import Errand

__all__ = ["errands"]

_NOBODY = (
    "no person is known: the target file can name `credentials` for a log-in, or a principal of "
    "kind `human`"
)


def errands(peer: HttpClient, ids: IdSource) -> Mapping[str, Errand]:
    """`agent` hands over an agent of some `username`, `person` a person: each with its `username`
    and its `alias`, its `token`, and the `id` by which it is routed. They raise `UnjudgeableError`
    where there is none.
    """
    clerk = _Clerk(cast_of(peer, ids))
    return {"agent": clerk.agent, "person": clerk.person}


class _Clerk:
    """Finds those who can connect, and remembers which agents it has handed over."""

    def __init__(self, cast: Cast) -> None:
        self._cast = cast
        self._given: list[Person] = []

    async def agent(self, values: Mapping[str, Any]) -> Any:
        who = await self._agent(str(values.get("username", "")))
        self._given.append(who)
        return self._handed(who)

    async def person(self, _: Mapping[str, Any]) -> Any:
        people = await self._cast.humans()
        if not people:
            raise UnjudgeableError(_NOBODY)
        return self._handed(people[0])

    async def _agent(self, name: str) -> Person:
        """The one of that name: known, new, or there before us. Where no agent can be had so,
        another that the target names.
        """
        known = [one for one in self._cast.known if not one.human]
        named = next((one for one in known if one.name == name), None)
        if named is not None:
            return named
        try:
            return await self._cast.newcomer(name)
        except UnjudgeableError as error:
            refused = error
        with contextlib.suppress(UnjudgeableError):
            return await self._cast.existing(name)
        spare = [one for one in known if one not in self._given]
        if not spare:
            raise refused
        return spare[0]

    def _handed(self, who: Person) -> Mapping[str, Any]:
        cast = self._cast
        number = cast.number(who)
        if cast.fleeting and cast.was_here(who):
            raise UnjudgeableError(f"{who.name} has another number with each connection")
        cast.visited.add(who)
        if number is None:
            raise UnjudgeableError(
                f"by which number {who.name} is routed cannot be found out: the target file can "
                "name principals with their `id`"
            )
        return {
            "username": who.name,
            "alias": who.names[-1],  # a person may be shown by another name
            "token": who.token,
            "id": number,
        }
