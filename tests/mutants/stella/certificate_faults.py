"""Faults in the certificates that are handed out, and in their renewal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cryptography.x509.oid import ExtendedKeyUsageOID

from .authority import Issue, Signer, new_key
from .fault import Beat, Renewal, Seed, Turn, prefixed, table
from .model import Paper
from .seeds import answering, deafened, neighbour, note_lines

__all__ = ["CERTIFICATE_FAULTS"]

_HOUR = 3600


def _first(change: Callable[[Issue], object]) -> Seed:
    """Only what a registration brings."""

    def spoil(paper: Issue) -> None:
        if not paper.renewal:
            change(paper)

    return Seed(issue=spoil)


def _next(change: Callable[[Issue], object]) -> Seed:
    """Only what a renewal brings."""

    def spoil(paper: Issue) -> None:
        if paper.renewal:
            change(paper)

    return Seed(issue=spoil)


def _wrong_authority(paper: Issue) -> None:
    paper.signer = paper.desk.authority.foreign


def _wrong_ca_shown(paper: Issue) -> None:
    paper.roots = [paper.desk.authority.foreign.cert]


def _other_key(paper: Issue) -> None:
    paper.handed = new_key()


def _authority_key(paper: Issue) -> None:
    paper.handed = paper.desk.authority.issuer.key


def _neighbours_key(paper: Issue) -> None:
    other = neighbour(paper.desk, paper.agent)
    if other is not None:
        paper.handed = other.key


def _one_key(paper: Issue) -> None:
    paper.key = paper.handed = paper.desk.memo.setdefault("key", paper.key)


def _living(hours: float) -> Callable[[Issue], None]:
    def spoil(paper: Issue) -> None:
        paper.not_after = paper.expires = paper.desk.now() // 1 + hours * _HOUR

    return spoil


def _born_expired(paper: Issue) -> None:
    paper.not_after = paper.expires = paper.desk.now() // 1 - 60
    paper.not_before = paper.not_after - _HOUR


def _not_yet(paper: Issue) -> None:
    paper.not_before = paper.desk.now() + _HOUR


def _said(seconds: float) -> Callable[[Issue], None]:
    def spoil(paper: Issue) -> None:
        paper.expires = paper.not_after + seconds

    return spoil


def _said_first(paper: Issue) -> None:
    paper.expires = paper.desk.memo.setdefault("expires", paper.expires)


def _said_now(paper: Issue) -> None:
    paper.expires = paper.desk.now()


def _server_only(paper: Issue) -> None:
    paper.uses = [ExtendedKeyUsageOID.SERVER_AUTH]


def _may_sign(paper: Issue) -> None:
    paper.authority = True


def _one_serial(paper: Issue) -> None:
    paper.serial = 4711


def _self_signed(paper: Issue) -> None:
    key = paper.key
    maker = paper.desk.authority.foreign
    paper.signer = Signer(cert=maker.cert, key=key)


def _unfiled(paper: Issue) -> None:
    paper.filed = False


def _shared(turn: Turn) -> None:
    """Everybody gets the certificate of the first."""
    kept = turn.memo.setdefault("certificate", dict(turn.answer.body["certificate"]))
    turn.answer.body["certificate"] = dict(kept)


def _authority_for_leaf(turn: Turn) -> None:
    certificate = turn.answer.body["certificate"]
    certificate["cert"] = certificate["ca"]


def _leaf_for_authority(turn: Turn) -> None:
    certificate = turn.answer.body["certificate"]
    certificate["ca"] = certificate["cert"]


def _exchanged(turn: Turn) -> None:
    certificate = turn.answer.body["certificate"]
    certificate["cert"], certificate["key"] = certificate["key"], certificate["cert"]


_BOTH: Final[tuple[tuple[str, str, Callable[[Issue], None]], ...]] = (
    ("authority.wrong", "is signed by an authority that nobody knows", _wrong_authority),
    ("self_signed", "is not signed by the authority that it names", _self_signed),
    ("life.48h", "is valid for 48 hours", _living(48)),
    ("life.year", "is valid for a year", _living(24 * 365)),
    ("life.two_hours", "is valid for two hours", _living(2)),
    ("life.12h", "is valid for 12 hours", _living(12)),
    ("life.over", "has expired already", _born_expired),
    ("life.not_yet", "is not valid yet for an hour", _not_yet),
    ("expires.later", "expires an hour before `expiresAt`", _said(_HOUR)),
    ("expires.earlier", "expires two hours after `expiresAt`", _said(-2 * _HOUR)),
    ("expires.day_more", "expires a day before `expiresAt`", _said(24 * _HOUR)),
    ("expires.now", "`expiresAt` is the present moment", _said_now),
    ("expires.first", "`expiresAt` is that of the first for ever", _said_first),
    ("server_only", "is good for servers only", _server_only),
    ("unknown", "is refused by the very server that issued it", _unfiled),
)

_IMPLIED: Final[tuple[tuple[str, str, Callable[[Issue], None]], ...]] = (
    ("may_sign", "may sign others", _may_sign),
    ("serial.same", "has the same serial number as all", _one_serial),
)

_FIRST: Final = (
    ("key.other", "the key does not belong to the certificate", _first(_other_key)),
    ("key.authority", "the key is that of the authority", _first(_authority_key)),
    ("key.neighbour", "the key is that of another agent", _first(_neighbours_key)),
    ("~key.same", "all agents share one key", _first(_one_key)),
    ("ca.wrong", "`ca` is not the authority that signed", _first(_wrong_ca_shown)),
    ("shared", "all agents share one certificate", answering("register", _shared)),
    (
        "cert.authority",
        "`cert` holds the authority's certificate",
        answering("register", _authority_for_leaf),
    ),
    ("ca.leaf", "`ca` holds the agent's certificate", answering("register", _leaf_for_authority)),
    ("exchanged", "`cert` and `key` are exchanged", answering("register", _exchanged)),
)


# Renewal.


def _renew(decide: Callable[[Renewal], bool]) -> Seed:
    def spoil(one: Renewal) -> None:
        one.due = decide(one)

    return Seed(renew=spoil)


def _stale(turn: Turn) -> None:
    """The renewal brings the certificate that the agent has."""
    if turn.op == "register" and turn.answer.status == 201:
        certificate = turn.answer.body["certificate"]
        turn.memo[turn.answer.body["agentId"]] = certificate["cert"], certificate["expiresAt"]
    renewal = _renewal_in(turn)
    if renewal is not None and turn.agent is not None and turn.agent.id in turn.memo:
        renewal["cert"], renewal["expiresAt"] = turn.memo[turn.agent.id]


def _stale_text(turn: Turn) -> None:
    renewal = _renewal_in(turn)
    if turn.op == "register" and turn.answer.status == 201:
        turn.memo[turn.answer.body["agentId"]] = turn.answer.body["certificate"]["cert"]
    if renewal is not None and turn.agent is not None and turn.agent.id in turn.memo:
        renewal["cert"] = turn.memo[turn.agent.id]


def _renewal_in(turn: Turn) -> dict[str, object] | None:
    if turn.op != "heartbeat" or turn.answer.status != 200:
        return None
    renewal = turn.answer.body.get("certificateRenewal")
    return renewal if isinstance(renewal, dict) else None


def _new_key_unsaid(paper: Issue) -> None:
    if paper.renewal:
        paper.key = new_key()


def _of_neighbour(paper: Issue) -> None:
    other = neighbour(paper.desk, paper.agent)
    if paper.renewal and other is not None:
        paper.subject, paper.agent = other.id, other


def _kills_old(paper: Issue) -> None:
    if paper.renewal:
        paper.filed = False
        for one in paper.agent.papers.values():
            one.revoked = True


def _extends_nothing(paper: Issue) -> None:
    papers: list[Paper] = [*paper.agent.papers.values()]
    if paper.renewal and papers:
        paper.not_after = paper.expires = papers[-1].not_after


def _forgets_health(one: Beat) -> None:
    """A heartbeat in the last hour is not noted."""
    papers = [*one.agent.papers.values()]
    if papers and papers[-1].not_after - one.desk.now() <= _HOUR:
        one.at = one.agent.beat or one.at


def _clears_labels(one: Renewal) -> None:
    if one.due:
        one.agent.labels = {}


def _note_lines(one: Renewal) -> None:
    if one.due:
        note_lines(one.desk, one.agent)


def _immortal(turn: Turn) -> None:
    """Only what a registration brought is ever looked at again."""
    peer, caller = turn.call.peer, turn.caller
    if turn.standing != "expired" or peer is None or caller is None or caller is not turn.agent:
        return
    if peer.fingerprint != next(iter(caller.papers)):
        turn.refusal = None


def _swallows_tasks(turn: Turn) -> None:
    if _renewal_in(turn) is not None:
        turn.answer.body["tasks"] = []


def _poisons_poll(turn: Turn) -> None:
    if turn.op == "heartbeat" and _renewal_in(turn) is not None:
        turn.answer.body["certificate"] = turn.answer.body.pop("certificateRenewal")


def _second_beat(one: Renewal) -> None:
    if one.due:
        seen = one.desk.memo.get(one.agent.id, 0)
        one.desk.memo[one.agent.id] = seen + 1
        one.due = seen > 0


_RENEWALS: Final = (
    ("never", "a certificate is never renewed", _renew(lambda one: False)),
    ("always", "each heartbeat brings a new certificate", _renew(lambda one: True)),
    (
        "early.two_hours",
        "a renewal comes two hours before the expiry",
        _renew(lambda one: one.left <= 2 * _HOUR),
    ),
    (
        "early.half_day",
        "a renewal comes after 12 hours",
        _renew(lambda one: one.left <= 12 * _HOUR),
    ),
    (
        "late.ten_minutes",
        "a renewal comes only in the last ten minutes",
        _renew(lambda one: one.left <= 600),
    ),
    (
        "late.half_hour",
        "a renewal comes only in the last half hour",
        _renew(lambda one: one.left <= 1800),
    ),
    ("once", "a second renewal never comes", _renew(lambda one: one.due and one.nth == 1)),
    ("second_only", "the first renewal never comes", Seed(renew=_second_beat)),
    (
        "first_agent_only",
        "only the first agent gets renewals",
        _renew(lambda one: one.due and one.agent.nth == 1),
    ),
    (
        "not_first_agent",
        "the first agent gets no renewals",
        _renew(lambda one: one.due and one.agent.nth > 1),
    ),
    (
        "only_healthy",
        "an agent that is not healthy gets no renewal",
        _renew(lambda one: one.due and one.agent.health == "healthy"),
    ),
    (
        "only_idle",
        "an agent with pending tasks gets no renewal",
        _renew(
            lambda one: one.due and not any(task.state == "pending" for task in one.agent.tasks)
        ),
    ),
    ("stale", "a renewal brings the old certificate", Seed(answer=_stale)),
    (
        "stale_text",
        "a renewal brings the old certificate with a new date",
        Seed(answer=_stale_text),
    ),
    (
        "key.unsaid",
        "a renewal is for a new key that is not handed over",
        Seed(issue=_new_key_unsaid),
    ),
    ("neighbour", "a renewal is for another agent", Seed(issue=_of_neighbour)),
    (
        "kills_both",
        "a renewal ends the old certificate, and the new one is not known",
        Seed(issue=_kills_old),
    ),
    ("extends_nothing", "a renewal expires with the old certificate", Seed(issue=_extends_nothing)),
    (
        "swallows_tasks",
        "a heartbeat that renews brings no tasks",
        answering("heartbeat", _swallows_tasks),
    ),
    ("immortal", "what a renewal brought never expires", Seed(gate=_immortal)),
    ("clears_labels", "a renewal clears the labels", Seed(renew=_clears_labels)),
    (
        "deafens",
        "an agent whose certificate was renewed is told nothing on the streams that it had",
        Seed(renew=_note_lines, push=deafened),
    ),
    ("swallows_beat", "a heartbeat that renews does not count", Seed(beat=_forgets_health)),
    ("wrong_name", "the renewal is called `certificate`", Seed(answer=_poisons_poll)),
)


def _both(seed: Callable[[Callable[[Issue], object]], Seed]) -> tuple[tuple[str, str, Seed], ...]:
    stated = tuple((name, f"it {words}", seed(change)) for name, words, change in _BOTH)
    return stated + tuple(
        (f"~{name}", f"it {words}", seed(change)) for name, words, change in _IMPLIED
    )


CERTIFICATE_FAULTS: Final = (
    *table("Register Agent", prefixed("certificate.", _both(_first))),
    *table("Register Agent", prefixed("certificate.", _FIRST)),
    *table("Send Heartbeat", prefixed("renewal.cert.", _both(_next))),
    *table("Send Heartbeat", prefixed("renewal.", _RENEWALS)),
)
"""Faults of certificates."""
