"""What an agent shows of itself: its certificate, and the new one once it is renewed."""

from __future__ import annotations

import pytest

from conformance.examiner import Examiner
from conformance.exchange import of_transcript
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, case, requirement
from conformance.protocols.stella.biography import Life, answered
from conformance.protocols.stella.coping import exchanges, lived, wrecked
from conformance.protocols.stella.impostor import IMPOSTOR, REPLACED
from conformance.protocols.stella.issued import Paper, shown_by
from conformance.protocols.stella.notes import Notebook
from conformance.protocols.stella.renewals import GRACE
from conformance.protocols.stella.situations import FORGOTTEN, NAMES, NORMAL, OUTSIDE
from mockserver.transcript import HttpExchange

_EVERY_SITUATION = pytest.mark.parametrize("situation", [n for n in NAMES if n not in OUTSIDE])

_ROWS = {
    "sendHeartbeat": "STELLA-AGENT-CERT-001",
    "getPendingTasks": "STELLA-AGENT-CERT-002",
    "completeTask": "STELLA-AGENT-CERT-003",
    "taskStream": "STELLA-AGENT-CERT-004",
}
_ANYTHING_ELSE = "STELLA-AGENT-CERT-005"


@requirement(*_ROWS.values(), _ANYTHING_ELSE)
@_EVERY_SITUATION
async def test_flow_requests_come_with_the_certificate(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    life = _over_tls(await lived(examiner, situation))
    assert life.registration is not None
    for heard in life.seen.exchanges:
        if heard.number <= life.registration.number or heard.operation == "registerAgent":
            continue
        if not heard.path:
            _judge_distrusted(judge, heard)
            continue
        judge.holds(
            _ROWS.get(heard.operation, _ANYTHING_ELSE),
            shown_by(heard, life.papers) is not None,
            f"{heard.method} {heard.path} came with {_shown(heard)}",
            of_transcript(heard),
        )


def _judge_distrusted(judge: Judge, heard: HttpExchange) -> None:
    """A connection that came no further than TLS. Whatever else is no HTTP says nothing here."""
    wrong = [each.message for each in heard.violations if each.keyword == "certificate"]
    if wrong:
        judge.holds(
            _ANYTHING_ELSE,
            not wrong,
            f"TLS ended over the certificate that was shown on a connection: {wrong[0]}",
            of_transcript(heard),
        )


@pytest.mark.parametrize(
    ("row", "situation"),
    [case("STELLA-AGENT-CERT-006", "renewal"), case("STELLA-AGENT-CERT-007", "renewal")],
)
async def test_new_connections_show_the_new_certificate(
    row: str, situation: str, examiner: Examiner, judge: Judge, book: Notebook
) -> None:
    life = _over_tls(await lived(examiner, situation))
    _renewed(life)
    grace = max(GRACE, life.interval) + book.of(situation).grace
    streams = row.endswith("007")
    for heard in life.seen.exchanges:
        stream = heard.operation == "taskStream"
        paper = shown_by(heard, life.papers)
        if stream is not streams or paper is None or heard.number > life.seen.played:
            continue
        newer = _newer(life, paper, heard.dialled - grace)
        if newer is None and paper is life.papers[0]:
            continue  # nothing to be seen yet
        judge.holds(
            row,
            newer is None,
            f"{heard.method} {heard.path} came on a connection that was made "
            f"{heard.dialled - newer.given if newer else 0:.1f} s after a renewal, and showed the "
            "certificate from before",
            *exchanges([newer.source, heard] if newer else [heard]),
        )


@requirement("STELLA-AGENT-CERT-008")
@_EVERY_SITUATION
async def test_expired_certificates_are_not_shown(
    situation: str, examiner: Examiner, judge: Judge, book: Notebook
) -> None:
    life = _over_tls(await lived(examiner, situation))
    grace = 0.5 + book.of(situation).grace
    for heard in life.seen.exchanges:
        paper = shown_by(heard, life.papers)
        if paper is not None:
            judge.holds(
                "STELLA-AGENT-CERT-008",
                heard.dialled < paper.expires + grace,
                f"{heard.method} {heard.path} came on a connection that was made "
                f"{heard.dialled - paper.expires:.1f} s after the end of its certificate",
                *exchanges([paper.source, heard]),
            )


@requirement("STELLA-AGENT-CERT-009")
@pytest.mark.parametrize("situation", ["renewal"])
async def test_an_agent_goes_on_after_a_renewal(
    situation: str, examiner: Examiner, judge: Judge, book: Notebook
) -> None:
    life = await lived(examiner, situation)
    first = _renewed(life)
    notes, seen = book.of(situation), life.seen
    beats = [each.real for each in life.heartbeats if each.real > first.given]
    silent = notes.ended - max(beats, default=first.given)
    again = [
        heard
        for heard in seen.exchanges
        if heard.operation == "registerAgent" and heard.real > first.given
    ]
    gone = seen.ending is not None and not seen.ending.asked
    told = seen.ending.describe() if gone and seen.ending else f"silent for {silent:.1f} s"
    judge.holds(
        "STELLA-AGENT-CERT-009",
        not again
        and not gone
        and not wrecked(seen)
        and silent <= 3 * life.interval + 1 + notes.grace,
        "the agent registers again for a renewal" if again else told,
        *exchanges([first.source, *again[:1]]),
    )


@requirement("STELLA-AGENT-CERT-010")
@pytest.mark.parametrize("situation", ["renewal with key"])
async def test_a_renewal_with_a_key_is_used(
    situation: str, examiner: Examiner, judge: Judge, book: Notebook
) -> None:
    life = _over_tls(await lived(examiner, situation))
    renewed = _renewed(life)
    notes = book.of(situation)
    later = [
        heard
        for heard in life.seen.exchanges
        if heard.dialled > renewed.given + GRACE and heard.number <= life.seen.played
    ]
    beats = [each for each in life.heartbeats if each.real > renewed.given]
    if not later and beats and not wrecked(life.seen):
        raise UnjudgeableError("no connection was made after the renewal")
    used = [heard for heard in later if shown_by(heard, life.papers) is renewed]
    judge.holds(
        "STELLA-AGENT-CERT-010",
        bool(used),
        "no connection showed the renewed certificate, whose key came with it"
        if later
        else f"nothing came for {notes.ended - renewed.given:.0f} s after the renewal",
        *exchanges([renewed.source, *later[:1]]),
    )


@requirement("STELLA-AGENT-CERT-013")
@_EVERY_SITUATION
async def test_bearers_are_the_agents_own(situation: str, examiner: Examiner, judge: Judge) -> None:
    """Whether one is sent beside the certificate is the agent's affair."""
    life = await lived(examiner, situation)
    given = [answered(each).get("token") for each in life.seen.exchanges]
    known = {token for token in (life.receipt.get("token"), *given) if isinstance(token, str)}
    for heard in life.seen.exchanges:
        scheme, _, token = heard.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and heard.operation in _ROWS:
            judge.holds(
                "STELLA-AGENT-CERT-013",
                token.strip() in known,
                f"{heard.method} {heard.path} came with a bearer that the agent was never given",
                of_transcript(heard),
            )


@requirement("STELLA-AGENT-CERT-011")
@pytest.mark.parametrize("situation", [IMPOSTOR])
async def test_impostors_are_told_nothing(situation: str, examiner: Examiner, judge: Judge) -> None:
    if not (await examiner.observe(NORMAL)).values.get("ca"):
        raise UnjudgeableError("the mock was told not to use TLS")
    seen = await examiner.observe(situation)
    if seen.ending is None:
        raise UnjudgeableError("the agent runs elsewhere, and cannot be told whom to trust")
    judge.holds(
        "STELLA-AGENT-CERT-011",
        not seen.exchanges,
        "the agent spoke to a server whose authority it was not given",
        *exchanges(seen.exchanges[:1]),
    )


@requirement("STELLA-AGENT-CERT-011")
@pytest.mark.parametrize("situation", [REPLACED])
async def test_later_impostors_are_told_nothing(
    situation: str, examiner: Examiner, judge: Judge, book: Notebook
) -> None:
    """What comes on a connection that is older is not for the impostor."""
    seen = await examiner.observe(situation)
    if seen.ending is None:
        raise UnjudgeableError("the agent runs elsewhere, and cannot be told whom to trust")
    struck = [strike.real for strike in book.of(situation).strikes if strike.kind == REPLACED]
    if not struck:
        raise UnjudgeableError("the mock was told not to use TLS, or the agent did not register")
    told = [each for each in seen.exchanges if each.dialled > struck[0]]
    judge.holds(
        "STELLA-AGENT-CERT-011",
        not told,
        "an agent that had registered spoke to a server of another authority",
        *exchanges(told[:1]),
    )


@requirement("STELLA-AGENT-CERT-001", "STELLA-AGENT-CERT-004")
@pytest.mark.parametrize("situation", FORGOTTEN)
async def test_certificates_are_shown_to_the_end(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    """Who is refused must not try without."""
    life = _over_tls(await lived(examiner, situation))
    for heard in (*life.heartbeats, *life.handshakes):
        row = _ROWS[heard.operation]
        judge.holds(row, bool(heard.certificate), _shown(heard), of_transcript(heard))


def _over_tls(life: Life) -> Life:
    """Raises `UnjudgeableError` where nobody can show a certificate."""
    if not life.seen.values.get("url", "").startswith("https"):
        raise UnjudgeableError("the mock was told not to use TLS")
    if not life.papers:
        raise UnjudgeableError("the agent was given no certificate")
    return life


def _renewed(life: Life) -> Paper:
    """The first certificate that was renewed."""
    if len(life.papers) < 2:
        raise UnjudgeableError("the agent sent no heartbeat that could be answered by a renewal")
    return life.papers[1]


def _newer(life: Life, paper: Paper, moment: float) -> Paper | None:
    """The next certificate, where it was there by that moment. One that was renewed in the meantime
    once more may still be the one before the last.
    """
    position = life.papers.index(paper)
    return next((each for each in life.papers[position + 1 :] if each.given < moment), None)


def _shown(heard: HttpExchange) -> str:
    return "a certificate that was never issued to it" if heard.certificate else "no certificate"
