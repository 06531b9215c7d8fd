"""Faults in conduct: pages, repeats, order, what is gone, rates, endings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from tests.mutants.caxton_agents.bugs import Bug, Cue
from tests.mutants.caxton_agents.edits import on, put_from, then
from tests.mutants.caxton_agents.model import Edit, Fault, Item, Json, Memory, What
from tests.mutants.caxton_agents.seeds import SECTIONS, bugged, spoilt

__all__ = ["CONDUCT_FAULTS"]


def _pages() -> Iterator[Fault]:
    for name, bug in (
        ("pages.offset_stuck", Bug.OFFSET_STUCK),
        ("pages.next_offset_ignored", Bug.NEXT_OFFSET_IGNORED),
        ("pages.twice", Bug.PAGE_TWICE),
        ("pages.stops_early", Bug.LIST_STOPS_EARLY),
        ("pages.endless", Bug.LIST_ENDLESS),
    ):
        yield bugged(name, bug, "List Agents")
    for name, bug in (
        ("history.cursor_ignored", Bug.CURSOR_IGNORED),
        ("history.cursor_constant", Bug.CURSOR_CONSTANT),
        ("history.cursor_made_up", Bug.CURSOR_MADE_UP),
        ("history.cursor_alone", Bug.CURSOR_ALONE),
        ("history.stops_early", Bug.HISTORY_STOPS_EARLY),
        ("history.endless", Bug.HISTORY_ENDLESS),
    ):
        yield bugged(name, bug, "Query Message History")


def _order() -> Iterator[Fault]:
    for name, bug, what in (
        ("order.sends_to_stopped", Bug.SENDS_TO_STOPPED, What.SEND),
        ("order.sends_to_removed", Bug.SENDS_TO_REMOVED, What.SEND),
        ("order.updates_removed", Bug.UPDATES_REMOVED, What.UPDATE),
        ("order.reloads_removed", Bug.RELOADS_REMOVED, What.RELOAD),
        ("order.measures_removed", Bug.MEASURES_REMOVED, What.METRICS),
        ("order.stops_twice", Bug.STOPS_TWICE, What.STOP),
        ("order.removes_twice", Bug.REMOVES_TWICE, What.REMOVE),
        ("order.distributes_twice", Bug.DISTRIBUTES_TWICE, What.DISTRIBUTE),
        ("order.rolls_back_twice", Bug.ROLLS_BACK_TWICE, What.ROLLBACK),
        ("order.distributes_first", Bug.DISTRIBUTES_FIRST, What.DISTRIBUTE),
        ("order.monitors_first", Bug.MONITORS_FIRST, What.MONITOR),
        ("order.tasks_removed", Bug.TASKS_REMOVED, What.TASK),
        ("order.redeploys", Bug.REDEPLOYS, What.DEPLOY),
        ("order.litters", Bug.LITTERS, What.REMOVE),
        ("order.never_waits", Bug.NEVER_WAITS, What.SEND),
    ):
        yield bugged(name, bug, SECTIONS[what])


def _blindness() -> Iterator[Fault]:
    ways = {
        Cue.BROKEN: (What.DEPLOY, What.SEND, What.TASK, What.ROLLOUT),
        Cue.DROPPED: (
            What.DEPLOY,
            What.SEND,
            What.TASK,
            What.ROLLOUT,
            What.DISTRIBUTE,
            What.ROLLBACK,
            What.STOP,
        ),
        Cue.GARBLED: (What.DEPLOY, What.SEND, What.TASK, What.ROLLOUT),
        Cue.BUSY: (What.DEPLOY, What.TASK),
    }
    for cue, chosen in ways.items():
        for what in chosen:
            yield Fault(
                name=f"{what.value}.blind_{cue.name.lower()}",
                summary=f"{what.value}: again without a look: {cue.value}",
                section=SECTIONS[what],
                implied=True,
                cue=cue,
                style="deployments" if what is What.ROLLBACK else "full",
                reshape=_blind(what),
            )


def _talks() -> Iterator[Fault]:
    section = "Send Message"
    yield bugged("replies.waits_on", Bug.WAITS_ON, section, cue=Cue.UNANSWERED, style="asking")
    yield spoilt(
        What.SEND, "sender.changing", "another sender each time", _renamed("sender"), **_ASKING
    )
    yield spoilt(What.SEND, "sender.itself", "from its own receiver", _itself(), **_ASKING)
    yield Fault(
        name="send.renamed_dropped",
        summary="send: again, under other ids, where no answer came",
        section=section,
        implied=True,
        cue=Cue.DROPPED,
        edit=on(What.SEND, edit=then(_renamed("conversation_id"), _renamed("reply_with"))),
        reshape=_blind(What.SEND),
    )


_ASKING: Final[Mapping[str, Any]] = {"style": "asking", "implied": True}


def _renamed(member: str) -> Edit:
    """A value of its own in each message."""

    def other(item: Item, memory: Memory) -> str:
        return f"{memory.name}-{member}-{memory.sent[item.what]}"

    return put_from(member, other)


def _itself() -> Edit:
    """The receiver is the sender, too."""

    def receiver(item: Item, _memory: Memory) -> Json:
        return item.body.get("receiver") if isinstance(item.body, Mapping) else None

    return put_from("sender", receiver)


def _blind(what: What) -> Any:
    return lambda style: replace(style, blind=style.blind | {what})


def _rates() -> Iterator[Fault]:
    section = "Rate Limiting"
    yield bugged("rate.rushes_deploys", Bug.RUSHES_DEPLOYS, section, style="once")
    yield Fault(
        name="rate.floods_metrics",
        summary=Bug.FLOODS_METRICS.value,
        section=section,
        style="metrics",
        implied=True,
        reshape=lambda style: replace(style, pause=0.003, bugs=style.bugs | {Bug.FLOODS_METRICS}),
    )
    yield Fault(
        name="rate.polls",
        summary="polls each few milliseconds",
        section=section,
        implied=True,
        cue=Cue.STATES,
        reshape=lambda style: replace(style, poll=0.005, pause=0.01, polls=60),
    )


def _endings() -> Iterator[Fault]:
    section = "SDK Examples"
    for word, bug in (
        ("ignored", Bug.TERM_IGNORED),
        ("fails", Bug.TERM_FAILS),
        ("dies", Bug.TERM_CRASHES),
        ("goes_on", Bug.TERM_GOES_ON),
        ("cuts", Bug.TERM_CUTS),
        ("dawdles", Bug.TERM_DAWDLES),
    ):
        yield bugged(f"term.{word}", bug, section)
    yield bugged("life.silent", Bug.SILENT, section, implied=False)
    yield bugged("life.quits_early", Bug.QUITS_EARLY, "Deploy Agent")
    yield bugged("paths.raw", Bug.RAW_PATHS, "Get Agent Details", cue=Cue.IDS)
    yield bugged("leak.prints_token", Bug.LEAKS_TOKEN, "Authentication")


CONDUCT_FAULTS: Final = (
    *_pages(),
    *_order(),
    *_blindness(),
    *_talks(),
    *_rates(),
    *_endings(),
)
