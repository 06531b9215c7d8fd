"""One switch for every place where the document leaves room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Reading"]

Manner = Literal["ignore", "error", "close", "drop"]
"""What a frame that cannot be used earns: nothing, an error frame, a close frame, a cut."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """A lawful way to fill the gaps; the defaults are the most natural one."""

    summary: str
    transport: Literal["aiohttp", "websockets", "bytes"] = "aiohttp"

    # REST
    admin: Literal["open", "bearer", "basic", "key"] = "open"
    created: int = 201
    answer: Literal["flat", "agent", "data", "bare_token", "no_token"] = "flat"
    token_key: str = "api_token"
    id_key: str = "id"
    listing: Literal["bare", "agents", "users", "pages", "data"] = "bare"
    newest_first: bool = False
    hint: Literal["tail", "both_ends", "head"] = "tail"
    tokens: Literal["hex", "uuid", "prefixed", "jwt", "short"] = "hex"
    longest_name: int = 1000
    duplicate: Literal["409", "400", "second", "same"] = "409"
    invalid: Literal[400, 422] = 400
    dev: Literal["open", "admin", "403", "404"] = "open"
    dev_key: str = "api_token"
    stray: Literal["404", "page"] = "404"
    """What GET of an unknown path gets: 404, or the page of the dashboard, as all else does."""
    dev_wrapped: bool = False
    online_field: bool = False
    indent: int | None = None
    numbers: Literal["kept", "anew", "of_connections"] = "kept"
    """Somebody who comes back has the number it had, or another, which the list tells; or numbers
    are those of connections, and nothing tells them but messages.
    """
    first_id: int = 1
    id_step: int = 1

    # Connection
    refusal: Literal["401", "403", "404", "4001", "1008", "cut"] = "401"
    second: Literal["both", "replace", "refuse"] = "both"
    ping_every: float | None = None
    max_size: int = 1024 * 1024
    fragment: int | None = None
    """Server messages are split into frames of that many bytes."""
    compress: bool = True
    welcome: bool = False
    presence: bool = False
    butler: float | None = None
    """Seconds after an agent's arrival at which the Butler sends it a CHAT."""

    # Messages
    envelope: Literal["short", "full", "exact", "mirror"] = "short"
    """Few extra fields, all of the deployed ones, none, or whatever the client sent."""
    echo: bool = False
    """A human's own messages come back to the human."""
    malformed: Manner = "ignore"
    unknown: Literal["ignore", "error", "close", "relay"] = "ignore"
    bye: bool = True
    """A close frame is answered by one, and not by the end of TCP alone (frames by hand only)."""
    binary: Literal["read", "ignore", "error", "close"] = "ignore"
    unaddressed: Literal["ignore", "error", "broadcast", "humans"] = "ignore"
    unreachable: Literal["ignore", "error", "queue", "close"] = "ignore"
    strict_payload: bool = False
    """A CHAT whose payload is no string is refused like an unusable frame."""
    numeric_strings: bool = False
    """A `target_id` of digits in a string counts as a number."""
    forged: Literal["ignore", "close"] = "ignore"
    """What a message earns in which the sender names itself."""
    empty_chunks: bool = True
    """A CHAT_STREAM without text is passed on."""
    stream_ids: Literal["kept", "mapped", "text"] = "kept"
    """As the client chose it, a number of the server's own, or the client's as a string."""
    end_payload: bool = True
    """CHAT_STREAM_END carries a payload even when its sender gave none."""

    # SYSTEM_LOG
    log_to: Literal["humans", "admins", "nobody", "everybody"] = "humans"
    log_form: Literal["plain", "flat", "event", "text"] = "plain"
