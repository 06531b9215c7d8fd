"""The lawful readings, by name."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from .reading import Reading

__all__ = ["LAWFUL"]

LAWFUL: Final = MappingProxyType(
    {
        # `SMP1.0` selected, 401 over TLS, replies overtake, an event after each change.
        "natural": Reading(),
        # The same conduct on a WebSocket written by hand, with no TLS.
        "handmade": Reading(front="handmade", tls=False),
        # As little as the document allows.
        "bare": Reading(
            front="handmade",
            tls=False,
            any_path=True,
            selects=False,
            blocks_missing=403,
            blocks_wrong=403,
            tokenless="null",
            binary="ignored",
            malformed="ignored",
            ordered=True,
            shape="error_text",
            types="parameters",
            words="json",
            nothing_required="null",
            flags="when_true",
            describes=False,
            events="never",
        ),
        # Upgrades everybody and closes with a policy violation.
        "policy_close": Reading(
            front="aiohttp",
            blocks_missing=1008,
            blocks_wrong=1008,
            says_why=True,
            shape="plain",
            types="types",
            words="document",
            events="after_reply",
            event_token="null",
            tokenless="null",
            binary="error",
        ),
        # A private close code, no sub-protocol, and a stream of events.
        "busy": Reading(
            tls=False,
            selects=False,
            blocks_missing=4001,
            blocks_wrong=4003,
            shape="result",
            types="parameter_list",
            words="capital",
            nothing_required="mixed",
            events="often",
            event_token="null",
            cloud_refused=False,
        ),
        # Hangs up on strangers without a Close frame.
        "hangup": Reading(
            front="handmade",
            blocks_missing=400,
            blocks_wrong=None,
            shape="action",
            types="schema",
            words="json",
            welcome=True,
            events="often",
            event_token="event_id",
            tokenless="silent",
        ),
        # What community write-ups tell of the deployed agents.
        "deployed": Reading(
            catalogue="large",
            events="subscribed",
            locks_out_after=10,
            types="data_types",
            jitter=0.01,
        ),
        # A second message with the same token follows each reply.
        "progress": Reading(
            front="handmade",
            second_message="progress",
            shape="nested",
            types="types",
            blocks_missing=400,
            blocks_wrong=403,
            event_token="event_id",
        ),
        "completion": Reading(
            front="aiohttp",
            tls=False,
            second_message="completion",
            ordered=True,
            shape="result",
            nothing_required="mixed",
            extras=True,
        ),
        # Sends lines that are no JSON between the messages.
        "chatty": Reading(
            front="aiohttp",
            hello_text=True,
            welcome=True,
            events="after_reply",
            selects=False,
            blocks_missing=403,
            blocks_wrong=401,
            shape="action",
            malformed="ignored",
        ),
        # Refuses whatever it may refuse.
        "strict": Reading(
            parameters_optional=False,
            text_tokens_only=True,
            binary="error",
            refuses_unknown_parameters=True,
            types="parameters",
            shape="success",
            tokenless="silent",
            blocks_missing=400,
            locks_out_after=25,
        ),
        # Serves whatever it may serve.
        "lax": Reading(
            tls=False,
            any_path=True,
            cloud_refused=False,
            shape="both",
            types="schema",
            words="capital",
            tokenless="null",
            flags="when_true",
            extras=True,
            pretty=True,
            ascii_only=False,
        ),
        # Three actions, and nothing else to tell.
        "small": Reading(
            front="aiohttp",
            catalogue="small",
            describes=False,
            flags="when_true",
            nothing_required="null",
            events="never",
            blocks_missing=None,
            blocks_wrong=None,
            shape="nested",
        ),
        # Long messages in many frames, with pings between them.
        "fragments": Reading(
            front="handmade",
            tls=False,
            catalogue="large",
            split_frames=1000,
            pings=True,
            ascii_only=False,
            sorted_keys=True,
            jitter=0.03,
            words="json",
            types="parameter_list",
            blocks_missing=1008,
            blocks_wrong=4401,
            shape="success",
        ),
    }
)
"""Every lawful reading by its stable name."""
