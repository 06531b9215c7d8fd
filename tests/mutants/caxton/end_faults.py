"""Faults in the end of an agent: stopping and removing."""

from __future__ import annotations

from typing import Any, Final

from .fault import Fault, Row, Spot, at, table
from .model import Agent
from .seeds import always, never, on_body, other_agent, stays

__all__ = ["END_FAULTS"]


def _if_drained(acts: Any, spot: Spot) -> Any:
    return acts and spot["data"].get("drain_messages") is not False


def _all_stop(acts: Any, spot: Spot) -> Any:
    for one in spot.desk.agents.values():
        one.state = "stopped"
    return acts


def _other_stops(acts: Any, spot: Spot) -> Any:
    other_agent(spot, spot["agent"]).state = "stopped"
    return False


def _stop_removes(acts: Any, spot: Spot) -> Any:
    spot.desk.agents.pop(spot["agent"].id, None)
    return acts


_STOP: Final[tuple[Row, ...]] = (
    ("ignored", "the agent keeps running", at("stop.acts", never)),
    ("ignored_undrained", "without draining nothing stops", at("stop.acts", _if_drained)),
    ("never", "the agent drains for ever", at("stop.left", always(10**9))),
    (
        "~late",
        "draining lasts an hour beyond the grace period",
        at("stop.left", lambda v, s: v + 3600),
    ),
    ("elsewhere", "another agent stops", at("stop.acts", _other_stops)),
    ("everybody", "all agents stop", at("stop.acts", _all_stop)),
    ("removes", "the agent leaves the system", at("stop.acts", _stop_removes)),
    ("fails", "a stopped agent counts as failed", stays("stopped", "failed")),
    ("revives", "a drained agent runs again", stays("stopped", "running")),
    ("undrained", "draining does not show", stays("draining", "running")),
    (
        "stopped_takes",
        "a stopped agent still takes messages",
        at("send.able", lambda able, spot: able or spot["agent"].state == "stopped"),
    ),
    (
        "~failed_takes",
        "a failed agent still takes messages",
        at("send.able", lambda able, spot: able or spot["agent"].state == "failed"),
    ),
    (
        "says_running",
        "the answer says running",
        on_body("stop", lambda b, s: b.update(status="running")),
    ),
    (
        "says_unloaded",
        "the answer says unloaded",
        on_body("stop", lambda b, s: b.update(status="unloaded")),
    ),
)


def _ghost(victim: Any, spot: Spot) -> Any:
    spot.memo[victim.id] = victim
    return victim


def _found_ghost(agent: Any, spot: Spot) -> Any:
    return agent or spot.memo.get(spot["who"])


def _many_removed(victim: Any, spot: Spot) -> Any:
    other = other_agent(spot, victim)
    spot.desk.agents.pop(other.id, None)
    return victim


def _listed_ghosts(everybody: Any, spot: Spot) -> Any:
    ghosts = [one for one in spot.memo.values() if isinstance(one, Agent)]
    return [*everybody, *ghosts]


def _slow_removal(victim: Any, spot: Spot) -> Any:
    spot.desk.clock.later(3600, lambda: spot.desk.agents.pop(victim.id, None))
    return None


def _forgets(victim: Any, spot: Spot) -> Any:
    messages = spot.desk.messages
    messages[:] = [one for one in messages if one.receiver != victim.id]
    return victim


def _forgets_own(victim: Any, spot: Spot) -> Any:
    messages = spot.desk.messages
    messages[:] = [one for one in messages if one.sender != victim.id]
    return victim


def _ends_subscriptions(victim: Any, spot: Spot) -> Any:
    for line in spot.desk.lines:
        for name, asked in [*line.subscriptions.items()]:
            if victim.id in (asked.agents or ()):
                del line.subscriptions[name]
    return victim


_REMOVE: Final[tuple[Row, ...]] = (
    ("ignored", "the agent stays", at("remove.victim", always(None))),
    ("forgets", "the messages to it are forgotten", at("remove.victim", _forgets)),
    ("~forgets.own", "the messages from it are forgotten", at("remove.victim", _forgets_own)),
    (
        "~subscriptions",
        "subscriptions that name it among others end",
        at("remove.victim", _ends_subscriptions),
    ),
    ("late", "the agent stays for an hour", at("remove.victim", _slow_removal)),
    ("elsewhere", "another agent goes", at("remove.victim", lambda v, s: other_agent(s, v))),
    ("one_more", "another agent goes as well", at("remove.victim", _many_removed)),
    (
        "still_found",
        "its details can still be read",
        at("remove.victim", _ghost, agent_found=_found_ghost),
    ),
    ("still_listed", "it is still listed", at("remove.victim", _ghost, list_all=_listed_ghosts)),
    (
        "still_reached",
        "it still takes messages",
        at("remove.victim", _ghost, send_found=_found_ghost),
    ),
)


END_FAULTS: Final[tuple[Fault, ...]] = (
    *table("Stop Agent", _STOP, prefix="stop."),
    *table("Remove Agent", _REMOVE, prefix="remove."),
)
