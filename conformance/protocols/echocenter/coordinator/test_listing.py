"""The list of agents, and the dev endpoint: who is there, and whose token is shown to whom."""

from __future__ import annotations

from dataclasses import replace

from conformance.clients.websocket import Refused
from conformance.exchange import MISSING, Exchange
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, requirement
from conformance.protocols.echocenter.audit import AMBIENT
from conformance.protocols.echocenter.dialogue import Dialogue, token_in
from conformance.protocols.echocenter.listing import LISTED, judge_hints_together, judge_list, shows
from conformance.protocols.echocenter.principals import Cast, Person
from conformance.protocols.echocenter.room import Room

pytestmark = requirement(*AMBIENT)

_MANY = 12


@requirement("ECHO-LIST-010", *LISTED)
async def test_flow_list_is_true_at_all_times(
    room: Room, cast: Cast, echo: Dialogue, judge: Judge
) -> None:
    agents = list(await cast.agents(_MANY))
    for _ in range(3):  # not only the first time, nor only of those who were there then
        agents.append(await cast.newcomer())
        judge_list(judge, await echo.agents(), agents, cast)
    guests = [await room.enter(one) for one in (agents[0], agents[1], agents[-1])]
    await room.known()
    for _ in range(3):
        judge_list(judge, await echo.agents(), agents, cast)
    first, second, third = guests
    await room.tell(first, third, "", "ECHO-LIST-010")
    await room.leave(third)
    judge_list(judge, await echo.agents(), agents, cast)
    for person in (third.person, agents[2]):
        guest = await room.enter(person, "ECHO-LIST-010")
        await room.known()
        await room.tell(second, guest, "", "ECHO-LIST-010")
    judge_list(judge, await echo.agents(), agents, cast)
    lists = [await echo.agents() for _ in range(_MANY)]
    judge_hints_together(judge, lists, agents[:2])
    await room.settle()


@requirement("ECHO-DEV-001", "ECHO-DEV-002")
async def test_flow_dev_endpoint_shows_the_very_token(
    room: Room, cast: Cast, echo: Dialogue, judge: Judge
) -> None:
    new = await cast.newcomers(2)
    known = (await cast.agents(2)) + (await cast.others())
    here = await room.enter(known[0])
    people = [*new, *known]
    answers = {one: await echo.dev_token(one.name) for one in people}
    if not any(_is_served(person, said) for person, said in answers.items()):
        raise UnjudgeableError("the dev endpoint is not served here")
    for person, said in answers.items():
        wrong = f"the token of {person.name} is not shown, and that of others is"
        judge.holds("ECHO-DEV-002", said.ok, f"{wrong}: {said.outcome}", said)
        if said.ok:
            await _judge_token(room, person, said)
    for person in new:  # whose token was asked for, and must be as it was
        await room.enter(person, "ECHO-DEV-001")
    await room.known()
    await room.tell(here, room.guests[-1])
    await room.settle()


def _is_served(person: Person, said: Exchange) -> bool:
    """A page of a dashboard, which comes for whatever path there is not, is no answer."""
    return said.ok and (said.json is not MISSING or shows(said, person.token))


async def _judge_token(room: Room, person: Person, said: Exchange) -> None:
    shown = token_in(said.json)
    right = shown == person.token if shown is not MISSING else shows(said, person.token)
    if not right and shown and isinstance(shown, str):
        right = await _is_another(room, person, shown)
    wrong = f"what the dev endpoint shows for {person.name} is not its token"
    room.judge.holds("ECHO-DEV-001", right, wrong, said)


async def _is_another(room: Room, person: Person, token: str) -> bool:
    """May an agent have two tokens? Then it is the same with either, and either opens."""
    for guest in room.guests:
        guest.may_end = guest.may_end or guest.person is person
    (hearer,) = await room.newcomers(1)
    for each in (token, person.token):
        said = await room.open(replace(person, token=each), raw=False)
        if isinstance(said, Refused):
            return False
        guest = room.welcome(person, said, may_end=True)
        heard = await room.wait(hearer, await room.say(guest, hearer))
        await room.leave(guest)
        if heard is None or heard.value("/sender_name") not in person.names:
            return False
    return True


@requirement("ECHO-DEV-002")
async def test_dev_endpoint_knows_names_that_need_escapes(
    cast: Cast, echo: Dialogue, judge: Judge
) -> None:
    if not (await echo.dev_token((await cast.newcomer()).name)).ok:
        raise UnjudgeableError("the dev endpoint is not served here")
    name = echo.name().replace("-", " ", 1) + " é"
    made = await echo.register(name)
    if not made.ok:
        raise UnjudgeableError(f"no agent with such a name could be registered: {made.outcome}")
    said = await echo.dev_token(name)
    wrong = f"the token of {name!r} is not shown, and that of others is"
    judge.holds("ECHO-DEV-002", said.ok, f"{wrong}: {said.outcome}", made, said)


@requirement("ECHO-DEV-003")
async def test_dev_endpoint_shows_nothing_for_nobody(
    cast: Cast, echo: Dialogue, judge: Judge
) -> None:
    person = (await cast.agents(1))[0]
    taken = {one.name for one in cast.known}
    people = {name for one in await cast.humans() for name in one.names}
    made_up = {echo.new("Nobody"), person.name[:5], person.name[:-1] + "x"} - taken
    for name in sorted(made_up | people):
        said = await echo.dev_token(name)
        found = [one for one in cast.known if shows(said, one.token)]
        wrong = f"for {name!r} the token of {found[0].name} is shown" if found else ""
        judge.holds("ECHO-DEV-003", not found, wrong, said)


@requirement("ECHO-SECRET-001")
async def test_presence_and_refusals_show_no_token(
    room: Room, cast: Cast, echo: Dialogue, judge: Judge
) -> None:
    await room.agents(2)
    taken = await echo.register((await cast.newcomer()).name)
    odd = await echo.register_oddly(b'{"username": ')
    answers = [await echo.presence(), odd, await echo.log_in(), None if taken.ok else taken]
    for said in filter(None, answers):
        shown = [one for one in cast.known if not one.human and shows(said, one.token)]
        wrong = f"{said.operation} shows the token of {shown[0].name}" if shown else ""
        judge.holds("ECHO-SECRET-001", not shown, wrong, said)
    await room.settle()
