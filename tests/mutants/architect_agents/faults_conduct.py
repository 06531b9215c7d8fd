"""Faults in what a client makes of the unexpected: events, odd frames, errors, losses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from tests.mutants.architect_agents.model import (
    Fault,
    Needs,
    Reaction,
    Response,
    Style,
    Trouble,
)

__all__ = ["CONDUCT_FAULTS"]

_EVENT: Final = "example, on_event"
_FRAMES: Final = "example, ignore non-JSON frames"
_REPLY: Final = "first message that echoes that token"
_CATALOGUE: Final = "list of supported actions"
_ROBUST: Final = "once connected"

_DOES: Final = {
    Reaction.CRASH: "dies with a traceback",
    Reaction.HANG: "never does anything again",
    Reaction.QUIT: "leaves with status 0 and no word",
    Reaction.CLOSE: "closes the connection",
    Reaction.DROP: "drops the connection without a close frame",
    Reaction.HAMMER: "does the same again in a tight loop",
    Reaction.ANSWER: "sends the message back to the server",
    Reaction.ACKNOWLEDGE: "answers with a frame that is no request",
    Reaction.TAKE: "takes it for the reply to the oldest request",
}


def _meets(
    trouble: Trouble,
    reactions: tuple[Reaction, ...],
    section: str,
    on: str,
    needs: Needs,
    *,
    implied: bool = False,
    reading: str = "sequential",
) -> Iterator[Fault]:
    for reaction in reactions:
        yield Fault(
            name=f"{trouble.value}.{reaction.name.lower()}",
            reading=reading,
            section=section,
            summary=f"{on}: {_DOES[reaction]}",
            implied=implied,
            needs=needs,
            reshape=_reacting(trouble, Response(reaction=reaction)),
        )


def _reacting(trouble: Trouble, response: Response) -> Callable[[Style], Style]:
    return lambda style: replace(style, reactions={**style.reactions, trouble: response})


_CRASH: Final = (Reaction.CRASH,)
_ENDS: Final = (Reaction.CRASH, Reaction.HANG, Reaction.CLOSE)


def _messages() -> Iterator[Fault]:
    told = (Reaction.ANSWER, Reaction.ACKNOWLEDGE, Reaction.TAKE, Reaction.QUIT, Reaction.DROP)
    yield from _meets(Trouble.EVENT, (*_ENDS, *told), _EVENT, "an event", Needs.EVENT)
    null = "an event whose idempotence is null"
    yield from _meets(Trouble.EVENT_NULL, _ENDS, _EVENT, null, Needs.EVENT_NULL)
    yield replace(
        next(_meets(Trouble.EVENT, _CRASH, _EVENT, "the third event", Needs.EVENT)),
        name="event.crash_at_third",
        reshape=_reacting(Trouble.EVENT, Response(reaction=Reaction.CRASH, skip=2)),
    )
    yield replace(
        next(_meets(Trouble.EVENT, (Reaction.HANG,), _EVENT, "the third event", Needs.EVENT)),
        name="event.hang_at_third",
        reshape=_reacting(Trouble.EVENT, Response(reaction=Reaction.HANG, skip=2)),
    )
    no_json = "a text frame that is no JSON"
    yield from _meets(Trouble.NON_JSON, _ENDS, _FRAMES, no_json, Needs.NON_JSON)
    no_map = "JSON that is no map"
    yield from _meets(Trouble.NON_MAP, _ENDS, _FRAMES, no_map, Needs.NON_MAP, implied=True)
    binary = "a binary frame"
    ends = (Reaction.CRASH, Reaction.HANG)
    yield from _meets(Trouble.BINARY, ends, _FRAMES, binary, Needs.BINARY, implied=True)


def _replies() -> Iterator[Fault]:
    ends = (Reaction.CRASH, Reaction.HANG, Reaction.CLOSE, Reaction.DROP, Reaction.QUIT)
    error = "an error reply"
    hammer = (*ends, Reaction.HAMMER)
    yield from _meets(Trouble.ERROR, hammer, _ROBUST, error, Needs.ERROR, implied=True)
    strange = "a map with a token that it never sent"
    yield from _meets(Trouble.STRANGE, _ENDS, _REPLY, strange, Needs.STRANGE)
    twice = "a second copy of a reply"
    yield from _meets(Trouble.TWICE, _ENDS, _REPLY, twice, Needs.TWICE, implied=True)
    order = "a reply to another than the oldest request"
    yield from _meets(Trouble.REORDERED, ends, _REPLY, order, Needs.REORDERED, reading="concurrent")
    late = "a reply after its time"
    patient = "abandoning"
    yield from _meets(Trouble.LATE, _ENDS, _REPLY, late, Needs.LATE, reading=patient)
    slow = "no reply in time"
    short = (*_ENDS, Reaction.QUIT, Reaction.HAMMER)
    yield from _meets(Trouble.SLOW, short, _REPLY, slow, Needs.SLOW, reading=patient, implied=True)


def _catalogues() -> Iterator[Fault]:
    for trouble, needs, what in (
        (Trouble.REQUIRED_NULL, Needs.REQUIRED_NULL, "required_parameters null"),
        (Trouble.REQUIRED_EMPTY, Needs.REQUIRED_EMPTY, "required_parameters []"),
        (Trouble.REQUIRED_MISSING, Needs.REQUIRED_MISSING, "no required_parameters"),
        (Trouble.FLAG_MISSING, Needs.FLAG_MISSING, "no cloud_controller_only"),
        (Trouble.DESCRIPTION_MISSING, Needs.DESCRIPTION_MISSING, "no description"),
    ):
        yield from _meets(trouble, _CRASH, _CATALOGUE, f"an entry with {what}", needs)
    null = "an entry with required_parameters null"
    hang = (Reaction.HANG,)
    yield from _meets(Trouble.REQUIRED_NULL, hang, _CATALOGUE, null, Needs.REQUIRED_NULL)


def _losses() -> Iterator[Fault]:
    once, often = (Reaction.CRASH, Reaction.QUIT), (Reaction.HAMMER,)
    ends = (*once, *often)
    dropped, closed = "the connection drops", "the server closes"
    yield from _meets(Trouble.LOST, once, _ROBUST, dropped, Needs.LOST, implied=True)
    yield from _meets(Trouble.LOST, often, _ROBUST, dropped, Needs.LOST_OFTEN, implied=True)
    yield from _meets(Trouble.CLOSED, once, _ROBUST, closed, Needs.CLOSED, implied=True)
    yield from _meets(Trouble.CLOSED, often, _ROBUST, closed, Needs.CLOSED_OFTEN, implied=True)
    away = "the server is away"
    yield from _meets(Trouble.UNREACHABLE, ends, _ROBUST, away, Needs.UNREACHABLE, implied=True)

    def bad(name: str, summary: str, needs: Needs, reshape: Callable[[Style], Style]) -> Fault:
        return Fault(
            name=f"loss.{name}",
            reading="sequential",
            section=_ROBUST,
            summary=summary,
            implied=True,
            needs=needs,
            reshape=reshape,
        )

    mute = "comes back after a loss, and never says a word again"
    yield bad("mute_after_return", mute, Needs.LOST, lambda s: replace(s, mute_from=1))
    again = "comes back after the first loss, stays dead after the second"
    yield bad("returns_once", again, Needs.LOST_OFTEN, lambda s: replace(s, reconnects=1))
    beside = "while it is not let in, asks for three connections at once"
    yield bad("crowds", beside, Needs.UNREACHABLE, lambda s: replace(s, crowds=True))
    more = "asks for the catalogue once more on each connection than on the one before"
    yield bad("lists_more", more, Needs.LOST, lambda s: replace(s, lists_more=True))
    yield Fault(
        name="goodbye.none",
        reading="sequential",
        section="example, close",
        summary="ends without a close frame when it is told to stop",
        implied=True,
        needs=Needs.GOODBYE,
        reshape=lambda s: replace(s, says_goodbye=False),
    )
    yield Fault(
        name="goodbye.deaf",
        reading="sequential",
        section="example, close",
        summary="goes on when it is told to stop",
        implied=True,
        needs=Needs.GOODBYE,
        reshape=lambda s: replace(s, heeds_term=False),
    )


def _readers() -> Iterator[Fault]:
    def blind(name: str, summary: str, to: Callable[[str], bool]) -> Fault:
        return Fault(
            name=f"reader.{name}",
            reading="sequential",
            section="JSON formatted payload",
            summary=f"takes JSON for none {summary}",
            needs=Needs.DRESSED,
            reshape=lambda s: replace(s, blind_to=to),
        )

    yield blind("blanks", "with white space around it", lambda text: text != text.strip())
    escaped: Callable[[str], bool] = lambda text: '"idempotence"' not in text  # noqa: E731
    yield blind("escapes", "where the word idempotence is not written in letters", escaped)


CONDUCT_FAULTS: Final = (*_messages(), *_replies(), *_catalogues(), *_losses(), *_readers())
