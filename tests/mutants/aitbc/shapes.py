"""What answers look like: times, refusals, queue answers, bytes."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from .model import Json, Obj, Op, Reply

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .parsing import Problem
    from .reading import Reading

__all__ = [
    "FAILURE_WORDS",
    "cleared",
    "dressed",
    "encode",
    "heartbeat",
    "listed_detail",
    "queue_sizes",
    "queue_stats",
    "stray",
    "time_text",
    "urls",
]

_BARE: Final = re.compile(r"https?://[^/]+")

FAILURE_WORDS: Final[Mapping[Op, str]] = MappingProxyType(
    {
        Op.REGISTER: "Failed to register agent",
        Op.DISCOVER: "Error discovering agents",
        Op.GET: "Error getting agent",
        Op.UPDATE: "Error updating agent status",
        Op.HEARTBEAT: "Error processing heartbeat",
        Op.SUBMIT: "Error submitting task",
        Op.STATUS: "Error getting task status",
    }
)
"""How each endpoint begins the `detail` of a 500."""

_HOSTS: Final = ("agent", "stats")
"""Objects inside an answer that a lavish peer decorates as well."""


def time_text(moment: datetime, reading: Reading) -> str:
    """An ISO 8601 timestamp in the notation of the reading."""
    if reading.zone == "+02:00":
        moment = moment.astimezone(timezone(timedelta(hours=2)))
    suffix = "" if reading.zone == "naive" else reading.zone
    if reading.basic_time:
        return f"{moment:%Y%m%dT%H%M%S}{_fraction(moment, reading)}{suffix.replace(':', '')}"
    return f"{moment:%Y-%m-%dT%H:%M:%S}{_fraction(moment, reading)}{suffix}"


def _fraction(moment: datetime, reading: Reading) -> str:
    return f".{moment:%f}"[: reading.fraction + 1] if reading.fraction else ""


def listed_detail(found: Sequence[Problem], reading: Reading) -> Json:
    """The `detail` of a validation refusal: one string, or a list of objects."""
    if reading.detail == "text":
        words = "; ".join(f"{'.'.join(map(str, one.where)) or 'body'}: {one.text}" for one in found)
        return f"Validation error: {words}"
    return [
        {
            "type": one.code,
            "loc": ["body", *one.where],
            "msg": one.text[:1].upper() + one.text[1:],
            "input": one.value,
        }
        for one in found
    ]


def urls(endpoints: Obj, reading: Reading) -> Obj:
    """Endpoints as answers show them."""
    if not reading.regular_urls:
        return dict(endpoints)
    return {
        name: f"{url}/" if _BARE.fullmatch(str(url)) else url for name, url in endpoints.items()
    }


def stray(status: int, words: str, reading: Reading) -> Reply:
    """The answer to a path or method that nobody serves."""
    if reading.stray_path == "json":
        return Reply(status=status, body={"detail": words})
    if reading.stray_path == "html":
        page = f"<!DOCTYPE html><title>{status}</title><p>{words}</p>"
        return Reply(status=status, text=page, media="text/html")
    text = words if reading.stray_path == "text" else ""
    return Reply(status=status, text=text, media="text/plain")


def heartbeat(agent_id: str, time: Json, reading: Reading) -> Reply:
    """The answer to a heartbeat, which the document does not show."""
    if reading.heartbeat_status == 204:
        return Reply(status=204)
    body: Obj = {"status": "success"}
    if reading.heartbeat_answer == "deployed":
        body["message"] = f"Heartbeat received from {agent_id}"
        body |= {"agent_id": agent_id, "heartbeat_at": time}
    elif reading.heartbeat_answer == "echo":
        body = {"agent_id": agent_id, "last_heartbeat": time}
    return Reply(status=reading.heartbeat_status, body=body)


def queue_sizes(sizes: Obj, time: Json, reading: Reading) -> Reply:
    """The answer of GET /tasks/queues, which the document does not show."""
    if reading.queue_answer == "bare":
        return Reply(status=200, body=dict(sizes))
    if reading.queue_answer == "listed":
        rows = [{"priority": name, "size": size} for name, size in sizes.items()]
        return Reply(status=200, body={"queues": rows, "total": sum(sizes.values())})
    if reading.queue_answer == "lengths":
        lengths = {name: {"length": size} for name, size in sizes.items()}
        return Reply(status=200, body={"status": "success", "queues": lengths})
    return Reply(status=200, body={"status": "success", "queue_sizes": sizes, "timestamp": time})


def queue_stats(sizes: Obj, stats: Obj, time: Json, reading: Reading) -> Reply:
    """The answer of GET /tasks/queues/stats, which the document does not show."""
    if reading.queue_answer == "bare":
        return Reply(status=200, body={**stats, "queue_sizes": sizes})
    if reading.queue_answer == "deployed":
        body = {"status": "success", "queue_sizes": sizes, "distribution_stats": stats}
        return Reply(status=200, body={**body, "timestamp": time})
    return Reply(status=200, body={"queues": sizes, "distribution": stats, "generated_at": time})


def cleared(priority: str, count: Json, time: Json, reading: Reading) -> Reply:
    """The answer to the clearing of a queue, which the document does not show."""
    if reading.clear_answer == "nothing":
        return Reply(status=204)
    if reading.clear_answer == "bare":
        return Reply(status=200, body={"cleared": count})
    body = {
        "status": "success",
        "message": f"Cleared {count} tasks from the {priority} queue",
        "priority": priority,
        "cleared_count": count,
        "timestamp": time,
    }
    return Reply(status=200, body=body)


def dressed(body: Json, reading: Reading, op: Op | None) -> Json:
    """Add what a lavish peer adds, and put the keys in the order of the reading.

    Only the coordinator's own objects are touched: `metadata` and the like are the client's.
    """
    if not isinstance(body, dict) or op is Op.OPENAPI:
        return body
    if reading.extras:
        body = _with_extras(body, op)
    if reading.key_order == "reversed":
        return _reversed(body)
    return body


def _with_extras(body: Obj, op: Op | None) -> Obj:
    own = {"service": "agent-coordinator"} if op is Op.HEALTH else {"node": "n-1"}
    if op in (Op.QUEUES, Op.STATS):
        return body
    full = {**body, "request_cost": 0.25, **own, "_links": {"self": None}}
    for name in _HOSTS:
        if isinstance(full.get(name), dict):
            full[name] = {**full[name], "region": "eu", "x_debug": [1, None]}
    if isinstance(full.get("agents"), list):
        full["agents"] = [_tagged(agent) for agent in full["agents"]]
    return full


def _tagged(agent: Json) -> Json:
    return {**agent, "region": "eu", "x_debug": [1, None]} if isinstance(agent, dict) else agent


def _reversed(body: Obj) -> Obj:
    turned = dict(reversed(body.items()))
    for name in _HOSTS:
        if isinstance(turned.get(name), dict):
            turned[name] = dict(reversed(turned[name].items()))
    if isinstance(turned.get("agents"), list):
        turned["agents"] = [
            dict(reversed(agent.items())) if isinstance(agent, dict) else agent
            for agent in turned["agents"]
        ]
    return turned


def encode(body: Json, reading: Reading) -> bytes:
    """JSON text in the style of the reading."""
    options: Obj = {"sort_keys": reading.key_order == "sorted"}
    if reading.pretty:
        options["indent"] = 2
    else:
        options["separators"] = (",", ":")
    if not reading.ascii_only:
        try:
            return json.dumps(body, ensure_ascii=False, **options).encode()
        except UnicodeEncodeError:
            pass  # a lone surrogate, which UTF-8 cannot carry but an escape can
    return json.dumps(body, **options).encode()


def epoch(moment: datetime) -> float:
    """Seconds since 1970, for faults that forget to format."""
    return moment.astimezone(UTC).timestamp()
