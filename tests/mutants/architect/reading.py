"""One switch for every place where the document leaves room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Reading"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """A lawful way to fill the gaps; the defaults are the most natural one."""

    # The connection.
    front: Literal["websockets", "aiohttp", "handmade"] = "websockets"
    tls: bool = True
    any_path: bool = False
    selects: bool = True
    """Whether `SMP1.0` is chosen as the sub-protocol, or none."""
    blocks_missing: int | None = 401
    """An HTTP status from 400 to 499, a close code from 1000, None for a bare hang-up."""
    blocks_wrong: int | None = 401
    says_why: bool = False
    """Whether who is upgraded only to be refused is told so in a message."""
    locks_out_after: int = 0
    """Failed log-ins within 60 s until nobody gets in for `locked_for` s; 0 for never."""
    locked_for: float = 2.0
    split_frames: int = 0
    """Characters in each frame of a long message; 0 for one frame a message."""
    pings: bool = False

    # Requests.
    parameters_optional: bool = True
    tokenless: Literal["bare", "null", "silent"] = "bare"
    """The token of a reply to a request that had none; `silent` gives no reply at all."""
    text_tokens_only: bool = False
    binary: Literal["served", "error", "ignored"] = "served"
    malformed: Literal["error", "ignored"] = "error"
    refuses_unknown_parameters: bool = False
    cloud_refused: bool = True

    # Replies.
    ordered: bool = False
    jitter: float = 0.0
    """Seconds by which a reply may come later, drawn for each."""
    shape: Literal[
        "status", "result", "action", "error_text", "nested", "success", "both", "plain"
    ] = "status"
    second_message: Literal["none", "progress", "completion"] = "none"
    pretty: bool = False
    ascii_only: bool = True
    sorted_keys: bool = False
    extras: bool = False

    # The catalogue.
    catalogue: Literal["usual", "small", "large"] = "usual"
    types: Literal["data_types", "parameters", "types", "parameter_list", "schema"] = "data_types"
    words: Literal["python", "json", "document", "capital"] = "python"
    nothing_required: Literal["list", "null", "mixed"] = "list"
    flags: Literal["always", "when_true"] = "always"
    describes: bool = True

    # What comes unasked.
    welcome: bool = False
    hello_text: bool = False
    """Text that is no JSON, at the start and after every third reply."""
    events: Literal["never", "after_change", "after_reply", "often", "subscribed"] = "after_change"
    event_token: Literal["none", "null", "event_id"] = "none"
