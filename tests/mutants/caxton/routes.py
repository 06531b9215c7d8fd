"""Which operation a request asks for."""

from __future__ import annotations

from urllib.parse import unquote

from .model import Op

__all__ = ["ALIASES", "PREFIX", "operation", "routed"]

PREFIX = "/api/v1"

_ROUTES: dict[tuple[str, ...], dict[str, Op]] = {
    ("agents",): {"POST": "deploy", "GET": "list"},
    ("agents", "*"): {"GET": "get", "PUT": "update", "DELETE": "remove"},
    ("agents", "*", "reload"): {"PUT": "reload"},
    ("agents", "*", "stop"): {"POST": "stop"},
    ("messages",): {"POST": "send", "GET": "history"},
    ("tasks",): {"POST": "create_task"},
    ("tasks", "*"): {"GET": "task"},
    ("tasks", "*", "distribute"): {"POST": "distribute"},
    ("deployments",): {"POST": "create_deployment"},
    ("deployments", "*"): {"GET": "deployment"},
    ("deployments", "*", "rollback"): {"POST": "rollback"},
    ("metrics", "system"): {"GET": "system"},
    ("metrics", "agents", "*"): {"GET": "agent_metrics"},
}

ALIASES: dict[str, Op] = {
    "deployagent": "deploy",
    "listagents": "list",
    "getagent": "get",
    "getagentdetails": "get",
    "reloadagent": "reload",
    "hotreloadagent": "reload",
    "hotreload": "reload",
    "updateagent": "update",
    "stopagent": "stop",
    "removeagent": "remove",
    "deleteagent": "remove",
    "sendmessage": "send",
    "querymessages": "history",
    "listmessages": "history",
    "querymessagehistory": "history",
    "getmessagehistory": "history",
    "distributetask": "distribute",
    "gettask": "task",
    "gettaskstatus": "task",
    "getdeployment": "deployment",
    "monitordeployment": "deployment",
    "rollbackdeployment": "rollback",
    "getsystemmetrics": "system",
    "systemmetrics": "system",
    "getagentmetrics": "agent_metrics",
}
"""Names that a tester may give to operations, beside our own."""


def operation(name: str) -> str:
    """Our name of an operation, whichever way it is spelt."""
    plain = "".join(letter for letter in name.lower() if letter.isalnum())
    own: dict[str, str] = {
        one.replace("_", ""): one for ops in _ROUTES.values() for one in ops.values()
    }
    return ALIASES.get(plain) or own.get(plain, name)


def routed(method: str, path: str) -> tuple[Op, str]:
    """The operation, and the id in the path."""
    if not path.startswith(PREFIX + "/"):
        return "none", ""
    parts = tuple(path.removeprefix(PREFIX + "/").split("/"))
    for shape, operations in _ROUTES.items():
        if len(shape) == len(parts) and all(
            want in ("*", part) for want, part in zip(shape, parts, strict=True)
        ):
            who = next((part for want, part in zip(shape, parts, strict=True) if want == "*"), "")
            return operations.get(method, "method"), unquote(who)
    return "none", ""
