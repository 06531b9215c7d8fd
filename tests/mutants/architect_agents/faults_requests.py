"""Faults in what one request is made of: struct, action, parameters, JSON, token's place."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Final
from urllib.parse import urlencode

from tests.mutants.architect_agents.edits import (
    calls,
    drop,
    from_nth,
    later_connection,
    listing,
    parameters,
    put,
    rename,
    text,
    when,
    whole,
)
from tests.mutants.architect_agents.model import Fault, Json, Needs, Tamper

__all__ = ["REQUEST_FAULTS"]

_STRUCT: Final = "struct of a command"
_JSON: Final = "JSON formatted payload"
_LIST: Final = "list_actions"
_TOKEN: Final = "example, send_request"


def _fault(
    name: str,
    section: str,
    summary: str,
    tamper: Tamper,
    *,
    implied: bool = False,
    reading: str = "sequential",
    needs: Needs = Needs.NOTHING,
) -> Fault:
    return Fault(
        name=name,
        reading=reading,
        section=section,
        summary=summary,
        implied=implied,
        needs=needs,
        tamper=tamper,
    )


def _text_of(value: Json) -> str:
    return value if isinstance(value, str) else ""


def _actions() -> Iterator[Fault]:
    def bad(name: str, summary: str, tamper: Tamper, *, reading: str = "sequential") -> Fault:
        return _fault(f"action.{name}", _STRUCT, summary, tamper, reading=reading)

    def written(write: Callable[[str], Json]) -> Tamper:
        return when(calls, put("action", lambda old: write(_text_of(old))))

    yield bad("missing", "calls without action", when(calls, drop("action")))
    yield bad("null", "action is null", when(calls, put("action", None)))
    yield bad("number", "action is a number", when(calls, put("action", 7)))
    yield bad("empty", "action is empty", when(calls, put("action", "")))
    yield bad("list", "action is a list with the name", written(lambda old: [old]))
    yield bad("object", "action is a map with the name", written(lambda old: {"name": old}))
    yield bad("upper", "action in capitals", written(str.upper))
    yield bad("title", "action with a capital letter", written(str.capitalize), reading="poller")
    yield bad("padded", "a blank behind the action", written(lambda old: old + " "))
    yield bad("dotted", "a name space in front of the action", written(lambda old: f"agent.{old}"))
    yield bad("key_capital", "the key is Action", rename("action", "Action"))
    yield bad("key_command", "the key is command", rename("action", "command"))
    yield bad("key_method", "the key is method", when(calls, rename("action", "method")))
    yield bad("nested", "action and parameters one level down", whole(_nested))
    yield bad("rpc", "JSON-RPC 2.0 instead of the struct", whole(_rpc), reading="concurrent")
    later = when(from_nth(11), drop("action"))
    yield bad("missing_from_11th", "from the eleventh request on without action", later)
    yield bad(
        "null_many",
        "action is null when many requests wait",
        when(_crowded, put("action", None)),
        reading="concurrent",
    )


def _crowded(draft: object) -> bool:
    moment = getattr(draft, "moment", None)
    return moment is not None and moment.waiting >= 5


def _nested(members: dict[str, Json]) -> Json:
    token = members.pop("idempotence", None)
    return {"command": members, "idempotence": token}


def _rpc(members: dict[str, Json]) -> Json:
    return {
        "jsonrpc": "2.0",
        "method": members["action"],
        "params": members["parameters"],
        "id": members.get("idempotence"),
    }


def _flat(members: dict[str, Json]) -> Json:
    found = members.pop("parameters", None)
    return {**members, **(found if isinstance(found, Mapping) else {})}


def _parameters() -> Iterator[Fault]:
    def bad(
        name: str,
        summary: str,
        tamper: Tamper,
        *,
        reading: str = "sequential",
        needs: Needs = Needs.NOTHING,
    ) -> Fault:
        return _fault(f"parameters.{name}", _STRUCT, summary, tamper, reading=reading, needs=needs)

    yield bad("missing", "calls without parameters", when(calls, drop("parameters")))
    yield bad("null", "parameters is null", when(calls, put("parameters", None)))
    yield bad("list", "parameters is a list", when(calls, put("parameters", [])))
    yield bad("string", "parameters is a text", when(calls, put("parameters", "")))
    yield bad("number", "parameters is a number", when(calls, put("parameters", 0)))
    yield bad(
        "false", "parameters is false", when(calls, put("parameters", False)), reading="poller"
    )
    coded = put("parameters", json.dumps)
    yield bad("encoded_twice", "parameters is a text with the JSON of the map", when(calls, coded))
    yield bad("key_params", "the key is params", rename("parameters", "params"))
    yield bad(
        "key_capital", "the key is Parameters", when(calls, rename("parameters", "Parameters"))
    )
    yield bad(
        "key_singular", "the key is parameter", when(calls, rename("parameters", "parameter"))
    )
    yield bad(
        "key_arguments", "the key is arguments", when(calls, rename("parameters", "arguments"))
    )
    flat = when(calls, whole(_flat))
    yield bad("flat", "the parameters stand at the top", flat, needs=Needs.PARAMETERS)
    pairs = parameters(lambda old: [{"name": key, "value": value} for key, value in old.items()])
    yield bad("pairs", "a list of name and value", pairs, needs=Needs.PARAMETERS)
    more = when(calls, parameters(lambda old: {**old, "assay_unheard_of": 1}))
    yield _fault(
        "parameters.unheard_of",
        _STRUCT,
        "a parameter that the catalogue does not know",
        more,
        implied=True,
        needs=Needs.PARAMETERS,
    )
    bare = parameters(lambda old: list(old.values()))
    yield bad("positional", "a list of the values", bare, needs=Needs.PARAMETERS)
    later = when(from_nth(11), drop("parameters"))
    yield bad("missing_from_11th", "from the eleventh request on without parameters", later)
    sixth = when(from_nth(6), put("parameters", None))
    yield bad(
        "null_from_6th", "from the sixth request on null parameters", sixth, reading="abandoning"
    )
    again = when(later_connection, drop("parameters"))
    yield bad("missing_again", "no parameters once it came back", again, needs=Needs.LOST)


def _listings() -> Iterator[Fault]:
    def bad(name: str, summary: str, tamper: Tamper, *, needs: Needs = Needs.NOTHING) -> Fault:
        spoilt = when(listing, tamper)
        return _fault(f"list.{name}", _LIST, summary, spoilt, needs=needs, reading="prompt")

    yield bad("parameters_missing", "list_actions without parameters", drop("parameters"))
    yield bad("parameters_null", "list_actions with null parameters", put("parameters", None))
    yield bad("parameters_list", "list_actions with a list of parameters", put("parameters", []))
    given = when(listing, put("parameters", {"verbose": True}))
    told = "list_actions with a parameter"
    yield _fault("list.parameters_given", _LIST, told, given, implied=True, reading="prompt")
    yield bad("camel", "listActions", put("action", "listActions"))
    yield bad("dash", "list-actions", put("action", "list-actions"))
    yield bad("blank", "list actions, with a blank", put("action", "list actions"))
    yield bad("singular", "list_action", put("action", "list_action"))
    yield bad("upper", "LIST_ACTIONS", put("action", "LIST_ACTIONS"))
    yield bad("bare_text", "the bare word instead of an object", whole(lambda m: m["action"]))
    yield bad("action_missing", "list_actions has no action", drop("action"))
    yield _fault(
        "list.null_again",
        _LIST,
        "null parameters in each list_actions but the first of a connection",
        when(listing, when(from_nth(2), put("parameters", None))),
        reading="refreshing",
    )


def _two(written: str) -> str:
    return f"{written}\n{written}"


def _python(written: str) -> str:
    return repr(json.loads(written))


def _pseudo(written: str) -> str:
    """The document's own notation, which is no JSON: keys without quotes."""
    members = json.loads(written)
    return "{" + ", ".join(f"{key}: {json.dumps(value)}" for key, value in members.items()) + "}"


