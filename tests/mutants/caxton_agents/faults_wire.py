"""Faults in what surrounds a body: token, path, method, content type, encoding."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Final
from urllib.parse import urlencode

from tests.mutants.caxton_agents.edits import (
    doubled,
    header,
    instead,
    method,
    path,
    put_from,
    query,
    raw,
    then,
    unheader,
)
from tests.mutants.caxton_agents.model import OPERATIONS, Edit, Fault, Json, What
from tests.mutants.caxton_agents.seeds import spoilt

__all__ = ["WIRE_FAULTS"]

_AUTH: Final = "Authentication"
_NO_TOKEN: Final = unheader("X-Caxton-Token")


def _instead(name: str, value: str) -> Edit:
    return then(_NO_TOKEN, header(name, value))


def _tokens() -> Iterator[Fault]:
    for what in (*OPERATIONS, What.CONNECT):
        implied = what is What.CONNECT
        yield spoilt(
            what, "token.missing", "comes without token", _NO_TOKEN, section=_AUTH, implied=implied
        )
    rows: tuple[tuple[What, str, str, Edit], ...] = (
        (
            What.DEPLOY,
            "bearer",
            "token as bearer alone",
            _instead("Authorization", "Bearer {token}"),
        ),
        (What.SEND, "bearer", "token as bearer alone", _instead("Authorization", "Bearer {token}")),
        (
            What.LIST,
            "prefixed",
            "token called a bearer",
            header("X-Caxton-Token", "Bearer {token}"),
        ),
        (
            What.TASK,
            "prefixed",
            "token called a bearer",
            header("X-Caxton-Token", "Bearer {token}"),
        ),
        (What.DEPLOY, "empty", "an empty token", header("X-Caxton-Token", "")),
        (What.GET, "wrong", "another token", header("X-Caxton-Token", "not-{token}")),
        (What.ROLLOUT, "wrong", "another token", header("X-Caxton-Token", "{token}x")),
        (What.SEND, "quoted", "token in quotes", header("X-Caxton-Token", '"{token}"')),
        (What.SYSTEM, "twice", "token twice in it", header("X-Caxton-Token", "{token}, {token}")),
        (What.DEPLOY, "name", "its name as token", header("X-Caxton-Token", "{name}")),
        (What.HISTORY, "api_key", "token as API key", _instead("X-Api-Key", "{token}")),
        (What.STOP, "token_header", "header without X", _instead("Caxton-Token", "{token}")),
        (
            What.UPDATE,
            "underscores",
            "header in underscores",
            _instead("X_Caxton_Token", "{token}"),
        ),
        (What.METRICS, "cookie", "token as cookie", _instead("Cookie", "X-Caxton-Token={token}")),
        (What.LIST, "query", "token in the address", then(_NO_TOKEN, query("token", "{token}"))),
        (
            What.RELOAD,
            "query",
            "token in the address",
            then(_NO_TOKEN, query("api_key", "{token}")),
        ),
        (What.SEND, "body", "token in the body", then(_NO_TOKEN, _with_token("token"))),
    )
    for what, word, summary, edit in rows:
        yield spoilt(what, f"token.{word}", summary, edit, section=_AUTH)
    wrong = header("X-Caxton-Token", "not-{token}")
    yield spoilt(What.CONNECT, "token.wrong", "another token", wrong, section=_AUTH, implied=True)


def _with_token(where: str) -> Edit:
    return put_from(where, lambda _item, memory: memory.token)


def _leaks() -> Iterator[Fault]:
    rows: tuple[tuple[What, str, str, Edit], ...] = (
        (What.GET, "address", "the token in the address too", query("token", "{token}")),
        (What.SYSTEM, "address", "the token in the address too", query("access_token", "{token}")),
        (What.CONNECT, "address", "the token in the address too", query("token", "{token}")),
        (What.DEPLOY, "name", "the token as its agent's name", _with_token("name")),
        (What.DEPLOY, "config", "the token in the config", _with_token("api_key")),
        (What.SEND, "content", "the token in the content", _with_token("content.token")),
        (What.SEND, "sender", "the token as sender", _with_token("sender")),
        (What.SEND, "conversation", "the token as reply_with", _with_token("reply_with")),
        (What.TASK, "data", "the token in the data", _with_token("data.token")),
        (What.TASK, "description", "the token in the description", _with_token("description")),
        (What.ROLLBACK, "reason", "the token in the reason", _with_token("reason")),
        (What.SUBSCRIBE, "message", "the token in the subscription", _with_token("token")),
        (What.LIST, "header", "the token in its User-Agent", header("User-Agent", "peer/{token}")),
        (What.SEND, "bearer", "the token as bearer too", header("Authorization", "Bearer {token}")),
    )
    for what, word, summary, edit in rows:
        yield spoilt(what, f"leak.{word}", summary, edit, section=_AUTH, implied=True)


def _paths() -> Iterator[Fault]:
    base = "/api/v1"
    rows: tuple[tuple[What, str, str], ...] = (
        (What.DEPLOY, "no_api", "/v1/agents"),
        (What.DEPLOY, "v2", "/api/v2/agents"),
        (What.DEPLOY, "verb", "{path}/deploy"),
        (What.DEPLOY, "singular", f"{base}/agent"),
        (What.DEPLOY, "bare", "/agents"),
        (What.LIST, "slash", "{path}/"),
        (What.LIST, "verb", "{path}/list"),
        (What.GET, "name", f"{base}/agents/{{name}}"),
        (What.GET, "singular", f"{base}/agent/{{id}}"),
        (What.GET, "query", f"{base}/agent?id={{id}}"),
        (What.RELOAD, "hyphen", f"{base}/agents/{{id}}/hot-reload"),
        (What.RELOAD, "no_id", f"{base}/agents/reload"),
        (What.UPDATE, "verb", "{path}/update"),
        (What.STOP, "no_verb", f"{base}/agents/{{id}}"),
        (What.STOP, "shutdown", f"{base}/agents/{{id}}/shutdown"),
        (What.REMOVE, "verb", "{path}/remove"),
        (What.REMOVE, "name", f"{base}/agents/{{name}}"),
        (What.SEND, "singular", f"{base}/message"),
        (What.SEND, "of_agent", f"{base}/agents/{{id}}/messages"),
        (What.SEND, "verb", "{path}/send"),
        (What.HISTORY, "verb", "{path}/history"),
        (What.TASK, "singular", f"{base}/task"),
        (What.TASK, "verb", "{path}/create"),
        (What.DISTRIBUTE, "assign", f"{base}/tasks/{{id}}/assign"),
        (What.DISTRIBUTE, "template", f"{base}/tasks/%7Btask_id%7D/distribute"),
        (What.PROGRESS, "status", "{path}/status"),
        (What.PROGRESS, "other", "{path}0"),
        (What.ROLLOUT, "of_agent", f"{base}/agents/{{id}}/deployments"),
        (What.ROLLOUT, "singular", f"{base}/deployment"),
        (What.MONITOR, "status", "{path}/status"),
        (What.MONITOR, "agents", f"{base}/agents/deployments/{{id}}"),
        (What.ROLLBACK, "hyphen", f"{base}/deployments/{{id}}/roll-back"),
        (What.ROLLBACK, "no_id", f"{base}/deployments/rollback"),
        (What.SYSTEM, "bare", f"{base}/metrics"),
        (What.METRICS, "swapped", f"{base}/agents/{{id}}/metrics"),
        (What.METRICS, "name", f"{base}/metrics/agents/{{name}}"),
    )
    for what, word, template in rows:
        # A path that is right for something else is not seen at once.
        implied = word in {"name", "other", "template"} or (what, word) == (What.LIST, "verb")
        edit = path(template)
        yield spoilt(what, f"path.{word}", f"goes to {template}", edit, implied=implied)


def _methods() -> Iterator[Fault]:
    rows = (
        (What.DEPLOY, "PUT"),
        (What.LIST, "POST"),
        (What.GET, "POST"),
        (What.RELOAD, "POST"),
        (What.RELOAD, "PATCH"),
        (What.UPDATE, "PATCH"),
        (What.UPDATE, "POST"),
        (What.STOP, "PUT"),
        (What.STOP, "DELETE"),
        (What.REMOVE, "POST"),
        (What.SEND, "PUT"),
        (What.HISTORY, "PUT"),
        (What.TASK, "PUT"),
        (What.DISTRIBUTE, "PUT"),
        (What.DISTRIBUTE, "PATCH"),
        (What.PROGRESS, "POST"),
        (What.ROLLOUT, "PUT"),
        (What.MONITOR, "POST"),
        (What.ROLLBACK, "PUT"),
        (What.ROLLBACK, "DELETE"),
        (What.SYSTEM, "POST"),
        (What.METRICS, "POST"),
    )
    for what, name in rows:
        implied = (what, name) == (What.LIST, "POST")
        yield spoilt(what, f"method.{name.lower()}", f"by {name}", method(name), implied=implied)


_JSON: Final = (
    What.SEND,
    What.TASK,
    What.DISTRIBUTE,
    What.ROLLOUT,
    What.ROLLBACK,
    What.UPDATE,
    What.STOP,
)


def _encodings() -> Iterator[Fault]:
    ways: tuple[tuple[str, str, Callable[[Json], str | bytes]], ...] = (
        ("no_json", "no JSON", lambda body: f"this is {body!r}"),
        ("cut", "JSON that breaks off", lambda body: json.dumps(body)[:-3]),
        ("list", "its JSON in a list", lambda body: json.dumps([body])),
        ("twice", "JSON in a JSON text", lambda body: json.dumps(json.dumps(body))),
        ("empty", "nothing", lambda _body: ""),
        ("two", "two JSON texts", lambda body: json.dumps(body) * 2),
        ("form", "a form", lambda body: urlencode({"body": json.dumps(body)})),
        ("null", "null", lambda _body: "null"),
        ("utf16", "JSON in UTF-16", lambda body: json.dumps(body).encode("utf-16")[:-1]),
    )
    for n, what in enumerate(_JSON):
        # Each way somewhere, and the messages in all ways.
        for m, (word, summary, make) in enumerate(ways):
            if what is What.SEND or (n + m) % 3 == 0:
                yield spoilt(what, f"body.{word}", f"sends {summary}", raw(make))
    types = (
        (What.SEND, "text", "text/plain"),
        (What.TASK, "form", "application/x-www-form-urlencoded"),
        (What.ROLLOUT, "octets", "application/octet-stream"),
        (What.UPDATE, "multipart", "multipart/form-data; boundary=b"),
        (What.STOP, "xml", "application/xml"),
        (What.DISTRIBUTE, "text", "text/plain"),
    )
    for what, word, kind in types:
        yield spoilt(what, f"type.{word}", f"says {kind}", header("Content-Type", kind))
    for what in (What.SEND, What.TASK, What.ROLLBACK):
        edit = unheader("Content-Type")
        yield spoilt(what, "type.missing", "says no content type", edit)
    for what in (What.GET, What.SYSTEM, What.REMOVE):
        yield spoilt(what, "body.there", "has a body", instead({"why": "not"}), implied=True)


def _twice() -> Iterator[Fault]:
    for what in (What.DEPLOY, What.SEND, What.TASK, What.DISTRIBUTE, What.ROLLOUT, What.ROLLBACK):
        yield spoilt(what, "doubled", "sends each one twice", doubled, implied=True)


WIRE_FAULTS: Final = (*_tokens(), *_leaks(), *_paths(), *_methods(), *_encodings(), *_twice())
