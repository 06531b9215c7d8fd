"""What earns a certificate, what it says, and how it is refused when anything is changed."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from google.protobuf import json_format
from hypothesis import given
from hypothesis import strategies as st
from in_toto_attestation.predicates.test_result.v0 import test_result_pb2
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement
from securesystemslib.dsse import Envelope
from securesystemslib.signer import CryptoSigner

from reports.certificate import (
    Certificate,
    Refused,
    encoded,
    of_statement,
    out_of_time,
    refusals,
    statement,
)
from reports.certificate_text import told
from reports.envelope import PAYLOAD_TYPE, private_key, public_key, seal, unseal
from reports.requirement_set import difference, set_digest
from reports.run import Run
from schemas import FrozenSet, PackError
from schemas.spec import Role
from tests.reports.builders import error, footer, header, known, requirement, verdict, write
from tests.reports.certifiable import KEY, PROTOCOL, ROWS, certifiable, certificate, names

PUBLIC = KEY.public_key()
SET = FrozenSet(
    role="agent",
    revision=PROTOCOL.version,
    number=1,
    requirements=60,
    frozen="2026-11-29",
    digest="ab" * 32,
)
FILE = Path("certificate.json")
MUST = names("MUST", "stated")[0]
IMPLIED = names("MUST", "implied")[0]
SHOULD = names("SHOULD", role="agent")[0]


def why(path: Path, asked: Any = None) -> str:
    run = Run.read(path)
    apart = difference(run.header, PROTOCOL, ROWS.values())
    return "\n".join(refusals(run, difference=apart, untestable=(), asked=asked))


class TestWhatIsEarned:
    def test_all_passed_is_full(self, tmp_path: Path) -> None:
        assert why(certifiable(tmp_path), "full") == ""
        assert certificate(tmp_path).level == "full"

    @pytest.mark.parametrize(("name", "role"), [(SHOULD, "agent"), (IMPLIED, "coordinator")])
    def test_a_warning_leaves_core_and_is_told(self, tmp_path: Path, name: str, role: Role) -> None:
        path = certifiable(tmp_path, {name: "warn"}, role=role)
        assert why(path) == ""
        assert name in why(path, "full")
        issued = certificate(tmp_path, {name: "warn"}, role)
        assert (issued.level, issued.warned, issued.counts["warn"]) == ("core", (name,), 1)
        assert statement(issued)["predicate"]["result"] == "WARNED"

    def test_an_open_should_leaves_core_and_is_told(self, tmp_path: Path) -> None:
        path = certifiable(tmp_path, {SHOULD: "inconclusive"}, role="agent")
        assert why(path) == ""
        assert "has to be judged" in why(path, "full")
        issued = certificate(tmp_path, {SHOULD: "inconclusive"}, "agent")
        assert (issued.level, issued.inconclusive) == ("core", (SHOULD,))

    def test_what_is_not_claimed_is_counted_and_named(self, tmp_path: Path) -> None:
        path = certifiable(tmp_path, {MUST: "not-applicable"}, unclaimed=["queues"])
        assert why(path) == ""

    def test_what_nothing_can_judge_bars_no_level(self, tmp_path: Path) -> None:
        run = Run.read(certifiable(tmp_path, {MUST: "inconclusive"}))
        assert refusals(run, difference="", untestable=[MUST], asked="full") == []
        assert refusals(run, difference="", untestable=[], asked=None) != []


class TestWhatIsRefused:
    @pytest.mark.parametrize("name", [MUST, IMPLIED])
    def test_a_failure(self, tmp_path: Path, name: str) -> None:
        assert f"1 requirement is broken: {name}." in why(certifiable(tmp_path, {name: "fail"}))

    def test_a_must_that_was_not_judged_by_its_cause(self, tmp_path: Path) -> None:
        said = why(certifiable(tmp_path, {MUST: "inconclusive"}))
        assert said == f"1 MUST was not judged (so it was): {MUST}."

    @pytest.mark.parametrize("reason", ["interrupted", "unreachable", "broken"])
    def test_a_run_that_did_not_come_to_its_end(self, tmp_path: Path, reason: str) -> None:
        assert why(certifiable(tmp_path, end=footer(reason)))

    def test_a_record_that_was_cut_off(self, tmp_path: Path) -> None:
        path = certifiable(tmp_path)
        path.write_bytes(path.read_bytes()[:-30])
        assert "cut off" in why(path)

    def test_a_fault_of_our_own(self, tmp_path: Path) -> None:
        path = certifiable(tmp_path)
        lines = path.read_bytes().splitlines(keepends=True)
        lines.insert(-1, json.dumps(error()).encode() + b"\n")
        path.write_bytes(b"".join(lines))
        assert "fault" in why(path)

    @pytest.mark.parametrize(
        ("changes", "word"),
        [
            ({"only": "AITBC-REG-*"}, "--only AITBC-REG-*"),
            ({"profile": "standard"}, "standard profile"),
            ({"baseline": [known("AITBC-REG-001")]}, "excuses AITBC-REG-001"),
            ({"claimed": ["nothing-of-it"]}, ""),
        ],
    )
    def test_a_run_that_is_not_the_whole(
        self, tmp_path: Path, changes: dict[str, Any], word: str
    ) -> None:
        said = why(certifiable(tmp_path, **changes))
        assert bool(said) is bool(word)
        assert word in said

    def test_a_scenario_alone(self, tmp_path: Path) -> None:
        row = {**requirement("SCENARIO-A"), "own": True}
        path = write(tmp_path, header(row, profile="exhaustive"), verdict("SCENARIO-A"), footer())
        assert "scenario" in why(path)

    def test_another_set_by_what_is_other(self, tmp_path: Path) -> None:
        path = certifiable(tmp_path)
        lines = path.read_text().splitlines()
        about = json.loads(lines[0])
        about["requirements"][0]["level"] = "MAY"
        gone = about["requirements"].pop()["id"]
        path.write_text("\n".join([json.dumps(about), *lines[1:-2], lines[-1]]) + "\n")
        said = why(path)
        assert f"it lacks {gone}" in said
        assert f"it words otherwise {about['requirements'][0]['id']}" in said

    def test_another_revision(self, tmp_path: Path) -> None:
        other = {"id": "aitbc", "title": "t", "version": "1999", "document": "d"}
        assert "aitbc 1999" in why(certifiable(tmp_path, protocol=other))


class TestRequirementSet:
    def test_the_order_of_rows_is_nothing_and_a_word_is_another_set(self) -> None:
        rows = list(ROWS.values())
        plain = set_digest(PROTOCOL, "coordinator", rows)
        assert set_digest(PROTOCOL, "coordinator", reversed(rows)) == plain
        assert set_digest(PROTOCOL, "agent", rows) != plain
        assert set_digest(replace(PROTOCOL, version="2"), "coordinator", rows) != plain
        first = replace(rows[0], text=rows[0].text + " ")
        assert set_digest(PROTOCOL, "coordinator", [first, *rows[1:]]) != plain
        assert set_digest(PROTOCOL, "coordinator", rows[1:]) != plain


class TestStatement:
    def test_it_is_read_as_it_was_written(self, tmp_path: Path) -> None:
        for verdicts in ({}, {SHOULD: "warn"}, {SHOULD: "inconclusive"}):
            issued = certificate(tmp_path, verdicts, "agent")
            assert unseal(seal(issued, KEY), PUBLIC, FILE) == issued

    def test_an_artifact_is_the_subject_where_there_is_one(self, tmp_path: Path) -> None:
        issued = certificate(tmp_path)
        named = replace(issued, peer=replace(issued.peer, artifact="cd" * 32))
        subject = statement(named)["subject"][0]
        assert subject["digest"] == {"sha256": "cd" * 32}
        assert unseal(seal(named, KEY), PUBLIC, FILE) == named

    @pytest.mark.parametrize(
        "changes",
        [
            {"passed": ("A", "B")},
            {"level": "full", "warned": (SHOULD,)},
            {"issued": "2000-01-01T00:00:00Z"},
            {"expires": "2026-11-22T00:00:00Z"},
        ],
    )
    def test_one_that_contradicts_itself_is_refused_although_it_is_signed(
        self, tmp_path: Path, changes: dict[str, Any]
    ) -> None:
        sealed = seal(replace(certificate(tmp_path), **changes), KEY)
        with pytest.raises(Refused, match="contradicts itself"):
            unseal(sealed, PUBLIC, FILE)

    def test_a_result_that_is_none_is_refused(self, tmp_path: Path) -> None:
        said = statement(certificate(tmp_path))
        said["predicate"]["result"] = "WARNED"
        with pytest.raises(Refused, match="contradicts itself"):
            of_statement(said)

    def test_the_in_toto_project_reads_it(self, tmp_path: Path) -> None:
        issued = certificate(tmp_path, {SHOULD: "warn"}, "agent")
        said = statement(issued)
        read = json_format.ParseDict(said, statement_pb2.Statement())
        Statement.copy_from_pb(read).validate()
        result = json_format.ParseDict(said["predicate"], test_result_pb2.TestResult())
        assert result.result == "WARNED"
        assert list(result.warned_tests) == [SHOULD]
        assert len(result.passed_tests) == issued.counts["pass"]
        assert {each.name for each in result.configuration} == {
            "certificate", "requirements", "run.jsonl",
        }  # fmt: skip


class _Ed25519:
    """Our key where sigstore awaits one of its own kind: what it is asked to verify is sigstore's
    own reading of the envelope, and its own encoding of what was signed.
    """

    def verify(self, signature: bytes, signed: bytes, _: object) -> None:
        PUBLIC.verify(signature, signed)


class TestEnvelope:
    def test_another_implementation_of_dsse_verifies_it(self, tmp_path: Path) -> None:
        from sigstore import dsse

        issued = certificate(tmp_path)
        envelope = dsse.Envelope._from_json(seal(issued, KEY))
        payload = dsse._verify(_Ed25519(), envelope)  # type: ignore[arg-type]
        assert payload == encoded(statement(issued))
        assert envelope._inner.payload_type == PAYLOAD_TYPE

    def test_what_another_implementation_would_refuse_we_refuse(self, tmp_path: Path) -> None:
        from sigstore import dsse

        said = json.loads(seal(certificate(tmp_path), KEY))
        said["payload"] = base64.b64encode(base64.b64decode(said["payload"]) + b" ").decode()
        changed = json.dumps(said, sort_keys=True, indent=1).encode() + b"\n"
        with pytest.raises(InvalidSignature):
            PUBLIC.verify(
                base64.b64decode(said["signatures"][0]["sig"]),
                dsse._pae(said["payloadType"], base64.b64decode(said["payload"])),
            )
        with pytest.raises(Refused):
            unseal(changed, PUBLIC, FILE)

    def test_any_bit_flipped_anywhere_is_refused(self, small: bytes) -> None:
        for at in range(len(small)):
            flipped = bytearray(small)
            flipped[at] ^= 1 << (at % 8)
            with pytest.raises((Refused, PackError)):
                unseal(bytes(flipped), PUBLIC, FILE)

    @given(data=st.data())
    def test_nothing_else_is_taken_for_it(self, small: bytes, data: st.DataObject) -> None:
        at = data.draw(st.integers(0, len(small)))
        upto = data.draw(st.integers(at, min(len(small), at + 8)))
        put = data.draw(st.binary(max_size=8))
        changed = small[:at] + put + small[upto:]
        if changed != small:
            with pytest.raises((Refused, PackError)):
                unseal(changed, PUBLIC, FILE)

    def test_the_same_written_otherwise_is_refused(self, small: bytes) -> None:
        said = json.loads(small)
        for changed in (json.dumps(said).encode(), small + b"\n", small.rstrip()):
            with pytest.raises(Refused, match="not as it was written"):
                unseal(changed, PUBLIC, FILE)

    def test_a_foreign_key_is_refused_by_name(self, small: bytes) -> None:
        foreign = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key()
        with pytest.raises(Refused, match="signed with another key"):
            unseal(small, foreign, FILE)

    def test_a_foreign_signature_under_our_keys_name_is_refused(self, small: bytes) -> None:
        foreign = CryptoSigner(Ed25519PrivateKey.from_private_bytes(bytes(32)))
        said = json.loads(small)
        pae = Envelope(base64.b64decode(said["payload"]), PAYLOAD_TYPE, {}).pae()
        said["signatures"][0]["sig"] = base64.b64encode(
            bytes.fromhex(foreign.sign(pae).signature)
        ).decode()
        with pytest.raises(Refused, match="not of these words"):
            unseal(json.dumps(said, sort_keys=True, indent=1).encode() + b"\n", PUBLIC, FILE)

    @pytest.mark.parametrize(
        ("payload", "kind", "word"),
        [
            (b"{}", PAYLOAD_TYPE, "no certificate"),
            (b"no json", PAYLOAD_TYPE, "not JSON"),
            (b"[]", PAYLOAD_TYPE, "no certificate"),
            (b"{}", "application/json", "no in-toto statement"),
        ],
    )
    def test_something_else_that_our_key_signed_is_refused(
        self, payload: bytes, kind: str, word: str
    ) -> None:
        envelope = Envelope(payload, kind, {})
        envelope.sign(CryptoSigner(KEY))
        written = json.dumps(envelope.to_dict(), sort_keys=True, indent=1).encode() + b"\n"
        with pytest.raises(Refused, match=word):
            unseal(written, PUBLIC, FILE)

    def test_two_signatures_and_none_are_refused(self, small: bytes) -> None:
        said = json.loads(small)
        other = {"keyid": "ab", "sig": said["signatures"][0]["sig"]}
        for signatures in ([], [*said["signatures"], other]):
            changed = json.dumps({**said, "signatures": signatures}).encode()
            with pytest.raises(Refused, match="signatures, and not one"):
                unseal(changed, PUBLIC, FILE)

    @pytest.mark.parametrize(
        "content",
        [b"", b"\xff", b"[]", b"{}", b'{"payload": 1, "payloadType": "a", "signatures": []}',
         b'{"payload": "a", "payloadType": "a", "signatures": [1]}',
         b'{"payload": "YQ==", "payloadType": "a", "signatures": [{"sig": "YQ=="}]}'],
    )  # fmt: skip
    def test_what_is_no_envelope_is_no_usable_file(self, content: bytes) -> None:
        with pytest.raises(PackError, match=r"certificate\.json"):
            unseal(content, PUBLIC, FILE)


class TestTime:
    @pytest.mark.parametrize(
        ("now", "word"),
        [
            ("2026-11-21T23:59:59Z", "issued"),
            ("2026-11-22T00:00:00Z", ""),
            ("2027-11-21T09:31:11Z", ""),
            ("2027-11-21T09:31:12Z", "expired"),
        ],
    )
    def test_it_holds_from_its_issue_until_it_expires(
        self, tmp_path: Path, now: str, word: str
    ) -> None:
        said = out_of_time(certificate(tmp_path), now)
        assert bool(said) is bool(word)
        assert word in said


class TestKeys:
    def test_what_is_no_key_is_told_and_never_shown(self) -> None:
        for read in (private_key, public_key):
            with pytest.raises(PackError) as caught:
                read(b"-----BEGIN PRIVATE KEY-----\ns3cr3t\n-----END PRIVATE KEY-----", "my.key")
            assert "my.key" in str(caught.value)
            assert "s3cr3t" not in str(caught.value)


class TestWords:
    def test_it_says_what_it_does_and_does_not_promise(self, tmp_path: Path) -> None:
        issued = certificate(tmp_path, {SHOULD: "warn"}, "agent")
        said = told(issued, of=SET, run=False, newest=False)
        assert "level core" in said
        assert "It does not promise:" in said
        assert SHOULD in said
        assert "--run" in said
        assert "set 1 of revision" in said
        assert "its requirements were changed since they were frozen" in said
        assert "1 warned" in said
        more = told(certificate(tmp_path), of=SET, run=True, newest=True)
        assert "were changed" not in more
        assert "byte by byte" in more
        assert "--run" not in more

    def test_what_did_not_apply_is_named(self, tmp_path: Path) -> None:
        issued = certificate(tmp_path, {MUST: "not-applicable"})
        assert issued.inapplicable == (MUST,)
        said = told(issued, of=SET, run=True, newest=True)
        assert f"1 requirement on what it does not claim, or was never seen to do: {MUST}." in said


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A sealed certificate with short lists: the fewer its bytes, the sooner all are flipped."""
    whole = certificate(tmp_path_factory.mktemp("small"))
    kept: Mapping[str, int] = {**dict.fromkeys(whole.counts, 0), "pass": 2}
    few: Certificate = replace(whole, passed=("A-1", "A-2"), counts=kept)
    return seal(few, KEY)
