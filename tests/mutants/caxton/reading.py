"""One switch for every place where the document leaves room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Reading"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """A lawful way to fill the gaps; the defaults are the most natural one."""

    summary: str

    # Form.
    ids: Literal["counted", "uuid", "hex"] = "counted"
    zone: Literal["Z", "+00:00", "+02:00"] = "Z"
    digits: Literal[0, 3, 6] = 0
    extras: bool = False
    pretty: bool = False
    charset: bool = True
    ascii_only: bool = False
    created: Literal[200, 201, 202] = 201
    """Status where something was made."""
    accepted: Literal[200, 202] = 200
    """Status where something was started."""
    invalid: Literal[400, 422] = 400
    unreadable: Literal[400, 422] = 400
    """Status for bodies that cannot be read at all."""
    bad_media: Literal[400, 415] = 400
    codes: Literal["particular", "generic", "validation"] = "particular"
    stray_method: Literal[404, 405] = 405
    absent: Literal["null", "absent"] = "null"
    """How a value that there is not yet is shown."""
    strict: bool = True
    """Types of optional fields and query parameters are checked."""

    # Who may.
    rest_bearer: bool = False
    ws_auth: Literal["open", "header", "query"] = "open"
    origins: bool = True
    """Pages of any origin may open a WebSocket."""

    # Agents.
    first_state: Literal["running", "loaded"] = "running"
    name_required: bool = True
    name_first: bool = False
    json_deploy: bool = False
    strict_wasm: bool = False
    missing_wasm: Literal["INVALID_WASM", "invalid"] = "INVALID_WASM"
    strict_base64: bool = True
    strict_strategies: bool = False
    strategy_shown: Literal["given", "direct"] = "given"
    """How `immediate` is called in the details."""
    limits_echo: Literal["given", "normalised"] = "given"
    cpu_style: Literal["given", "milli"] = "given"
    memory_limit: bool = True
    """More than a machine has is refused."""
    first_version: Literal["1.0.0", "0.1.0"] = "1.0.0"
    bump: Literal["major", "minor"] = "major"
    switch_after: Literal[0, 2] = 0
    """Seconds until a reload or an update has taken effect."""
    updating_shown: bool = False
    empty_update: Literal[200, 400] = 200
    stopped_update: Literal[200, 409] = 200
    drain: Literal["at_once", "second", "grace"] = "at_once"
    undrained: Literal["draining", "stopped"] = "draining"
    draining_takes: bool = False
    stop_stopped: Literal[200, 409] = 409
    remove_running: Literal[200, 409] = 200

    # Lists.
    default_limit: Literal[10, 50, 100] = 50
    max_limit: Literal[100, 1000] = 100
    over_limit: Literal["clamp", "refuse"] = "clamp"
    newest_first: bool = False
    total: Literal["filtered", "all"] = "filtered"
    unknown_filter: Literal["empty", "refuse"] = "refuse"
    cursor: Literal["cursor", "after", "next_cursor"] = "cursor"
    last_cursor: Literal["null", "absent", "empty"] = "null"

    # Messages.
    unknown_receiver: Literal["AGENT_NOT_FOUND", "MESSAGE_DELIVERY_FAILED"] = "AGENT_NOT_FOUND"
    clients_receive: bool = True
    sender_required: bool = False
    known_performatives: bool = False
    history_full: bool = True
    agents_answer: Literal["never", "inform", "agree_inform"] = "inform"
    answered: Literal["questions", "everything"] = "questions"
    answer_seconds: float = 0.02

    # Tasks.
    capabilities_in: Literal["config", "environment", "rpc_only"] = "config"
    """Where agents that come by REST say what they can do; by gRPC there is a field for it."""
    unknown_participant: Literal["accept", "refuse"] = "accept"
    no_bidders: Literal["null", "refuse"] = "null"
    second_distribute: Literal[200, 409] = 409
    contract_messages: bool = False
    task_pace: Literal["autonomous", "never"] = "autonomous"
    subtasks: Literal[0, 2] = 2

    # Deployments.
    first_rollout: Literal["initializing", "pending", "in_progress"] = "initializing"
    init_seconds: Literal[0, 2] = 0
    stages_listed: Literal["started", "all"] = "started"
    strict_stages: bool = True
    version_switch: Literal["end", "start"] = "end"
    rollback_seconds: Literal[0, 2] = 2
    second_rollback: Literal[200, 409] = 409
    waiting: Literal["pending", "waiting"] = "pending"
    """A stage or a subtask that has not begun."""
    reverted: Literal["rolled_back", "reverted"] = "rolled_back"
    one_rollout: bool = False
    """Another change of an agent is refused while one is under way, or is taken back."""
    every_deployment: bool = True
    """Deployments that were made on the way can be looked up too."""

    # Events.
    ack: Literal["subscribed", "subscription_ack", "ack", "none"] = "subscribed"
    odd_frames: Literal["error", "ignore", "close"] = "error"
    agent_match: Literal["either", "sender", "receiver"] = "either"
    combine: Literal["and", "or"] = "and"
    agentless: Literal["pass", "drop"] = "drop"
    """Events without an agent, where agents are asked for."""
    repeated: bool = False
    """An event comes once for each subscription that it fits."""
    glob: Literal["any", "prefix"] = "any"
    more_events: bool = True
    event_extras: bool = False
    greets: bool = False
    own_alerts: bool = False
    """Every third deployment is worth a `system.alert`."""

    # Rate limits.
    limit_shows: Literal["rate", "burst"] = "burst"
    remaining_capped: bool = False
    """What remains never reads as more than the limit."""
    system: Literal["none", "lifecycle", "everything"] = "lifecycle"
    deploy_class: Literal["deploy", "all"] = "deploy"
    buckets: Literal["token", "endpoint", "global"] = "token"
    """What is counted together beside the class: a token's requests, those of a token to one
    operation, or all.
    """
    grpc_shares: bool = True
    refused_count: bool = False
    invalid_counts: bool = True
    retry_after: bool = True
    reset: Literal["full", "next"] = "full"
    refill: Literal["smooth", "lump"] = "smooth"

    # gRPC.
    grpc: bool = True
    enums: Literal["prefixed", "bare", "zero_unloaded"] = "prefixed"
    messages: Literal["first", "second", "own"] = "first"
    """Which of three shapes the undefined messages have."""
    list_agents: bool = True
    reflection: bool = True
    bad_bytes: Literal["INVALID_ARGUMENT", "INTERNAL", "UNKNOWN"] = "INVALID_ARGUMENT"
    undelivered: Literal["UNAVAILABLE", "INTERNAL"] = "UNAVAILABLE"
