"""Faults below the members: JSON text, headers, methods, paths and ids in paths."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Final
from urllib.parse import quote, quote_plus, urlencode

from tests.mutants.aitbc_agents.edits import (
    both,
    encoded,
    header,
    on,
    put,
    rewrite_path,
    use_method,
    when,
    whole,
)
from tests.mutants.aitbc_agents.model import (
    OPERATIONS,
    Draft,
    Fault,
    Json,
    Needs,
    Op,
    Style,
    Tamper,
)

__all__ = ["WIRE_FAULTS", "single_quoted"]

_TEXT: Final = "Register Agent, Update Agent Status, Discover Agents, Submit Task"


def single_quoted(payload: Json) -> bytes:
    """JSON as Python would print it."""
    return repr(payload).encode()


def _pairs(payload: Json) -> dict[str, str]:
    members = payload if isinstance(payload, Mapping) else {}
    return {key: str(value) for key, value in members.items()}


def _twice_the_first_key(payload: Json) -> bytes:
    text = json.dumps(payload)
    name, colon, _rest = text[1:].partition(":")
    # The later of two equal names wins with most parsers, so the first one is the odd one.
    return f"{{{name}{colon} null, {text[1:]}".encode() if colon else text.encode()


def _texts() -> Iterator[Fault]:
    bad = partial(_text_fault, dump=json.dumps)
    yield bad("json_truncated", "the last character of the body is lost", lambda t: t[:-1])
    yield bad("json_trailing_comma", "a comma before the last bracket", lambda t: t[:-1] + ",}")
    yield bad("json_trailing_garbage", "text after the object", lambda t: t + " OK")
    yield bad("json_two_documents", "the object comes twice in one body", lambda t: t + "\n" + t)
    yield bad("json_comment", "a comment inside the object", lambda t: "{/* me */" + t[1:])
    yield bad("json_unquoted_keys", "keys without quotes", lambda t: t.replace('"', "", 2))
    yield bad("body_empty", "the body is missing, the header says JSON", lambda _t: "")
    yield bad("body_xml", "XML under a JSON header", lambda _t: "<agent/>")
    yield _fault("json_single_quotes", "single quotes around strings", encoded(single_quoted))
    latin = encoded(lambda payload: json.dumps(payload).encode()[:-1] + b', "x": "\xe9"}')
    yield _fault("json_latin1", "a Latin-1 byte that is no UTF-8", latin)
    utf16 = encoded(lambda payload: json.dumps(payload).encode("utf-16"))
    yield _fault("json_utf16", "the body is UTF-16", utf16, implied=True)
    bom = encoded(lambda payload: json.dumps(payload).encode("utf-8-sig"))
    yield _fault("json_bom", "a byte order mark before the object", bom, implied=True)
    doubled = encoded(_twice_the_first_key)
    yield _fault("json_duplicate_key", "one key stands twice", doubled, implied=True)
    nan = both(
        put(Op.STATUS, "load_metrics.cpu_usage", float("nan")),
        put(Op.REGISTER, "metadata.score", float("nan")),
    )
    yield _fault("json_nan", "NaN, which JSON does not have", nan)
    endless = put(Op.SUBMIT, "task_data.parameters.limit", float("inf"))
    yield _fault("json_infinity", "Infinity, which JSON does not have", endless)


def _fault(name: str, summary: str, tamper: Tamper, *, implied: bool = False) -> Fault:
    return Fault(name=name, summary=summary, section=_TEXT, implied=implied, tamper=tamper)


def _text_fault(
    name: str, summary: str, change: Callable[[str], str], *, dump: Callable[[Json], str]
) -> Fault:
    return _fault(name, summary, encoded(lambda payload: change(dump(payload)).encode()))


def _headers() -> Iterator[Fault]:
    kind = partial(header, "Content-Type")
    yield _fault("content_type_missing", "no Content-Type", kind(None), implied=True)
    yield _fault("content_type_text", "JSON as text/plain", kind("text/plain"), implied=True)
    form = "application/x-www-form-urlencoded"
    yield _fault("content_type_form", "JSON under a form's type", kind(form), implied=True)
    coded = encoded(lambda payload: urlencode(_pairs(payload)).encode())
    yield _fault("body_form", "the body is form-encoded, and says so", both(coded, kind(form)))
    yield _fault("body_form_as_json", "the body is form-encoded under a JSON header", coded)
    yield _fault("body_in_query", "the members go into the query string", _to_query)
    asked = on(Op.DISCOVER, _beside_body)
    yield _fault("discover_in_query", "filters go into the query string", asked, implied=True)


def _beside_body(draft: Draft) -> Draft:
    return replace(draft, path=f"{draft.path}?{urlencode(_pairs(draft.payload))}", payload={})


def _to_query(draft: Draft) -> Draft:
    if draft.payload is None:
        return draft
    path = f"{draft.path}?{urlencode(_pairs(draft.payload))}"
    headers = tuple(pair for pair in draft.headers if pair[0] != "Content-Type")
    return replace(draft, path=path, payload=None, headers=headers)


_UNNAMED: Final = "commit message"
_SECTION: Final[Mapping[Op, str]] = {
    Op.HEALTH: "Service Health",
    Op.REGISTER: "Register Agent",
    Op.DISCOVER: "Discover Agents",
    Op.GET_AGENT: "Get Agent Information",
    Op.STATUS: "Update Agent Status",
    Op.HEARTBEAT: _UNNAMED,
    Op.SUBMIT: "Submit Task",
    Op.TASK_STATUS: "Get Task Status",
    Op.QUEUES: _UNNAMED,
    Op.QUEUE_STATS: _UNNAMED,
    Op.CLEAR: _UNNAMED,
    Op.OPENAPI: "OpenAPI Specification",
    Op.DOCS: "OpenAPI Specification",
}
_IN_DAEMON: Final = frozenset(
    {Op.HEALTH, Op.REGISTER, Op.DISCOVER, Op.STATUS, Op.HEARTBEAT, Op.SUBMIT, Op.TASK_STATUS}
)
_METHODS: Final = (
    (Op.HEALTH, "POST"),
    (Op.REGISTER, "PUT"),
    (Op.DISCOVER, "PUT"),
    (Op.DISCOVER, "GET"),
    (Op.GET_AGENT, "POST"),
    (Op.STATUS, "POST"),
    (Op.STATUS, "PATCH"),
    (Op.HEARTBEAT, "PUT"),
    (Op.HEARTBEAT, "GET"),
    (Op.SUBMIT, "PUT"),
    (Op.TASK_STATUS, "POST"),
    (Op.QUEUES, "POST"),
    (Op.QUEUE_STATS, "POST"),
    (Op.CLEAR, "DELETE"),
    (Op.CLEAR, "GET"),
    (Op.OPENAPI, "POST"),
    (Op.DOCS, "POST"),
)
_PATHS: Final = (
    (Op.HEALTH, "/healthz"),
    (Op.REGISTER, "/agent/register"),
    (Op.DISCOVER, "/agents/discovery"),
    (Op.GET_AGENT, "/agent/{subject}"),
    (Op.STATUS, "/agents/{subject}/state"),
    (Op.HEARTBEAT, "/agents/{subject}/heart-beat"),
    (Op.SUBMIT, "/task/submit"),
    (Op.TASK_STATUS, "/tasks/state"),
    (Op.QUEUES, "/tasks/queue"),
    (Op.QUEUE_STATS, "/tasks/queues/statistics"),
    (Op.CLEAR, "/tasks/queues/{subject}/purge"),
    (Op.OPENAPI, "/openapi.yml"),
    (Op.DOCS, "/documentation"),
)


def _targets() -> Iterator[Fault]:
    for op, method in _METHODS:
        unnamed = _SECTION[op] in {_UNNAMED, "OpenAPI Specification"}
        # GET /agents/discover also reads as a question about an agent of that name.
        unnamed |= (op, method) == (Op.DISCOVER, "GET")
        summary = f"{op.value} with {method} instead of {OPERATIONS[op].method}"
        name = f"{op.value}_by_{method.lower()}"
        yield _target(op, name, summary, use_method(op, method), implied=unnamed)
    for op, path in _PATHS:
        tamper = rewrite_path(op, path)
        yield _target(op, f"{op.value}_path_misspelt", f"{op.value} at {path}", tamper)
    summary = "the queue of a priority that does not exist is cleared"
    unknown = rewrite_path(Op.CLEAR, "/tasks/queues/medium/clear")
    yield _target(Op.CLEAR, "clear_unknown_priority", summary, unknown, implied=True)


def _target(op: Op, name: str, summary: str, tamper: Tamper, *, implied: bool = False) -> Fault:
    style = "daemon" if op in _IN_DAEMON else "chatty"
    return Fault(
        name=name,
        summary=summary,
        section=_SECTION[op],
        implied=implied,
        style=style,
        tamper=tamper,
    )


def _paths() -> Iterator[Fault]:
    def bad(
        name: str,
        summary: str,
        change: Callable[[str], str],
        *,
        implied: bool = False,
    ) -> Fault:
        def tamper(draft: Draft) -> Draft:
            return replace(draft, path=change(draft.path))

        return Fault(name=name, summary=summary, section="Base URL", implied=implied, tamper=tamper)

    yield bad("path_double_slash", "two slashes at the start", lambda path: "/" + path)
    inner = "two slashes in the middle"
    yield bad("path_inner_double_slash", inner, lambda path: path[0] + path[1:].replace("/", "//"))
    yield bad("path_trailing_slash", "a slash at the end", lambda path: path + "/", implied=True)
    yield bad("path_capitals", "the first letter in capitals", lambda path: path.title())
    yield bad("path_own_version", "/v1 in front, unasked", lambda path: "/v1" + path)
    yield Fault(
        name="path_prefix_dropped",
        summary="the path of the base URL is left out",
        section="Base URL",
        implied=True,
        needs=Needs.PREFIX,
        tamper=lambda draft: replace(draft, prefixed=False),
    )


_OWN: Final = frozenset({Op.STATUS, Op.HEARTBEAT, Op.GET_AGENT})


def _id_fault(
    name: str,
    summary: str,
    write: Callable[[Draft], str],
    *,
    suffix: str = "",
    ops: frozenset[Op] = _OWN,
) -> Fault:
    def tamper(draft: Draft) -> Draft:
        return replace(draft, path=OPERATIONS[draft.op].path.format(subject=write(draft)))

    def reshape(style: Style) -> Style:
        return replace(style, id_suffix=suffix)

    return Fault(
        name=name,
        summary=summary,
        section="Get Agent Information, Update Agent Status",
        implied=True,
        tamper=when(lambda draft: draft.op in ops, tamper),
        reshape=reshape if suffix else None,
    )


def _bare(draft: Draft) -> str:
    return draft.subject


def _twice(draft: Draft) -> str:
    return quote(quote(draft.subject, safe=""))


def _stranger(draft: Draft) -> str:
    return quote(draft.subject, safe="") + "-stranger"


def _ids() -> Iterator[Fault]:
    bad = _id_fault
    for name, sign, summary in (
        ("id_raw_space", " ", "a bare space breaks the request line"),
        ("id_raw_question", "?", "a bare ? starts a query"),
        ("id_raw_hash", "#", "a bare # starts a fragment"),
        ("id_raw_slash", "/", "a bare / adds a segment"),
    ):
        # Each of these ends at a path, or a request line, that nobody documents.
        yield replace(bad(name, summary, _bare, suffix=f"{sign}one"), implied=False)
    yield replace(bad("id_empty_in_path", "no id in the path", lambda _: ""), implied=False)
    yield bad("id_raw_utf8", "UTF-8 bytes of the id bare in the path", _bare, suffix="-é工")
    yield bad("id_raw_percent", "a bare % makes it another id", _bare, suffix="%41")
    twice = "percent-encoded twice"
    yield bad("id_encoded_twice", twice, _twice, suffix=" é")
    looks = frozenset({Op.GET_AGENT})
    once = bad("get_id_encoded_twice", f"{twice} where it looks", _twice, suffix=" é", ops=looks)
    yield replace(once, style="chatty")
    plus = "a space becomes a plus"
    yield bad("id_plus_for_space", plus, lambda d: quote_plus(d.subject), suffix=" one")
    yield bad("id_swapped_case", "capitals swapped", lambda d: quote(d.subject.swapcase()))
    yield bad("id_literal_braces", "the template's own word", lambda _: "%7Bagent_id%7D")
    each = "another id at each call"
    yield bad("id_changes_each_call", each, lambda d: f"{quote(d.subject)}-{d.moment.sent}")
    other = "for an id that was never registered"
    beat = frozenset({Op.HEARTBEAT})
    yield bad("heartbeat_other_id", f"heartbeats {other}", _stranger, ops=beat)
    yield bad("status_other_id", f"status {other}", _stranger, ops=frozenset({Op.STATUS}))
    yield Fault(
        name="heartbeat_other_id_later",
        summary=f"from the fourth heartbeat on {other}",
        section=_UNNAMED,
        implied=True,
        tamper=on(Op.HEARTBEAT, when(_settled, rewrite_path(Op.HEARTBEAT, _STRANGE_BEAT))),
    )


_STRANGE_BEAT: Final = "/agents/{subject}-stranger/heartbeat"


def _settled(draft: Draft) -> bool:
    fourth = 3
    return draft.moment.nth >= fourth


def _lone() -> Iterator[Fault]:
    """Bodies where none belongs, or none where one belongs."""
    yield Fault(
        name="discover_without_body",
        summary="discover has no body at all",
        section="Discover Agents",
        implied=True,
        tamper=on(Op.DISCOVER, lambda draft: replace(draft, payload=None, headers=())),
    )
    yield Fault(
        name="status_bare_string",
        summary="status: the body is the word alone",
        section="Update Agent Status",
        tamper=whole(Op.STATUS, lambda _payload: "active"),
    )
    yield Fault(
        name="status_plain_word",
        summary="status: the word without quotes, no JSON",
        section="Update Agent Status",
        tamper=on(Op.STATUS, encoded(lambda _payload: b"active")),
    )


WIRE_FAULTS: Final[tuple[Fault, ...]] = (
    *_texts(),
    *_headers(),
    *_targets(),
    *_paths(),
    *_ids(),
    *_lone(),
)
