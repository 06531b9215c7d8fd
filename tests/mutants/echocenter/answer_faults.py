"""POST /api/users/agents: what it refuses, and what it does to everything else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from .fault import Enrol, Fault, RestTurn, Seed, prefixed, table
from .model import Answer, Principal, Request

if TYPE_CHECKING:
    from .hub import Hub

__all__ = ["ANSWER_FAULTS"]

_PATH: Final = "/api/users/agents"


def _enrol(edit: Callable[[Enrol], object]) -> Seed:
    return Seed(enrol=edit)


def _refused(answer: Callable[[], Answer], test: Callable[[Enrol], bool]) -> Seed:
    def edit(one: Enrol) -> None:
        if test(one):
            one.refuse = answer()

    return _enrol(edit)


def _error(status: int) -> Callable[[], Answer]:
    return lambda: Answer(status=status, body={"error": "internal"})


def _early(answer: Callable[[Hub, Request], Answer | None]) -> Seed:
    async def early(hub: Hub, request: Request) -> Answer | None:
        return answer(hub, request)

    return Seed(early=early)


def _posts(answer: Callable[[Request], Answer | None]) -> Seed:
    return _early(
        lambda _, request: (
            answer(request) if request.method == "POST" and request.path == _PATH else None
        )
    )


def _after(op: str, edit: Callable[[RestTurn], object]) -> Seed:
    return Seed(rest=lambda turn: edit(turn) if turn.op == op else None)


def _body(request: Request) -> dict[str, Any]:
    try:
        data = json.loads(request.body)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _needs(*fields: str) -> Seed:
    def check(request: Request) -> Answer | None:
        missing = [name for name in fields if name not in _body(request)]
        return Answer(status=422, body={"error": f"{missing} required"}) if missing else None

    return _posts(check)


def _media(request: Request) -> Answer | None:
    if request.headers.get("content-type") != "application/json":
        return Answer(status=415, body={"error": "unsupported media type"})
    return None


def _form_only(request: Request) -> Answer | None:
    if "form" not in request.headers.get("content-type", ""):
        return Answer(status=415, body={"error": "a form is expected"})
    return None


def _answers() -> Iterator[tuple[str, str, Seed]]:
    yield (
        "gone",
        "nothing answers at the path",
        _posts(lambda _: Answer(status=404, body={"error": "not found"})),
    )
    yield (
        "method",
        "POST is not allowed",
        _posts(lambda _: Answer(status=405, body={"error": "method"})),
    )
    yield (
        "status_500",
        "the agent is created, and the answer is 500",
        _after("register", lambda turn: setattr(turn.answer, "status", 500)),
    )
    yield (
        "status_404",
        "the agent is created, and the answer is 404",
        _after("register", lambda turn: setattr(turn.answer, "status", 404)),
    )
    yield (
        "nothing",
        "the answer is right but nothing is stored",
        Seed(enrolled=lambda hub, who: hub.registry.everyone.remove(who)),
    )
    yield (
        "second_500",
        "the second registration fails with 500",
        _refused(_error(500), lambda one: one.nth == 2),
    )
    yield (
        "second_409",
        "a second agent is refused with 409 whatever its name",
        _refused(
            lambda: Answer(status=409, body={"error": "username already exists"}),
            lambda one: one.nth > 1,
        ),
    )
    yield (
        "sixth_500",
        "the sixth registration fails with 500",
        _refused(_error(500), lambda one: one.nth == 6),
    )
    yield (
        "~tenth_429",
        "the eleventh registration is refused with 429",
        _refused(lambda: Answer(status=429, body={"error": "slow down"}), lambda one: one.nth > 10),
    )
    yield "needs_password", "a password is required", _needs("password")
    yield "needs_role", "a role is required", _needs("role")
    yield "needs_email", "email and display_name are required", _needs("email", "display_name")
    yield "form_only", "only a form is accepted", _posts(_form_only)
    yield "~charset", "a charset in the media type is refused", _posts(_media_charset)
    yield (
        "no_hyphen",
        "a name with a hyphen is refused",
        _posts(
            lambda r: (
                Answer(status=400, body={"error": "bad username"})
                if "-" in str(_body(r).get("username"))
                else None
            )
        ),
    )
    yield (
        "no_capitals",
        "a name with capitals is refused",
        _posts(
            lambda r: (
                Answer(status=400, body={"error": "bad username"})
                if str(_body(r).get("username")) != str(_body(r).get("username")).lower()
                else None
            )
        ),
    )
    yield (
        "hangs",
        "the registration is never answered",
        _posts(lambda _: Answer(status=200, hang=True)),
    )
    yield "half", "the answer breaks off in the middle of its JSON", _after("register", _halved)
    yield (
        "deletes_others",
        "each registration removes the agents registered before",
        Seed(enrolled=_removes_others),
    )
    yield (
        "new_tokens",
        "each registration changes the tokens of all other agents",
        Seed(enrolled=_new_tokens),
    )
    yield (
        "swaps_tokens",
        "the second registration exchanges tokens with the first",
        Seed(enrolled=_swaps),
    )
    yield (
        "drops_lines",
        "each registration ends all connections",
        Seed(enrolled=lambda hub, _: [line.close(1012) for line in list(hub.lines)]),
    )
    yield "renames_live", "each registration renames who is connected", Seed(enrolled=_renames)
    yield "~crash_empty", "an empty body ends the server", _crash(lambda r: not r.body)
    yield (
        "~crash_malformed",
        "malformed JSON ends the server",
        _crash(lambda r: bool(r.body) and not _parses(r.body)),
    )
    yield (
        "~crash_no_name",
        "a body without username ends the server",
        _crash(lambda r: _parses(r.body) and "username" not in _body(r)),
    )
    yield (
        "~crash_number",
        "a username that is a number ends the server",
        _crash(lambda r: isinstance(_body(r).get("username"), int)),
    )
    yield "~crash_twice", "a name that is taken ends the server", _early(_crash_if_taken)


def _media_charset(request: Request) -> Answer | None:
    return _media(request) if "charset" in request.headers.get("content-type", "") else None


def _halved(turn: RestTurn) -> None:
    raw = json.dumps(turn.answer.body).encode()
    turn.answer.body = raw[: len(raw) // 2]
    turn.answer.headers["Content-Type"] = "application/json"


def _removes_others(hub: Hub, who: Principal) -> None:
    kept = [one for one in hub.registry.everyone if one.kind == "human" or one is who]
    hub.registry.everyone[:] = kept


def _new_tokens(hub: Hub, who: Principal) -> None:
    for one in hub.registry.agents():
        if one is not who:
            one.token = hub.registry.new_token()


def _swaps(hub: Hub, who: Principal) -> None:
    agents = list(hub.registry.agents())
    if len(agents) == 3:  # the existing one, the first new one, and the second
        agents[1].token, who.token = who.token, agents[1].token


def _renames(hub: Hub, who: Principal) -> None:
    for line in hub.lines:
        if line.principal.kind == "agent":
            line.principal.name = who.name


def _parses(body: bytes) -> bool:
    try:
        return isinstance(json.loads(body), dict)
    except ValueError:
        return False


def _crash(test: Callable[[Request], bool]) -> Seed:
    def answer(hub: Hub, request: Request) -> Answer | None:
        if request.method == "POST" and request.path == _PATH and test(request):
            hub.crash()
            return Answer(status=500, hang=True)
        return None

    return _early(answer)


def _crash_if_taken(hub: Hub, request: Request) -> Answer | None:
    taken = hub.registry.by_name(str(_body(request).get("username")))
    if request.method == "POST" and taken is not None:
        hub.crash()
        return Answer(status=500, hang=True)
    return None


ANSWER_FAULTS: Final[tuple[Fault, ...]] = tuple(
    table("1. Authentication", prefixed("register.", _answers()))
)
