"""No secret is left in what is recorded, and the same one is the same placeholder everywhere."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.recording.concealing import Concealer, placeholders
from conformance.recording.records import Asked, dump
from tests.conformance.recording.telling import asked, spoken

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl"
PEM = "-----BEGIN PRIVATE KEY-----\nMIIEcanary\n-----END PRIVATE KEY-----"
CANARY = "canary/9f8e7d6c"


def hidden(record: Any, **options: Any) -> str:
    return dump(Concealer(**options).record(record)).decode()


@pytest.mark.parametrize(
    "fields",
    [
        {"headers": [("authorization", f"Bearer {CANARY}")]},
        {"headers": [("x-agent-token", CANARY)]},
        {"headers": [("cookie", f"a={CANARY}; b=1")]},
        {"answer_headers": [("set-cookie", f"session={CANARY}; Path=/; HttpOnly")]},
        {"query": [("token", CANARY)]},
        {"query": [("api_key", CANARY)], "path": "/a/canary%2F9f8e7d6c"},
        {"body": {"user": {"password": CANARY}}},
        {"body": {"credentials": {"registry.username": CANARY}}},
        {"answer": {"api_token": CANARY, "note": f"use {CANARY} now"}},
        {"answer": {"refreshToken": CANARY}},
        {"answer": {"text": f"send Bearer {CANARY.replace('/', '-')}"}},
        {"answer": {"text": f"at http://a:{CANARY.replace('/', '-')}@host"}},
    ],
    ids=str,
)
def test_canary_is_not_recorded(fields: dict[str, Any]) -> None:
    bodies = {key: fields[key] for key in ("body", "answer") if key in fields}
    rest = {key: value for key, value in fields.items() if key not in bodies}
    text = hidden(asked(1, "registerAgent", **bodies, **rest))
    assert "canary" not in text.lower()
    assert placeholders(text)


def test_jwt_and_private_key_are_known_by_their_looks() -> None:
    text = hidden(asked(1, "x", answer={"what": JWT, "where": PEM}))
    assert JWT not in text
    assert "MIIEcanary" not in text
    assert "-----BEGIN PRIVATE KEY-----assay-secret-" in text


def test_password_among_subprotocols_is_one_where_credentials_are_offered() -> None:
    record = asked(1, "socket", headers=[("sec-websocket-protocol", f"SMP1.0, ann, {CANARY}")])
    assert "canary" in hidden(record)
    assert "canary" not in hidden(record, offered=True)
    assert "ann" in hidden(record, offered=True)


def test_same_secret_is_the_same_placeholder() -> None:
    concealer = Concealer()
    first = concealer.record(asked(1, "x", answer={"token": CANARY}))
    second = concealer.record(asked(2, "y", headers=[("authorization", f"Bearer {CANARY}")]))
    said = concealer.record(spoken(3, "agent", "m", {"text": CANARY}))
    other = concealer.record(asked(4, "z", answer={"token": "another-one"}))
    assert isinstance(first, Asked)
    assert isinstance(second, Asked)
    token = first.answer.value["token"]
    assert second.headers == [("authorization", f"Bearer {token}")]
    assert token in str(said)
    assert token not in str(other)


def test_records_from_before_a_secret_was_known_are_cleaned_later() -> None:
    concealer = Concealer()
    early = concealer.record(asked(1, "x", answer={"motto": CANARY}))
    concealer.record(asked(2, "y", answer={"password": CANARY}))
    assert "canary" not in str(concealer.record(early))


def test_description_of_a_field_is_no_secret() -> None:
    said = {"password": "string", "token": "str", "other": "string"}
    record = Concealer().record(asked(1, "x", answer=said))
    assert isinstance(record, Asked)
    assert record.answer.value == said


def test_lines_for_people_are_cleaned_as_well() -> None:
    concealer = Concealer()
    concealer.record(asked(1, "x", answer={"password": CANARY}))
    assert "canary" not in concealer.text(f"'{CANARY}' is too long, and so is Bearer {JWT}")
    assert JWT not in concealer.text(f"Bearer {JWT}")
