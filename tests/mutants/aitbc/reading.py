"""One switch for every place where the document leaves room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Reading"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """A lawful way to fill the gaps; the defaults are the most natural one."""

    # Refusals: the status where the document names none or two, and the form of `detail`.
    detail: Literal["text", "objects"] = "text"
    malformed: Literal[400, 422] = 422
    malformed_page: bool = False
    """What is no JSON is refused by the framework, with a page of its own."""
    empty_priority: Literal[400, 422] = 400
    invalid_query: Literal[400, 422] = 422
    invalid_task: Literal[400, 422] = 422
    foreign_media: Literal["read", "refuse_415", "refuse_422"] = "refuse_422"
    unknown_on_update: Literal[400, 404, 422, 500] = 404
    unknown_on_heartbeat: Literal[400, 404, 422] = 404
    unknown_queue: Literal[400, 404, 422] = 400
    stray_path: Literal["json", "text", "html", "empty"] = "json"
    stray_method: Literal[404, 405] = 405
    slash_redirect: bool = False

    # What counts as valid.
    checks_agent_type: bool = True
    checks_filters: bool = True
    checks_task_fields: bool = False
    null_is_absent: bool = True
    empty_id_refused: bool = True
    lax_numbers: bool = False
    narrow_ids: bool = False
    """An id is short, and of letters, digits, dots, dashes and underscores."""
    first_document: bool = False
    """Of a body only the first JSON value is read."""
    discover_without_body: Literal["all", "refused"] = "refused"

    # Agents.
    capabilities_need: Literal["all", "any"] = "all"
    services_need: Literal["all", "any"] = "all"
    first_status: Literal["active", "inactive", "busy"] = "active"
    update_is_life: bool = False
    stale_after: float | None = None
    """Seconds of silence until an agent shows as stale; None for never."""
    reregister: Literal["replace", "keep", "refuse_409", "refuse_400", "refuse_500"] = "replace"
    again_words: str = "registered"
    sorted_lists: bool = False
    regular_urls: bool = False
    """A URL without a path is shown with the path `/`."""
    keeps_first_time: bool = False
    metrics: Literal["merge", "replace"] = "merge"
    first_metrics: Literal["empty", "full"] = "empty"
    known_metrics_only: bool = False
    float_metrics: bool = False
    version_from: Literal["constant", "metadata", "body"] = "constant"
    tags_from: Literal["none", "metadata", "body", "capabilities"] = "none"
    query: Literal["as_sent", "given", "full", "empty"] = "given"
    health_score: Literal["constant", "by_load"] = "constant"
    agent_order: Literal["registered", "newest", "by_id"] = "registered"

    # Heartbeats.
    heartbeat_method: Literal["POST", "PUT"] = "POST"
    heartbeat_body: Literal["ignored", "applied", "required", "full"] = "ignored"
    heartbeat_status: Literal[200, 202, 204] = 200
    heartbeat_answer: Literal["deployed", "bare", "echo"] = "deployed"
    heartbeat_revives: bool = True

    # Tasks.
    fate: Literal["stays", "at_once", "later"] = "stays"
    drain_after: float = 0.05
    """Seconds a task waits when its fate is `later`."""
    orphan: Literal["stays", "dropped", "refused_503", "given_up"] = "stays"
    busy_qualifies: bool = True
    completes: bool = False
    strategy: str = "least_connections"
    success_rate: Literal["fraction", "percent"] = "fraction"
    idle_success_rate: float = 0.0
    queue_answer: Literal["deployed", "bare", "listed", "lengths"] = "deployed"
    clear_answer: Literal["deployed", "bare", "nothing"] = "deployed"

    # Life.
    restart: Literal["forgets", "remembers"] = "forgets"

    # Form.
    zone: Literal["Z", "+00:00", "naive", "+02:00"] = "Z"
    fraction: Literal[0, 3, 6] = 6
    basic_time: bool = False
    openapi: Literal["3.0.3", "3.1.0"] = "3.0.3"
    openapi_detail: Literal["schemas", "paths"] = "schemas"
    extras: bool = False
    key_order: Literal["documented", "reversed", "sorted"] = "documented"
    pretty: bool = False
    ascii_only: bool = False
    charset: bool = False
    chunked: bool = False
    keep_alive: bool = True
    server_header: str | None = None
    prefix: str = ""
