"""A second, independent reading of the document: what one request breaks in so many words.

It says nothing about what is only implied, so it tells which faults deserve that mark.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NoReturn, TypeAlias
from urllib.parse import urlsplit

from tests.mutants.aitbc_agents.model import PRIORITIES, STATUSES, Json
from tests.mutants.aitbc_agents.recorder import Seen

__all__ = ["complaints"]

_ANY: Final = "GET POST PUT DELETE"
_ROUTES: Final = (
    ("GET", r"/health"),
    ("POST", r"/agents/register"),
    ("POST", r"/agents/discover"),
    ("GET", r"/agents/[^/]+"),
    ("PUT", r"/agents/[^/]+/status"),
    (_ANY, r"/agents/[^/]+/heartbeat"),
    ("POST", r"/tasks/submit"),
    ("GET", r"/tasks/status"),
    (_ANY, r"/tasks/queues"),
    (_ANY, r"/tasks/queues/stats"),
    (_ANY, r"/tasks/queues/[^/]+/clear"),
    (_ANY, r"/openapi\.json"),
    (_ANY, r"/docs"),
)

Check: TypeAlias = Callable[[Json], bool]


def complaints(request: Seen) -> tuple[str, ...]:
    """Every plain breach in this request."""
    return tuple(_complaints(request))


def _complaints(request: Seen) -> Iterator[str]:
    if request.path.count(" "):
        yield "the request line has a space too many"
        return
    path = re.split(r"[?#]", request.path)[0].rstrip("/")
    allowed = " ".join(methods for methods, route in _ROUTES if re.fullmatch(route, path))
    if request.method not in allowed.split():
        yield f"nobody documents {request.method} {path}"
        return
    if not request.body:
        if path in _BODIES and path != "/agents/discover":
            yield f"{path} needs a body"
        elif path.endswith("/status") and path.startswith("/agents/"):
            yield "a status update needs a body"
        return
    yield from _body_complaints(path, request.body)


def _body_complaints(path: str, body: bytes) -> Iterator[str]:
    try:
        data: Json = json.loads(body, parse_constant=_no_constant)
    except ValueError as error:
        yield f"no JSON: {error}"
        return
    own_status = path.startswith("/agents/") and path.endswith("/status")
    members = _STATUS if own_status else _BODIES.get(path)
    if members is None:
        return
    if not isinstance(data, Mapping):
        yield "no object"
        return
    for name, (required, fits) in members.items():
        value = data.get(name)
        if (required and value is None) or (value is not None and not fits(value)):
            yield f"{name}: {value!r}"


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _text(value: Json) -> bool:
    return isinstance(value, str)


def _texts(value: Json) -> bool:
    return _list(value) and isinstance(value, Sequence) and all(map(_text, value))


def _list(value: Json) -> bool:
    return isinstance(value, list)


def _object(value: Json) -> bool:
    return isinstance(value, Mapping)


def _number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _map_of(check: Check) -> Check:
    return lambda value: isinstance(value, Mapping) and all(map(check, value.values()))


def _url(value: Json) -> bool:
    return isinstance(value, str) and (value.startswith("/") or bool(urlsplit(value).scheme))


def _one_of(words: Sequence[str]) -> Check:
    return lambda value: isinstance(value, str) and value in words


def _requirements(value: Json) -> bool:
    if not isinstance(value, Mapping):
        return False
    return _texts(value.get("capabilities", [])) and _text(value.get("agent_type", ""))


_STATUS: Final[Mapping[str, tuple[bool, Check]]] = {
    "status": (True, _one_of(STATUSES)),
    "load_metrics": (False, _map_of(_number)),
}
_BODIES: Final[Mapping[str, Mapping[str, tuple[bool, Check]]]] = {
    "/agents/register": {
        "agent_id": (True, _text),
        "agent_type": (True, _text),
        "capabilities": (False, _texts),
        "services": (False, _texts),
        "endpoints": (False, _map_of(_url)),
        "metadata": (False, _object),
    },
    "/agents/discover": {
        "status": (False, _text),
        "agent_type": (False, _text),
        "capabilities": (False, _texts),
        "services": (False, _texts),
    },
    "/tasks/submit": {
        "task_data": (True, _object),
        "priority": (True, _one_of(PRIORITIES)),
        "requirements": (False, _requirements),
    },
}