def _texts() -> Iterator[Fault]:
    def bad(
        name: str,
        summary: str,
        write: Callable[[str], str | bytes],
        *,
        implied: bool = False,
        reading: str = "sequential",
    ) -> Fault:
        spoilt = when(calls, text(write))
        return _fault(f"json.{name}", _JSON, summary, spoilt, implied=implied, reading=reading)

    yield bad("encoded_twice", "the object as a JSON text", json.dumps)
    yield bad("batch", "the object in an array", lambda t: f"[{t}]", reading="concurrent")
    yield bad("null", "null instead of the object", lambda _t: "null")
    yield bad("two_in_frame", "two objects in one frame", _two)
    yield bad("prefixed", "text in front of the object", lambda t: f"SMP1.0 {t}")
    yield bad("truncated", "the last sign is lost", lambda t: t[:-1])
    yield bad("trailing_comma", "a comma before the last bracket", lambda t: t[:-1] + ",}")
    yield bad("trailing_zero", "a NUL behind the object", lambda t: t + "\0")
    yield bad("python", "single quotes, as Python prints it", _python)
    yield bad("unquoted_keys", "keys without quotes, as the document prints them", _pseudo)
    yield bad("comment", "a comment in the object", lambda t: "{/* me */" + t[1:])
    yield bad("form", "form-encoded", lambda t: urlencode(json.loads(t)))
    yield bad("xml", "XML", lambda _t: "<action>servers</action>")
    yield bad("word", "the bare name of the action", lambda t: str(json.loads(t)["action"]))
    yield bad("empty", "an empty message", lambda _t: "")
    yield bad("nan", "a field with NaN, which JSON does not have", lambda t: t[:-1] + ', "x": NaN}')
    yield bad("control", "a bare line break in a text", lambda t: t[:-1] + ', "x": "a\nb"}')
    yield bad("binary", "a binary frame with the JSON", str.encode, implied=True)
    yield bad(
        "gzip", "a binary frame with packed JSON", lambda t: gzip.compress(t.encode(), mtime=0)
    )
    yield bad("utf16", "a binary frame with UTF-16", lambda t: t.encode("utf-16"))
    yield bad("bom", "a byte order mark in front", lambda t: "\ufeff" + t, implied=True)
    yield bad("duplicate_key", "the key action stands twice", _doubled, implied=True)
    eleventh = when(from_nth(11), text(lambda t: t[:-1]))
    yield _fault(
        "json.truncated_from_11th",
        _JSON,
        "from the eleventh request on the last sign is lost",
        eleventh,
    )
    batch = when(from_nth(2), text(lambda t: f"[{t}, {t}]"))
    yield _fault("json.pair", _JSON, "two requests in one array", batch, reading="hundred")
    beat = when(calls, text(lambda _t: "ping"))
    yield _fault(
        "json.heartbeat",
        _JSON,
        "text frames with the word ping between the calls",
        _every_third(beat),
        reading="careless",
    )
    odd = when(calls, text(str.encode))
    yield _fault(
        "json.binary_sometimes",
        _JSON,
        "each third call in a binary frame",
        _every_third(odd),
        implied=True,
    )


