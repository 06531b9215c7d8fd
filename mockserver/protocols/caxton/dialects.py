"""How the mock reads what the document leaves open, by dialect."""

from __future__ import annotations

from collections.abc import Mapping

from mockserver.protocols.caxton.lifecycle import TASK, TASK_BY_HAND, Table

__all__ = ["DIALECTS", "Deployed", "Dialect"]


class Dialect:
    """The document, read in the most natural way."""

    spawn: float = 0.0
    """Seconds from loaded to running; none, as the example's receipt says `running`."""
    tasks: Table = TASK
    """Do tasks get on by themselves?"""
    limit_is_burst: bool = False
    """Does `X-RateLimit-Limit` tell the burst, rather than the rate?"""
    newest_first: bool = False
    """Are lists and history told from their end?"""
    whole_grace: bool = False
    """Does an idle agent drain for the whole of its grace period?"""
    agrees_first: bool = False
    """Does an agent say `agree` to a request before it does it?"""
    once_a_connection: bool = False
    """Is an event told once where several subscriptions of a connection match it?"""
    unknown_receiver: str = "AGENT_NOT_FOUND"
    """The code for a receiver that does not exist (silence 9)."""
    bidless_is_refused: bool = False
    """Is a distribution that nobody bids on refused (silence 10)?"""
    plain_id: bool = False
    """Does the receipt of a deployment also tell the agent's id as `id`?"""


class Deployed(Dialect):
    """The other lawful reading of each of these, as deployed systems have some of them: agents
    take a moment to start, tasks go on by `progress` only, limits tell the burst, the newest come
    first, draining takes all its time, requests are agreed to, an event is told once a connection,
    and nobody to send to or to distribute to is a refusal.
    """

    spawn = 0.5
    tasks = TASK_BY_HAND
    limit_is_burst = True
    newest_first = True
    whole_grace = True
    agrees_first = True
    once_a_connection = True
    unknown_receiver = "MESSAGE_DELIVERY_FAILED"
    bidless_is_refused = True
    plain_id = True


DIALECTS: Mapping[str, Dialect] = {"documented": Dialect(), "deployed": Deployed()}
