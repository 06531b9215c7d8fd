"""One switch for every place where the document leaves room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Reading"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """A lawful way to fill the gaps; the defaults are the most natural one.

    Where a switch is a status, 0 means that the connection is cut instead.
    """

    summary: str

    # Who may.
    operators: Literal["open", "header", "bearer", "certificate"] = "open"
    agents_read: bool = True
    needs_jwt: bool = False
    no_certificate: Literal[0, 401, 403] = 401
    foreign: Literal["tls", "401", "403"] = "tls"
    expired: Literal[0, 401, 403] = 401
    revoked: Literal[0, 401, 403, 404] = 401
    other_agent: Literal[403, 404] = 403
    unknown_by_agent: Literal[403, 404] = 404
    stranger_operator: Literal[0, 401, 403] = 401
    late_close: bool = False

    # Registration.
    burns_refused: bool = False
    conflict_first: bool = False
    invalid: Literal[400, 422] = 400
    strict_bodies: bool = True
    known_capabilities: bool = False
    ids: Literal["uuid", "ulid", "number", "slug"] = "uuid"
    intervals: tuple[int, ...] = (30,)
    poll_interval: int = 5
    log_level: str = "info"
    jwt_expires: bool = True

    # Certificates.
    algorithm: Literal["p256", "rsa"] = "p256"
    chain: Literal["root", "leaf_and_intermediate", "bundle"] = "root"
    two_authorities: bool = False
    backdate: int = 300
    renewal_key: Literal["same", "new"] = "same"
    no_renewal: Literal["absent", "null", "empty"] = "absent"
    renewal_judges: Literal["presented", "newest"] = "presented"
    old_paper: Literal["valid", "until_used", "at_once"] = "valid"

    # Liveness.
    first_status: Literal["online", "offline", "pending"] = "offline"
    first_beat: Literal["null", "absent", "registered"] = "null"
    first_usage: Literal["null", "absent", "empty", "zeros"] = "null"
    offline_after: float = 3.0
    degraded_by: Literal["health", "never", "missed", "load"] = "health"
    poll_is_life: bool = False
    stream_is_life: bool = False
    heartbeat_capabilities: Literal["latest", "ignored", "pinned", "alone"] = "latest"
    """Where they count alone, an update changes them before the first heartbeat and not later."""
    usage_shown: Literal["two", "all"] = "two"

    # Tasks.
    delivery: Literal["until_done", "once", "poll_peeks"] = "until_done"
    task_fields: Literal["documented", "all"] = "documented"
    second_complete: Literal[200, 404, 409] = 200
    unknown_task: Literal[200, 404] = 404
    counts_foreign: bool = True
    """Whether the report of what is no open task is acknowledged, where it is answered 200."""
    asleep: Literal["given", "refused"] = "given"
    """What becomes of a task for an agent that has sent no heartbeat, or is offline."""
    log_levels: Literal["any", "info"] = "any"
    """A stream on which another level is told ends."""
    complete_strict: bool = False
    order: Literal["oldest", "newest", "priority"] = "oldest"

    # Stream.
    backlog: bool = True
    second_stream: Literal["both", "replace", "refuse"] = "both"
    hello: bool = False
    acks: bool = False
    complains: bool = False
    pings: float = 0.0
    push_delay: float = 0.0
    tells_untold_cancel: bool = True
    delete_closes: bool = True

    # Operators' changes.
    put: Literal["merge", "merge_labels", "replace"] = "merge"
    part_put: bool = True
    """Labels or capabilities alone are taken."""
    offline_update: Literal[200, 503] = 200
    odd_filter: Literal["empty", "refuse"] = "empty"
    targets: Literal["names", "objects", "nested"] = "names"

    # Form.
    errors: Literal["error", "nested", "detail", "problem", "text", "empty", "html"] = "error"
    zone: Literal["Z", "+00:00", "+02:00"] = "Z"
    digits: Literal[0, 3, 6] = 0
    extras: bool = False
    pretty: bool = False
    reversed_keys: bool = False
    charset: bool = True
    keep_alive: bool = True
    stray_method: Literal[404, 405] = 405
    largest_message: int = 16 * 1024 * 1024
    """Bytes on a stream; a longer one ends it with 1009."""
    from_pages: bool = True
    """Handshakes with an `Origin` are taken."""