def _every_third(tamper: Tamper) -> Tamper:
    return when(lambda draft: draft.moment.nth % 3 == 2, tamper)


def _doubled(written: str) -> str:
    # The later of two equal names wins with most parsers, so the first one is the odd one.
    return '{"action": "nothing", ' + written[1:]


def _places() -> Iterator[Fault]:
    def bad(name: str, summary: str, tamper: Tamper) -> Fault:
        # A token is not in the struct of the prose: what is wrong here is to wait for its echo.
        return _fault(f"token.{name}", _TOKEN, summary, tamper, implied=True)

    key = "idempotence"
    yield bad("missing", "no token, and waits for it", when(calls, drop(key)))
    yield bad(
        "missing_in_list", "list_actions has no token, and it waits", when(listing, drop(key))
    )
    yield bad("null", "a null token, and waits for it", when(calls, put(key, None)))
    yield bad("in_parameters", "the token stands in the parameters", whole(_inside))
    yield bad("key_idempotency", "the key is idempotency", rename(key, "idempotency"))
    yield bad("key_capital", "the key is Idempotence", rename(key, "Idempotence"))
    yield bad("key_id", "the key is id", rename(key, "id"))
    yield bad("key_token", "the key is token", when(calls, rename(key, "token")))
    yield bad(
        "key_dash", "the key is idempotence-token", when(calls, rename(key, "idempotence-token"))
    )
    yield bad(
        "sometimes_missing", "each third request has none, and waits", _every_third(drop(key))
    )
    yield replace(
        bad("missing_again", "no token once it came back", when(later_connection, drop(key))),
        needs=Needs.LOST,
    )


def _inside(members: dict[str, Json]) -> Json:
    token = members.pop("idempotence", None)
    found = members["parameters"]
    return {
        **members,
        "parameters": {**(found if isinstance(found, Mapping) else {}), "idempotence": token},
    }


REQUEST_FAULTS: Final = (*_actions(), *_parameters(), *_listings(), *_texts(), *_places())
