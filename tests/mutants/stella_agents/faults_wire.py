"""Faults in what surrounds a body: header, path, method, certificate, encoding."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import unquote

from tests.mutants.stella_agents.bugs import Bug, Cue
from tests.mutants.stella_agents.edits import (
    doubled,
    header,
    instead,
    method,
    on,
    path,
    put_from,
    raw,
    repath,
    silent,
    unheader,
    wearing,
)
from tests.mutants.stella_agents.model import Edit, Fault, Item, Memory, Wear, What
from tests.mutants.stella_agents.seeds import bugged

__all__ = ["WIRE_FAULTS"]

_WITH_BODY: Final = (What.REGISTER, What.HEARTBEAT, What.COMPLETE)
_ROUTES: Final = (What.HEARTBEAT, What.POLL, What.COMPLETE, What.STREAM)
_SECTIONS: Final[Mapping[What, str]] = {
    What.REGISTER: "Register Agent",
    What.HEARTBEAT: "Send Heartbeat",
    What.POLL: "Get Pending Tasks",
    What.COMPLETE: "Complete Task",
    What.STREAM: "Task Stream",
    What.DELETE: "Delete Agent",
    What.GET: "Get Agent",
    What.UPDATE: "Update Agent",
}


def _after(first: Edit, second: Edit) -> Edit:
    def edit(item: Item, memory: Memory) -> list[Item]:
        return [last for middle in first(item, memory) for last in second(middle, memory)]

    return edit


_NO_TOKEN: Final = unheader("X-Agent-Token")


def _tokens() -> Iterator[Fault]:
    rows: tuple[tuple[str, str, Edit], ...] = (
        ("missing", "the registration comes without its token", _NO_TOKEN),
        ("empty", "the registration's token is empty", header("X-Agent-Token", "")),
        ("bearer", "the token is sent as bearer", _instead("Authorization", "Bearer {token}")),
        ("prefixed", "the token is called a bearer", header("X-Agent-Token", "Bearer {token}")),
        ("quoted", "the token is in quotes", header("X-Agent-Token", '"{token}"')),
        ("twice", "the token is there twice", header("X-Agent-Token", "{token}, {token}")),
        ("named", "the token comes as an assignment", header("X-Agent-Token", "token={token}")),
        ("name", "the agent's name is sent as token", header("X-Agent-Token", "{name}")),
        ("other_header", "the token has a header without X", _instead("Agent-Token", "{token}")),
        ("registration", "its header is misnamed", _instead("X-Registration-Token", "{token}")),
        ("underscores", "its header has underscores", _instead("X_Agent_Token", "{token}")),
        ("api_key", "the token is sent as API key", _instead("X-Api-Key", "{token}")),
        ("cookie", "the token is sent as cookie", _instead("Cookie", "X-Agent-Token={token}")),
        ("query", "the token is in the query", _after(_NO_TOKEN, path("{path}?token={token}"))),
        ("body", "the token is in the body", _after(_NO_TOKEN, _token_in_body)),
    )
    for word, summary, edit in rows:
        yield Fault(
            name=f"register.token.{word}",
            summary=summary,
            section="Register Agent",
            edit=on(What.REGISTER, edit=edit),
        )


def _instead(name: str, value: str) -> Edit:
    return _after(_NO_TOKEN, header(name, value))


_token_in_body = put_from("token", lambda _item, memory: memory.token)


def _paths() -> Iterator[Fault]:
    rows: tuple[tuple[What, str, str], ...] = (
        (What.REGISTER, "no_api", "/v1/agents/register"),
        (What.REGISTER, "v2", "/api/v2/agents/register"),
        (What.REGISTER, "collection", "/api/v1/agents"),
        (What.REGISTER, "singular", "/api/v1/agent/register"),
        (What.REGISTER, "no_version", "/api/agents/register"),
        (What.HEARTBEAT, "plural", "{path}s"),
        (What.HEARTBEAT, "no_id", "/api/v1/agents/heartbeat"),
        (What.HEARTBEAT, "name", "/api/v1/agents/{name}/heartbeat"),
        (What.HEARTBEAT, "template", "/api/v1/agents/%7Bid%7D/heartbeat"),
        (What.HEARTBEAT, "self", "/api/v1/agents/self/heartbeat"),
        (What.HEARTBEAT, "other", "/api/v1/agents/{id}0/heartbeat"),
        (What.HEARTBEAT, "upper", "/API/V1/AGENTS/{id}/HEARTBEAT"),
        (What.HEARTBEAT, "slashes", "//api/v1//agents/{id}/heartbeat"),
        (What.POLL, "pending", "{path}/pending"),
        (What.POLL, "singular", "/api/v1/agents/{id}/task"),
        (What.POLL, "all", "/api/v1/tasks?agent={id}"),
        (What.POLL, "name", "/api/v1/agents/{name}/tasks"),
        (What.COMPLETE, "no_agent", "/api/v1/tasks/{task}/complete"),
        (What.COMPLETE, "no_task", "/api/v1/agents/{id}/tasks/complete"),
        (What.COMPLETE, "done", "/api/v1/agents/{id}/tasks/{task}/done"),
        (What.COMPLETE, "bare", "/api/v1/agents/{id}/tasks/{task}"),
        (What.COMPLETE, "swapped", "/api/v1/agents/{task}/tasks/{id}/complete"),
        (What.COMPLETE, "name", "/api/v1/agents/{name}/tasks/{task}/complete"),
        (What.COMPLETE, "other_task", "/api/v1/agents/{id}/tasks/{task}0/complete"),
        (What.STREAM, "underscore", "/api/v1/agents/{id}/task_stream"),
        (What.STREAM, "tasks", "/api/v1/agents/{id}/tasks/stream"),
        (What.STREAM, "stream", "/api/v1/agents/{id}/stream"),
        (What.STREAM, "ws", "/ws/agents/{id}/task-stream"),
        (What.STREAM, "name", "/api/v1/agents/{name}/task-stream"),
    )
    for what, word, template in rows:
        summary = f"{what.value}: goes to {template}"
        yield _wire(what, f"path.{word}", summary, path(template))
    for word, told, make in _ENCODINGS:
        summary = f"complete: the id in its path {told}"
        yield _wire(What.COMPLETE, f"path.{word}", summary, repath(make), cue=Cue.IDS)


_ENCODINGS: Final[tuple[tuple[str, str, Callable[[str], str]], ...]] = (
    ("unquoted", "is not encoded", unquote),
    ("quoted_twice", "is encoded twice", lambda right: right.replace("%", "%25")),
    ("form_quoted", "is encoded as in a form", lambda right: right.replace("%20", "+")),
    ("slashes_left", "keeps its slashes", lambda right: right.replace("%2F", "/")),
    ("percent_left", "keeps its per cent signs", lambda right: right.replace("%25", "%")),
)


def _methods() -> Iterator[Fault]:
    rows = (
        (What.REGISTER, "PUT"),
        (What.REGISTER, "PATCH"),
        (What.HEARTBEAT, "PUT"),
        (What.HEARTBEAT, "PATCH"),
        (What.HEARTBEAT, "GET"),
        (What.POLL, "POST"),
        (What.POLL, "PUT"),
        (What.COMPLETE, "PUT"),
        (What.COMPLETE, "PATCH"),
        (What.COMPLETE, "DELETE"),
    )
    for what, name in rows:
        summary = f"{what.value}: by {name}"
        yield _wire(what, f"method.{name.lower()}", summary, method(name))
    yield _wire(What.DELETE, "method.post", "delete: by POST", method("POST"), style="leaver")
    yield _wire(What.UPDATE, "method.patch", "update: by PATCH", method("PATCH"), style="curious")
    yield _wire(What.UPDATE, "body.list", "update: a list", instead([]), style="curious")


def _wire(what: What, name: str, summary: str, edit: Edit, **more: Any) -> Fault:
    return Fault(
        name=f"{what.value}.{name}",
        summary=summary,
        section=_SECTIONS[what],
        edit=on(what, edit=edit),
        **more,
    )


def _certificates() -> Iterator[Fault]:
    rows = (*((what, "all_ways") for what in _ROUTES), (What.DELETE, "leaver"))
    for what, style in (*rows, (What.GET, "curious"), (What.UPDATE, "curious")):
        yield _wire(
            what,
            "certificate.none",
            f"{what.value}: without a client certificate",
            wearing(Wear.NONE),
            style=style,
        )
        yield _wire(
            what,
            "certificate.foreign",
            f"{what.value}: with a certificate that the agent signed itself",
            wearing(Wear.FOREIGN),
            style=style,
        )
    for word, summary, wear in (
        ("none", "never shows a client certificate", Wear.NONE),
        ("foreign", "always shows a certificate that it signed itself", Wear.FOREIGN),
    ):
        yield Fault(
            name=f"certificate.{word}",
            summary=summary,
            section="Register Agent",
            edit=on(*_ROUTES, edit=wearing(wear)),
        )


def _renewals() -> Iterator[Fault]:
    section, cue = "Send Heartbeat", Cue.RENEWAL
    yield bugged("renewal.ignored", Bug.RENEWAL_IGNORED, section, cue=cue)
    yield bugged("renewal.registers", Bug.RENEWAL_REGISTERS, section, cue=cue)
    yield bugged("renewal.drops", Bug.RENEWAL_DROPS_CERTIFICATE, section, cue=cue)
    yield bugged("renewal.http_old", Bug.RENEWAL_HTTP_OLD, section, cue=cue)
    yield bugged("renewal.stream_old", Bug.RENEWAL_STREAM_OLD, section, cue=cue)
    key = Cue.RENEWAL_KEY
    yield bugged("renewal.old_key", Bug.RENEWAL_OLD_KEY, section, cue=key, implied=True)
    verify = "Register Agent"
    yield bugged("verify.never", Bug.UNVERIFIED, verify, cue=Cue.IMPOSTOR, implied=True)
    late = Cue.LATE_IMPOSTOR
    yield bugged("verify.not_later", Bug.UNVERIFIED_LATER, verify, cue=late, implied=True)


def _encodings() -> Iterator[Fault]:
    makers: Mapping[str, tuple[str, Callable[[Item], str]]] = {
        "empty": ("an empty body", lambda _item: ""),
        "cut": ("a body that breaks off", lambda item: json.dumps(item.body)[:-3]),
        "twice": ("JSON in a JSON text", lambda item: json.dumps(json.dumps(item.body))),
        "comma": ("a comma too many", lambda item: json.dumps(item.body)[:-1] + ",}"),
        "quotes": ("single quotes", lambda item: json.dumps(item.body).replace('"', "'")),
        "form": ("a form", lambda _item: "status=healthy&success=true&name=peer"),
        "list": ("the object in a list", lambda item: json.dumps([item.body])),
        "wrapped": ("the object in a data member", lambda item: json.dumps({"data": item.body})),
        "null": ("null", lambda _item: "null"),
    }
    for what in _WITH_BODY:
        for word, (summary, make) in makers.items():
            yield _wire(what, f"body.{word}", f"{what.value}: {summary}", raw(make))
    yield Fault(
        name="content_type.text",
        summary="says that its JSON is plain text",
        section="Send Heartbeat",
        implied=True,
        edit=on(*_WITH_BODY, edit=header("Content-Type", "text/plain")),
    )
    yield Fault(
        name="content_type.missing",
        summary="never says that it sends JSON",
        section="Send Heartbeat",
        implied=True,
        edit=on(*_WITH_BODY, edit=unheader("Content-Type")),
    )


def _more() -> Iterator[Fault]:
    yield bugged("register.twice", Bug.REGISTERS_TWICE, "Register Agent")
    yield bugged("register.after_heartbeat", Bug.BEATS_FIRST, "Register Agent")
    yield _wire(What.REGISTER, "never", "never registers, nor says anything else", silent)
    yield bugged("register.each_start", Bug.REGISTERS_EACH_START, "Register Agent")
    yield _wire(What.REGISTER, "doubled", "registers twice in a row", doubled)
    for word, summary, value in (
        ("registration", "goes on with the registration token as bearer", "Bearer {token}"),
        ("bare", "sends its JWT without a scheme", "{jwt}"),
        ("wrong", "sends another token than it was given", "Bearer {id}.{name}.x"),
    ):
        yield Fault(
            name=f"jwt.{word}",
            summary=summary,
            section="Register Agent",
            implied=True,
            edit=on(*_ROUTES, edit=header("Authorization", value)),
        )
    yield Fault(
        name="leak.jwt_in_query",
        summary="writes its JWT into the address",
        section="Register Agent",
        implied=True,
        edit=on(*_ROUTES, edit=path("{path}?access_token={jwt}")),
    )
    yield Fault(
        name="leak.token_in_query",
        summary="writes the registration token into the address too",
        section="Register Agent",
        implied=True,
        edit=on(What.REGISTER, edit=path("{path}?token={token}")),
    )
    yield Fault(
        name="leak.token_later",
        summary="sends the registration token with each later request",
        section="Register Agent",
        implied=True,
        edit=on(*_ROUTES, edit=header("X-Agent-Token", "{token}")),
    )


WIRE_FAULTS: Final = (
    *_tokens(),
    *_paths(),
    *_methods(),
    *_certificates(),
    *_renewals(),
    *_encodings(),
    *_more(),
)
