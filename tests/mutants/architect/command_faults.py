"""Faults in what becomes of a command: wrong acceptance, wrong refusal, state that leaks."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from .agent import Agent
from .fault import Fault, decides
from .model import MISSING, Json, Outcome, Request, Session
from .reading import Reading

__all__ = ["COMMAND_FAULTS"]

_DONE: Final = Outcome(result={})


class _Guessing(Agent):
    """Finds an action for names that none has."""

    def __init__(self, reading: Reading, *, rule: Callable[[Agent, Json], Json]) -> None:
        super().__init__(reading)
        self.rule = rule

    async def decide(self, session: Session, request: Request) -> Outcome:
        guessed = self.rule(self, request.action)
        plain = Request(
            action=guessed,
            parameters=request.parameters,
            token=request.token,
            order=request.order,
            message=request.message,
        )
        return await super().decide(session, plain)


def _by_case(agent: Agent, action: Json) -> Json:
    return action.lower() if isinstance(action, str) else action


def _by_prefix(agent: Agent, action: Json) -> Json:
    if not isinstance(action, str) or len(action) < 3 or action in agent.actions:
        return action
    return next((name for name in agent.actions if name.startswith(action)), action)


def _by_beginning(agent: Agent, action: Json) -> Json:
    if not isinstance(action, str):
        return action
    return next((name for name in agent.actions if action.startswith(name)), action)


def _by_default(agent: Agent, action: Json) -> Json:
    return action if isinstance(action, str) and action in agent.actions else "servers"


def _by_first(agent: Agent, action: Json) -> Json:
    return action[0] if isinstance(action, list) and action else action


def _trimmed(agent: Agent, action: Json) -> Json:
    return action.strip() if isinstance(action, str) else action


def _guesses(name: str, summary: str, rule: Callable[[Agent, Json], Json]) -> Fault:
    return Fault(
        name=f"action.{name}",
        summary=summary,
        section="Commands",
        implied=True,
        make=partial(_Guessing, rule=rule),
    )


class _LastAction(Agent):
    """Does the action before when a command names none."""

    async def decide(self, session: Session, request: Request) -> Outcome:
        if request.action is MISSING and "action" in session.notes:
            return Outcome(result=session.notes["action"])
        outcome = await super().decide(session, request)
        if outcome.ok:
            session.notes["action"] = outcome.result
        return outcome


_GUESSES: Final = (
    _guesses("case_ignored", "an action's name in another case is served", _by_case),
    _guesses("prefix", "the beginning of an action's name is served", _by_prefix),
    _guesses("longer", "an action's name with something after it is served", _by_beginning),
    _guesses("default", "an unknown action is served as `servers`", _by_default),
    _guesses("first_of_list", "a list with an action's name in it is served", _by_first),
    _guesses("trimmed", "a name with spaces around it is served", _trimmed),
    Fault(
        name="action.remembered",
        summary="a command without an action repeats the one before",
        section="Commands",
        implied=True,
        make=_LastAction,
    ),
)


def _forgets(*codes: str) -> Callable[..., object]:
    """Tell some errors as a success with nothing in it."""

    async def rule(agent: Agent, session: Session, request: Request, outcome: Outcome) -> Outcome:
        return _DONE if outcome.code in codes else outcome

    return rule


async def _fails_after_error(
    agent: Agent, session: Session, request: Request, outcome: Outcome
) -> Outcome:
    failed = session.notes.get("failed", False)
    session.notes["failed"] = failed or not outcome.ok
    return Outcome(code="broken", text="an earlier command failed") if failed else outcome


async def _all_fail_after_error(
    agent: Agent, session: Session, request: Request, outcome: Outcome
) -> Outcome:
    failed = any(one.notes.get("failed") for one in agent.sessions.values() if one is not session)
    session.notes["failed"] = session.notes.get("failed", False) or not outcome.ok
    return Outcome(code="broken", text="somebody failed") if failed else outcome


def _refuses(when: Callable[[Agent, Session, Request], bool]) -> Callable[..., object]:
    async def rule(agent: Agent, session: Session, request: Request, outcome: Outcome) -> Outcome:
        refused = outcome.ok and when(agent, session, request)
        return Outcome(code="refused", text="not now") if refused else outcome

    return rule


def _again(agent: Agent, session: Session, request: Request) -> bool:
    done: list[str] = session.notes.setdefault("done", [])
    done.append(request.action)
    return done.count(request.action) > 1


def _keys(request: Request) -> list[str]:
    return list(request.message)


_OUTCOMES: Final = tuple(
    decides(f"outcome.{name}", summary, rule, implied=implied)  # type: ignore[arg-type]
    for name, summary, rule, implied in (
        (
            "errors_are_successes",
            "every error is told as a success",
            _forgets("unknown_action", "missing_parameter", "bad_type", "bad_parameters"),
            True,
        ),
        (
            "unknown_action_succeeds",
            "an unknown action is told as a success",
            _forgets("unknown_action"),
            True,
        ),
        (
            "missing_parameter_succeeds",
            "a missing parameter is told as a success, though nothing was done",
            _forgets("missing_parameter"),
            True,
        ),
        (
            "bad_parameters_succeed",
            "`parameters` that are no map are told as a success",
            _forgets("bad_parameters"),
            True,
        ),
        ("broken_after_error", "after an error all commands fail", _fails_after_error, False),
        (
            "others_broken_after_error",
            "after an error all commands on other connections fail",
            _all_fail_after_error,
            False,
        ),
        ("second_call_fails", "an action works once on a connection", _refuses(_again), True),
        (
            "every_second_fails",
            "every second command fails",
            _refuses(lambda a, s, r: r.order % 2 == 0),
            True,
        ),
        (
            "servers_fails",
            "`servers` always fails",
            _refuses(lambda a, s, r: r.action == "servers"),
            True,
        ),
        (
            "from_twentieth_fails",
            "from the twentieth message on all commands fail",
            _refuses(lambda a, s, r: r.order >= 20),
            True,
        ),
        (
            "reconnect_fails",
            "all commands on later connections fail",
            _refuses(lambda a, s, r: s.number > 1),
            False,
        ),
        (
            "busy_fails",
            "a command fails when another came before it was done",
            _refuses(lambda a, s, r: r.order < s.count),
            True,
        ),
        (
            "key_order",
            "a command whose first member is not `action` is refused",
            _refuses(lambda a, s, r: _keys(r)[0] != "action"),
            True,
        ),
        (
            "needs_token",
            "a command without `idempotence` is refused, though the struct has none",
            _refuses(lambda a, s, r: r.token is MISSING),
            False,
        ),
        (
            "extra_member_refused",
            "a member beside `action`, `parameters` and `idempotence` is refused",
            _refuses(
                lambda a, s, r: len(set(_keys(r)) - {"action", "parameters", "idempotence"}) > 0
            ),
            True,
        ),
        (
            "token_used_before",
            "a token of an earlier connection is refused",
            _refuses(lambda a, s, r: _used(a, r)),
            True,
        ),
        (
            "short_token_refused",
            "a token that has not 32 characters is refused",
            _refuses(lambda a, s, r: isinstance(r.token, str) and len(r.token) != 32),
            True,
        ),
    )
)


def _used(agent: Agent, request: Request) -> bool:
    used: list[Json] = agent.world.__dict__.setdefault("tokens", [])
    used.append(request.token)
    return request.token is not MISSING and used.count(request.token) > 1


class _State(Agent):
    """Starts and stops other servers than it was told."""

    def __init__(self, reading: Reading, *, rule: Callable[[Json, Json], Json]) -> None:
        super().__init__(reading)
        self.rule = rule

    def perform(self, session: Session, request: Request) -> Outcome:
        before = {name: one.running for name, one in self.world.servers.items()}
        outcome = super().perform(session, request)
        if request.action in {"server_start", "server_stop"}:
            after = {name: one.running for name, one in self.world.servers.items()}
            for name, running in self.rule(before, after).items():
                self.world.servers[name].running = running
        return outcome


def _state(name: str, summary: str, rule: Callable[[Json, Json], Json]) -> Fault:
    return Fault(
        name=f"state.{name}",
        summary=summary,
        section="Commands",
        implied=True,
        make=partial(_State, rule=rule),
    )


def _all_like_changed(before: Json, after: Json) -> Json:
    changed = [after[name] for name in after if before[name] != after[name]]
    return dict.fromkeys(after, changed[0]) if changed else after


_STATES: Final = (
    _state("no_effect", "starting and stopping a server changes nothing", lambda b, a: b),
    _state("stops_all", "starting or stopping one server does so to all", _all_like_changed),
)

COMMAND_FAULTS: Final = (*_GUESSES, *_OUTCOMES, *_STATES)
