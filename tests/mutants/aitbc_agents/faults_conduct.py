"""Faults in how an agent lives: order, rhythm, trouble, and bugs that show up late."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Final, NoReturn

from tests.mutants.aitbc_agents.edits import both, drop, encoded, header, on, put, when
from tests.mutants.aitbc_agents.faults_wire import single_quoted
from tests.mutants.aitbc_agents.model import (
    Chore,
    Draft,
    Ending,
    Fault,
    Needs,
    OnTerm,
    Op,
    Reaction,
    Reshape,
    Style,
    Trouble,
)

__all__ = ["CONDUCT_FAULTS"]

# Seconds until an agent that cannot wait loses its patience.
IMPATIENCE: Final = 0.5

_EVENTS: Final[Mapping[Trouble, tuple[str, Needs]]] = {
    Trouble.BUSY: ("429 or 503", Needs.BUSY),
    Trouble.FORGOTTEN: ("404 about itself", Needs.FORGOTTEN),
    Trouble.REFUSED: ("422", Needs.REFUSED),
    Trouble.BROKEN: ("500", Needs.BROKEN),
    Trouble.SLOW: (f"an answer later than {IMPATIENCE} s", Needs.SLOW),
    Trouble.DROPPED: ("a dropped connection", Needs.DROPPED),
    Trouble.EXTRA: ("an unknown field in an answer", Needs.EXTRA),
}
_ENDS: Final = (Reaction.CRASH, Reaction.QUIT, Reaction.HANG)
_REACTIONS: Final[Mapping[Trouble, tuple[Reaction, ...]]] = {
    Trouble.BUSY: (*_ENDS, Reaction.HAMMER, Reaction.IGNORE),
    Trouble.FORGOTTEN: (*_ENDS, Reaction.HAMMER, Reaction.IGNORE),
    Trouble.REFUSED: (*_ENDS, Reaction.HAMMER, Reaction.IGNORE),
    Trouble.BROKEN: (*_ENDS, Reaction.HAMMER),
    Trouble.SLOW: (*_ENDS, Reaction.HAMMER),
    Trouble.DROPPED: (*_ENDS, Reaction.HAMMER),
    Trouble.EXTRA: (*_ENDS, Reaction.HAMMER),
}


def _reacting(trouble: Trouble, reaction: Reaction) -> Reshape:
    def reshape(style: Style) -> Style:
        timeout = IMPATIENCE if trouble is Trouble.SLOW else style.timeout
        reactions = {**style.reactions, trouble: reaction}
        return replace(style, reactions=reactions, timeout=timeout)

    return reshape


def _reactions() -> Iterator[Fault]:
    for trouble, reactions in _REACTIONS.items():
        event, needs = _EVENTS[trouble]
        for reaction in reactions:
            yield Fault(
                name=f"{reaction.name.lower()}_on_{trouble.value}",
                summary=f"on {event}: {reaction.value}",
                section="Error Codes",
                implied=True,
                needs=needs,
                reshape=_reacting(trouble, reaction),
            )
    yield Fault(
        name="retry_after_unheeded",
        summary="backs off, but never as long as Retry-After asks",
        section="Rate Limiting",
        implied=True,
        needs=Needs.BUSY,
        reshape=lambda style: replace(style, heeds_retry_after=False),
    )


def _changed(name: str, summary: str, reshape: Reshape, needs: Needs = Needs.NOTHING) -> Fault:
    return Fault(
        name=name,
        summary=summary,
        section="Agent Management API",
        implied=True,
        needs=needs,
        reshape=reshape,
    )


def _prologue(*ops: Op, ending: Ending = Ending.LIVE) -> Reshape:
    return lambda style: replace(style, prologue=ops, ending=ending)


def _also(chore: Chore) -> Reshape:
    return lambda style: replace(style, rounds=(*style.rounds, chore))


def _instead(chore: Chore) -> Reshape:
    def reshape(style: Style) -> Style:
        others = tuple(each for each in style.rounds if each.op is not chore.op)
        return replace(style, rounds=(chore, *others))

    return reshape


def _falling_silent(style: Style) -> Style:
    return replace(style, rounds=tuple(replace(chore, limit=1) for chore in style.rounds))


def _orders() -> Iterator[Fault]:
    first, then, word = Op.HEALTH, Op.REGISTER, Op.STATUS
    early = "before registering"
    yield _changed("sends_nothing", "lives without a word", _prologue(ending=Ending.HANG))
    yield _changed("exits_at_once", "leaves with 0, no word", _prologue(ending=Ending.EXIT))
    hang = _prologue(first, ending=Ending.HANG)
    yield _changed("hangs_after_health", "hears that all is well and does nothing", hang)
    hang = _prologue(first, then, ending=Ending.HANG)
    yield _changed("hangs_after_register", "registers and does nothing more", hang)
    yield _changed("falls_silent", "does each chore once, then nothing", _falling_silent)
    yield _changed("never_registers", "reports, never registered", _prologue(first, word))
    yield _changed("status_before_register", f"status {early}", _prologue(first, word, then))
    beat = _prologue(first, Op.HEARTBEAT, then)
    yield _changed("heartbeat_before_register", f"heartbeat {early}", beat)
    again = "registers again, though nothing happened"
    yield _changed("registers_each_interval", again, _also(Chore(op=Op.REGISTER, delayed=True)))
    hurry = "does everything twice as often once it had to register again"
    yield _changed("hurries", hurry, lambda s: replace(s, hurries=True), Needs.FORGOTTEN)
    storm = "without any pause"
    for op in (Op.REGISTER, Op.HEARTBEAT, Op.STATUS, Op.SUBMIT, Op.DISCOVER):
        rush = _instead(Chore(op=op, seconds=0.01))
        yield _changed(f"{op.value}_storm", f"{op.value} again and again {storm}", rush)


def _terms() -> Iterator[Fault]:
    for name, on_term in (
        ("sigterm_ignored", OnTerm.IGNORE),
        ("sigterm_crashes", OnTerm.CRASH),
        ("sigterm_fails", OnTerm.FAIL),
    ):
        reshape = partial(_terminating, on_term=on_term)
        yield _changed(name, f"SIGTERM: {on_term.value}", reshape, Needs.SIGTERM)
    goodbye = when(_is_goodbye, put(Op.STATUS, "status", "offline"))
    yield Fault(
        name="goodbye_unknown_status",
        summary="the last status is a word outside the list",
        section="Update Agent Status",
        needs=Needs.SIGTERM,
        tamper=goodbye,
    )


def _terminating(style: Style, *, on_term: OnTerm) -> Style:
    return replace(style, on_term=on_term)


def _is_goodbye(draft: Draft) -> bool:
    return isinstance(draft.payload, Mapping) and draft.payload.get("status") == "inactive"


def _die(draft: Draft) -> NoReturn:
    message = f"no idea how to {draft.op.value}"
    raise RuntimeError(message)


def _registered_before(draft: Draft) -> bool:
    return draft.moment.accepted >= 1


def _dropped_before(draft: Draft) -> bool:
    return draft.moment.drops >= 1


def _tried_before(draft: Draft) -> bool:
    return draft.moment.nth > draft.moment.accepted


def _at_least(n: int) -> Callable[[Draft], bool]:
    return lambda draft: draft.moment.nth >= n


def _second_registrations() -> Iterator[Fault]:
    bad = partial(Fault, section="Register Agent", needs=Needs.FORGOTTEN)
    for name, summary, edit in (
        ("type_missing", "agent_type is left out", drop(Op.REGISTER, "agent_type")),
        ("id_missing", "agent_id is left out", drop(Op.REGISTER, "agent_id")),
        ("capabilities", "capabilities are a string", put(Op.REGISTER, "capabilities", "a,b")),
        ("single_quotes", "single quotes", on(Op.REGISTER, encoded(single_quoted))),
    ):
        yield bad(
            name=f"register_again_{name}",
            summary=f"second registration: {summary}",
            tamper=on(Op.REGISTER, when(_registered_before, edit)),
        )
    stranger = put(Op.REGISTER, "agent_id", "stranger")
    yield bad(
        name="register_again_other_id",
        summary="second registration: under another id than it goes on to use",
        tamper=on(Op.REGISTER, when(_registered_before, stranger)),
        implied=True,
    )
    yield bad(
        name="register_again_poorer",
        summary="second registration: without its capabilities",
        tamper=on(Op.REGISTER, when(_registered_before, drop(Op.REGISTER, "capabilities"))),
        implied=True,
    )
    yield bad(
        name="register_again_other_type",
        summary="second registration: as an agent of another type",
        tamper=on(Op.REGISTER, when(_registered_before, _of_another_type)),
        implied=True,
    )


def _of_another_type(draft: Draft) -> Draft:
    told = draft.payload.get("agent_type") if isinstance(draft.payload, dict) else None
    return put(Op.REGISTER, "agent_type", "consumer" if told == "general" else "general")(draft)


def _after_trouble() -> Iterator[Fault]:
    bad = partial(Fault, section="Update Agent Status", needs=Needs.DROPPED)
    yield bad(
        name="reconnect_status_number",
        summary="after a broken connection: the status is a number",
        tamper=when(_dropped_before, put(Op.STATUS, "status", 1)),
    )
    yield bad(
        name="reconnect_single_quotes",
        summary="after a broken connection: bodies are no JSON any more",
        tamper=when(_dropped_before, encoded(single_quoted)),
    )
    yield bad(
        name="reconnect_content_type_missing",
        summary="after a broken connection: no Content-Type",
        tamper=when(_dropped_before, header("Content-Type", None)),
        implied=True,
    )
    yield Fault(
        name="retry_body_lost",
        summary="a repeated request has lost its body",
        section="Register Agent",
        needs=Needs.BUSY,
        tamper=when(_tried_before, encoded(lambda _payload: b"")),
    )


def _with_time() -> Iterator[Fault]:
    yield Fault(
        name="status_unknown_later",
        summary="the status is a word outside the list from the third update on",
        section="Update Agent Status",
        tamper=when(_at_least(2), put(Op.STATUS, "status", "online")),
    )
    yield Fault(
        name="submit_priority_later",
        summary="the priority is in capitals from the second task on",
        section="Submit Task",
        tamper=when(_at_least(1), put(Op.SUBMIT, "priority", "URGENT")),
    )
    lists = both(put(Op.DISCOVER, "services", "a"), put(Op.DISCOVER, "capabilities", "b"))
    yield Fault(
        name="discover_strings_later",
        summary="list filters are strings from the second discovery on",
        section="Discover Agents",
        tamper=when(_at_least(1), lists),
    )
    bad = partial(Fault, section="Agent Management API", implied=True)
    yield bad(
        name="crashes_by_itself",
        summary="dies with a traceback at its fourth heartbeat",
        tamper=on(Op.HEARTBEAT, when(_at_least(3), _die)),
    )
    yield bad(name="crashes_at_start", summary="dies before its first request", tamper=_die)


CONDUCT_FAULTS: Final[tuple[Fault, ...]] = (
    *_orders(),
    *_reactions(),
    *_terms(),
    *_second_registrations(),
    *_after_trouble(),
    *_with_time(),
)
