"""Registering agents: each has its name, its token and its number, and nobody else's."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

from conformance.clients.websocket import Refused
from conformance.exchange import MISSING, Exchange, read_json
from conformance.frames import Frame
from conformance.hostile import MALFORMED, NOT_OBJECTS
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, requirement
from conformance.protocols.echocenter.audit import AMBIENT
from conformance.protocols.echocenter.dialogue import (
    Dialogue,
    incomplete,
    numbers_in,
    objects_in,
    rows_of,
    token_in,
)
from conformance.protocols.echocenter.door import not_now
from conformance.protocols.echocenter.listing import (
    LISTED,
    hint_of,
    judge_list,
    nameless,
    no_raw_token,
    shows,
)
from conformance.protocols.echocenter.principals import Cast, Person
from conformance.protocols.echocenter.room import Room
from conformance.protocols.echocenter.said import Guest

pytestmark = requirement(*AMBIENT)

_MANY = 12
"""Agents beyond a first page, and enough that numbers and connections differ in every way."""

_ODD = [
    *MALFORMED.values(),
    *NOT_OBJECTS.values(),
    b"{}",
    b'{"username": null}',
    b'{"username": 17}',
    b'{"username": ""}',
    b'{"username": ["Scout"]}',
    b'{"username": {"name": "Scout"}}',
]

_READABLE = (b'{"username": 17}', b'{"username": ["Scout"]}')
"""Of these, what some make a text of."""


def _judge_registration(judge: Judge, name: str, said: Exchange) -> None:
    if said.status in (401, 403):
        return  # who may register is left open: the cast says what the target file lacks
    judge.status("ECHO-REG-001", said, range(200, 300))
    label = said.answer_headers.get("content-type", "").lower()
    if said.ok and said.answer and "json" in label:
        wrong = "the answer to a registration says that it is JSON, and is none"
        judge.holds("ECHO-REG-014", said.json is not MISSING, wrong, said)
    token = token_in(said.json) if said.ok else MISSING
    if token is not MISSING:
        wrong = f"the answer shows {token!r} for a token"
        judge.holds("ECHO-REG-002", bool(token) and isinstance(token, str), wrong, said)
    named = [
        value
        for each in objects_in(said.json)
        for key, value in each.items()
        if str(key).lower() in ("username", "name") and isinstance(value, str)
    ]
    if named:
        wrong = f"{name} was registered, and the answer names {named[0]!r}"
        judge.holds("ECHO-REG-005", name in named, wrong, said)


def _judge_apart(judge: Judge, cast: Cast, row: str) -> None:
    """No two share a token."""
    counts = Counter(one.token for one in cast.known)
    twice = [one for one in cast.known if counts[one.token] > 1]
    wrong = " and ".join(one.name for one in twice[:2]) + " have the same token"
    judge.holds(row, not twice, wrong, *_made(twice[:2]))


def _judge_numbers(judge: Judge, cast: Cast, row: str) -> None:
    """No two share a number."""
    numbers = {one: cast.number(one) for one in cast.known}
    counts = Counter(number for number in numbers.values() if number is not None)
    twice = [one for one, number in numbers.items() if counts[number or -1] > 1]
    wrong = " and ".join(one.name for one in twice[:2]) + " have the same number"
    judge.holds(row, not twice, wrong, *_made(twice[:2]))


def _made(people: list[Person]) -> list[Exchange]:
    return [one.registration for one in people if one.registration is not None]


@requirement(
    "ECHO-REG-001",
    "ECHO-REG-002",
    "ECHO-REG-003",
    "ECHO-REG-004",
    "ECHO-REG-005",
    "ECHO-REG-006",
    "ECHO-REG-009",
    "ECHO-REG-014",
    "ECHO-CONN-004",
    *LISTED,
)
async def test_flow_many_agents_are_registered_and_meet(
    room: Room, cast: Cast, echo: Dialogue, judge: Judge
) -> None:
    people = []
    for _ in range(_MANY):
        name = echo.name()
        said = await echo.register(name)
        _judge_registration(judge, name, said)
        people.append(await cast.admitted(name, said))
    _judge_apart(judge, cast, "ECHO-REG-003")
    judge_list(judge, await echo.agents(), people, cast)
    guests = [await room.enter(one, "ECHO-CONN-004") for one in people]
    await room.people(2)
    await room.known()
    _judge_numbers(judge, cast, "ECHO-REG-009")
    judge_list(judge, await echo.agents(), people, cast)
    _judge_told_numbers(judge, cast, people)
    told = [(guests[0], await room.say(guest, guests[0])) for guest in guests[1:]]
    heard = await room.all_heard(told)
    for guest, frame in zip(guests[1:], heard, strict=True):
        _judge_name(judge, "ECHO-REG-004", guest, frame)
    await room.settle()


def _judge_told_numbers(judge: Judge, cast: Cast, people: list[Person]) -> None:
    for one in people:
        told = [] if one.registration is None else numbers_in(one.registration.json, one.name)
        if told and one.registration is not None:
            wrong = f"{one.name} is {cast.number(one)}, and {told} in the answer"
            judge.holds("ECHO-REG-006", cast.number(one) in told, wrong, one.registration)


def _judge_name(judge: Judge, row: str, guest: Guest, heard: Frame | None) -> None:
    """Who was registered speaks under that name."""
    if heard is not None:
        shown, name = heard.value("/sender_name"), guest.person.name
        wrong = f"{name} was registered, and speaks as {shown!r}"
        judge.holds(row, shown == name, wrong, *_made([guest.person]), heard)


@requirement("ECHO-REG-008")
async def test_flow_agents_are_registered_at_the_same_time(
    room: Room, cast: Cast, echo: Dialogue, judge: Judge
) -> None:
    names = [echo.name() for _ in range(6)]
    answers = await asyncio.gather(*(echo.register(name) for name in names))
    for said in answers:
        if said.status not in (401, 403):
            judge.status("ECHO-REG-008", said, range(200, 300))
    people = [await cast.admitted(name, said) for name, said in zip(names, answers, strict=True)]
    _judge_apart(judge, cast, "ECHO-REG-008")
    guests = [await room.enter(one, "ECHO-REG-008") for one in people]
    await room.known()
    _judge_numbers(judge, cast, "ECHO-REG-008")
    both = zip(guests, guests[1:] + guests[:1], strict=True)
    told = [(target, await room.say(sender, target)) for sender, target in both]
    for guest, frame in zip(guests, await room.all_heard(told, "ECHO-REG-008"), strict=True):
        _judge_name(judge, "ECHO-REG-008", guest, frame)
    await room.settle()


@requirement("ECHO-REG-001", "ECHO-REG-003", "ECHO-DEV-001", "ECHO-LIST-002")
async def test_names_that_are_alike_have_different_tokens(
    cast: Cast, echo: Dialogue, judge: Judge
) -> None:
    stem = echo.name()
    people: list[Person] = []
    for name in (f"{stem}a", f"{stem}A", f"{stem}aa", f"{stem}-a", stem):
        said = await echo.register(name)
        if name == stem and people and said.status not in (401, 403):
            judge.status("ECHO-REG-001", said, range(200, 300))  # others' names begin so
        if said.ok:  # whether names that differ in case alone are the same is left open
            people.append(await cast.admitted(name, said))
    _judge_apart(judge, cast, "ECHO-REG-003")
    for one in people:
        said = await echo.dev_token(one.name)
        if said.ok:
            others = [other for other in people if other.token != one.token]
            wrong = f"for {one.name} the dev endpoint shows another's token"
            strange = any(shows(said, other.token) for other in others)
            judge.holds("ECHO-DEV-001", not strange, wrong, said)
    _judge_listed(judge, cast, people, await echo.agents())


def _judge_listed(judge: Judge, cast: Cast, people: list[Person], said: Exchange) -> None:
    """Those who are two, by their tokens and numbers, are two in the list."""
    if not said.ok or said.json is MISSING or incomplete(said):
        return
    for one in people:
        same = [each for each in people if each is not one and _alike(cast, one, each)]
        listed = same or rows_of(said.json, one.name)
        wrong = f"{one.name} is registered and not in the list, where others have names like it"
        judge.holds("ECHO-LIST-002", bool(listed), wrong, said)


def _alike(cast: Cast, one: Person, other: Person) -> bool:
    """May these be the same agent?"""
    number = cast.number(one)
    return one.token == other.token or (number is not None and number == cast.number(other))


@requirement("ECHO-REG-007")
async def test_flow_a_registration_leaves_the_others_as_they_are(room: Room, cast: Cast) -> None:
    first, second, third = await room.newcomers(3)
    await room.tell(first, second, "before")
    absent = await cast.newcomer()
    late = await room.newcomers(2)
    for sender, target in ((first, second), (second, first), (late[0], first), (second, late[1])):
        await room.tell(sender, target, "after", "ECHO-REG-007")
    await room.leave(third)
    for person in (third.person, absent):
        back = await room.enter(person, "ECHO-REG-007")
        await room.known()
        await room.tell(back, first, "back again", "ECHO-REG-007")
        await room.tell(first, back, "welcome", "ECHO-REG-007")
    await room.settle()


@requirement("ECHO-REG-010", "ECHO-CONN-012", "ECHO-REG-015", "ECHO-REG-016")
async def test_flow_odd_registrations_harm_nobody(
    room: Room, cast: Cast, echo: Dialogue, judge: Judge
) -> None:
    first, second = await room.agents(2)
    before = await echo.agents()
    answers = await asyncio.gather(*map(echo.register_oddly, _ODD))
    for body, said in zip(_ODD, answers, strict=True):
        judge.holds("ECHO-REG-010", said.status is not None, said.failure, said)
        if said.status is not None and body not in _READABLE:
            wrong = f"a registration of nobody was answered {said.status}"
            judge.holds("ECHO-REG-016", 400 <= said.status < 500, wrong, said)
    if not any(said.ok for said in answers):
        _judge_nobody_listed(judge, first.person, before, await echo.agents())
    (taken,) = await room.newcomers(1)
    taken.may_end = True  # if it is registered once more, as may be
    listed = [await echo.agents() for _ in range(2)]
    again = await echo.register(taken.person.name)
    judge.holds("ECHO-REG-010", again.status is not None, again.failure, again)
    await room.tell(first, second, "", "ECHO-REG-010")
    if again.status is not None and not again.ok:
        _judge_row_unchanged(judge, taken.person, listed, await echo.agents())
        await _judge_unchanged(room, judge, first, taken)
    name = echo.name()
    said = await echo.register(name)
    if said.status not in (401, 403):
        judge.status("ECHO-REG-010", said, range(200, 300))
    await room.enter(await cast.admitted(name, said), "ECHO-REG-010")
    await room.settle()


def _judge_nobody_listed(judge: Judge, known: Person, before: Exchange, after: Exchange) -> None:
    """Refusals put no row into the list that is called nothing."""
    if before.ok and after.ok:
        wrong = "a registration of nobody was refused, and stands in the list"
        more = nameless(after.json, known.name) > nameless(before.json, known.name)
        judge.holds("ECHO-REG-016", not more, wrong, before, after)


def _judge_row_unchanged(
    judge: Judge, taken: Person, before: list[Exchange], after: Exchange
) -> None:
    """Who has the name stands in the list as it did, with a hint that did not change before."""
    if not all(said.ok for said in (*before, after)) or incomplete(after):
        return
    *_, old = rows = [rows_of(said.json, taken.name) for said in before]
    new = rows_of(after.json, taken.name)
    if not all(rows):
        return
    wrong = f"a name was refused, and {taken.name} is in the list {len(new)} times"
    judge.holds("ECHO-REG-015", len(new) == len(old), wrong, before[-1], after)
    hints = [hint_of(each[0]) for each in rows]
    if new and hints[0] == hints[1]:
        wrong = f"a name was refused, and {taken.name} has another token_hint"
        judge.holds("ECHO-REG-015", hint_of(new[0]) == hints[0], wrong, before[-1], after)


async def _judge_unchanged(room: Room, judge: Judge, other: Guest, taken: Guest) -> None:
    """Somebody else was refused the name."""
    ended = taken.socket.closed
    wrong = f"a name was refused, for {taken.person.name} has it, and its connection ended"
    judge.holds("ECHO-REG-010", ended is None, wrong, *([] if ended is None else [ended]))
    if ended is None:
        await room.leave(taken)
    said = await room.open(taken.person, raw=False)
    if isinstance(said, Refused):
        wrong = f"a name was refused, for {taken.person.name} has it, and its token is void"
        judge.holds("ECHO-REG-015", not_now(said), wrong, said.exchange)
        return
    back = room.welcome(taken.person, said)
    await room.heard(back, await room.say(other, back), "ECHO-REG-015")
    frame = await room.heard(other, await room.say(back, other), "ECHO-REG-015")
    if frame is not None:
        shown = frame.value("/sender_name")
        wrong = f"{taken.person.name} speaks as {shown!r} after somebody was refused its name"
        judge.holds("ECHO-REG-015", shown in taken.person.names, wrong, frame)


def _unusual(stem: str) -> Iterator[str]:
    """Names in other signs, long ones, and ones that are easily taken for something else."""
    for end in (" ö世", f"-{'long' * 10}", ".b c", " 🚀", " <&'>", "  b", f"-{'longer' * 12}"):
        yield stem + end
    yield "00" + "".join(str(ord(sign) % 10) for sign in stem)


@requirement("ECHO-LIST-012")
async def test_unusual_names_are_kept(room: Room, echo: Dialogue, cast: Cast, judge: Judge) -> None:
    """Who takes them need not; but who takes them takes them as they are, and whoever is listed
    under such a name comes, speaks and hears under it.
    """
    other = (await room.agents(1))[0]
    for name in _unusual(echo.name()):
        made = await echo.register(name)
        listed = await echo.agents()
        if made.ok and listed.ok and not incomplete(listed):
            wrong = f"{name!r} was registered, and is not in the list under that name"
            kept = bool(rows_of(listed.json, name))
            judge.holds("ECHO-LIST-012", kept, wrong, made, listed)
            with suppress(UnjudgeableError):  # where no token is shown for it
                person = await cast.admitted(name, made) if kept else None
                if person is not None:
                    guest = await room.enter(person)
                    await room.known()
                    await room.tell(guest, other)
                    await room.tell(other, guest)
    await room.settle()


@requirement("ECHO-REG-011")
async def test_label_may_carry_a_charset(cast: Cast, echo: Dialogue, judge: Judge) -> None:
    await cast.newcomer()  # otherwise nobody may be registered at all
    said = await echo.register(echo.name(), label="application/json; charset=utf-8")
    judge.status("ECHO-REG-011", said, range(200, 300))


@requirement("ECHO-DEV-004")
async def test_dev_endpoint_is_guarded_as_the_admin_api_is(
    cast: Cast, echo: Dialogue, judge: Judge
) -> None:
    agent = await cast.newcomer()
    if (await echo.administer_as(None, "listAgents")).ok:
        raise UnjudgeableError("the Admin API asks for no credentials")
    if not shows(await echo.dev_token(agent.name), agent.token):
        raise UnjudgeableError("the dev endpoint is not served here")
    other = await cast.newcomer()
    for bearer in (None, echo.new("nobody"), other.token):
        said = await echo.dev_token_as(bearer, agent.name)
        wrong = f"the token of {agent.name} is shown to whoever asks, with {bearer!r}"
        judge.holds("ECHO-DEV-004", not shows(said, agent.token), wrong, said)


@requirement("ECHO-REG-012", "ECHO-LIST-005")
async def test_guarded_api_takes_no_made_up_credentials(
    cast: Cast, echo: Dialogue, judge: Judge
) -> None:
    agent = (await cast.agents(1))[0]
    asked = {name: await echo.administer_as(None, name) for name in ("listAgents", "createAgent")}
    guarded = [operation for operation, said in asked.items() if not said.ok]
    if not guarded:
        raise UnjudgeableError("the Admin API asks for no credentials")
    refused = [asked[operation] for operation in guarded]
    for operation in guarded:
        for bearer in (echo.new("nobody"), agent.token):
            said = await echo.administer_as(bearer, operation)
            wrong = f"{operation} was done for {bearer!r}"
            judge.holds("ECHO-REG-012", not said.ok, wrong, said)
            refused.append(said)
    await _judge_not_done(judge, echo, [one for one in refused if one.operation == "createAgent"])
    for said in refused:
        if said.operation == "listAgents":
            no_raw_token(judge, said, cast.known)


async def _judge_not_done(judge: Judge, echo: Dialogue, refused: list[Exchange]) -> None:
    """Whoever was refused registered nobody all the same."""
    listed = await echo.agents()
    for said in refused:
        if said.status is not None and not said.ok:
            name = read_json(said.body)["username"]
            wrong = f"{name} was refused for want of credentials, and is in the list"
            judge.holds("ECHO-REG-012", not rows_of(listed.json, name), wrong, said, listed)
