"""Calls over gRPC that nobody wrote down: lawful ones, and bytes that are no message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.clients.grpc import GrpcClient
from conformance.marks import from_profile, fuzzes, requirement
from conformance.protocols.caxton.caller import SEND, Caller
from conformance.protocols.caxton.client import SHOWN, Client
from conformance.protocols.caxton.crew import Crew
from conformance.protocols.caxton.talk import judge_kept

if TYPE_CHECKING:
    from conformance.fuzz.case import Case
    from conformance.fuzz.fuzzer import Fuzzer

_OK = range(200, 300)


_FIPA = "caxton.v1.FipaMessage"
_FREE = ("content", "reply_with", "ontology", "language")
"""What may be said in them is left open, so that anything may. That `in_reply_to` names a message
that there is may be asked for.
"""


@fuzzes
@from_profile("standard")
@requirement("CAXTON-GRP-025", "CAXTON-XTR-011")
async def test_flow_messages_are_taken(
    fuzzer: Fuzzer, procedures: GrpcClient, client: Client, crew: Crew
) -> None:
    from hypothesis import strategies as st  # slow to load

    from conformance.fuzz.protobuf import calls

    mate = await crew.mate(client)
    descriptor = procedures.documented.descriptor(_FIPA)
    assert descriptor is not None

    async def taken(case: Case, drawn: tuple[str, dict[str, Any]]) -> None:
        client.peer.see = procedures.see = case.see
        performative, fields = drawn
        caller = Caller(procedures, client)
        free = {name: fields[name] for name in _FREE if fields.get(name)}
        message = client.message(mate, performative=performative, **free)
        said = await caller.send(message)
        case.judge.status("CAXTON-GRP-025", said, _OK)
        if said.ok:
            await judge_kept(case.judge, client, said, message)

    strategy = st.tuples(st.sampled_from(SHOWN), calls(descriptor))
    await fuzzer.values(strategy, taken)


@fuzzes
@from_profile("standard")
@requirement("CAXTON-GRP-034")
async def test_flow_malformed_calls_are_refused(
    fuzzer: Fuzzer, procedures: GrpcClient, client: Client, crew: Crew
) -> None:
    from conformance.fuzz.protobuf import malformed  # Hypothesis is slow to load

    mate = await crew.mate(client)
    documented = procedures.documented
    known = documented.procedure(client.peer.protocol.operations[SEND].path)
    assert known is not None

    async def refused(case: Case, raw: bytes) -> None:
        client.peer.see = procedures.see = case.see
        caller = Caller(procedures, client)
        said = await caller.call(SEND, raw=raw, lawful=False)
        wrong = f"bytes that are no message are answered {said.outcome}"
        fine = not said.ok and not said.failure  # some libraries call it UNKNOWN by themselves
        case.judge.holds("CAXTON-GRP-034", fine, wrong, said)
        after = await caller.send(caller.message(mate, performative="inform"))
        case.judge.status("CAXTON-GRP-034", after, _OK)

    await fuzzer.values(malformed(documented, known.request), refused)
