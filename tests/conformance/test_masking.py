"""Secrets are needed on the wire, and never written down."""

from __future__ import annotations

import time
from typing import Any

import pytest

from conformance.exchange import Exchange
from conformance.masking import MASK, Masker
from conformance.recorder import encode
from conformance.verdict import Evidence, Finding

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJl-canary"
KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIcanaryKEY0\ncanaryKEY1==\n-----END RSA PRIVATE KEY-----"
KNOWN = "known-canary-äö\"'\\"


@pytest.mark.parametrize(
    "name",
    [
        "Authorization", "authorization", "Proxy-Authorization", "Cookie", "Set-Cookie",
        "X-Auth-Token", "X-API-Key", "x-apikey", "Client-Secret",
    ],
)  # fmt: skip
def test_headers_that_carry_secrets_are_masked(name: str) -> None:
    assert Masker().headers({name: "canary"}) == {name: MASK}


def test_other_headers_are_left_alone_but_for_what_they_hold() -> None:
    masked = Masker(["known"]).headers({"x-trace": "a known b", "accept": "text/html"})
    assert masked == {"x-trace": f"a {MASK} b", "accept": "text/html"}


@pytest.mark.parametrize(
    "field",
    [
        "password", "Password", "db_password", "passwd", "secret", "client_secret", "api_key",
        "apikey", "apiKey", "private_key", "privateKey", "access_token", "accessToken",
        "refresh_token", "token", "Authorization", "cookie", "Set-Cookie",
    ],
)  # fmt: skip
def test_fields_named_like_secrets_are_masked_however_deep(field: str) -> None:
    assert Masker().json([{"a": {field: "canary"}}]) == [{"a": {field: MASK}}]


@pytest.mark.parametrize("value", [{"max_tokens": 5}, {"token": 5}, {"tokens": "a"}, {"key": "a"}])
def test_fields_that_only_sound_like_secrets_are_left(value: Any) -> None:
    assert Masker().json(value) == value


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Bearer canary.x~y+/=", f"Bearer {MASK}"),
        ("sent bearer   canary, again", f"sent bearer   {MASK}, again"),
        ("http://h/x?token=canary&b=c", f"http://h/x?token={MASK}&b=c"),
        ("http://h/x?a=b&api_key=canary", f"http://h/x?a=b&api_key={MASK}"),
        ("http://h/x?PASSWORD=canary", f"http://h/x?PASSWORD={MASK}"),
        ("password=canary&user=ann", f"password={MASK}&user=ann"),
        ("http://me:canary@h:80/x", f"http://me:{MASK}@h:80/x"),
        (f"see {JWT} there", f"see {MASK} there"),
        (KEY, f"-----BEGIN RSA PRIVATE KEY-----{MASK}-----END RSA PRIVATE KEY-----"),
        (KEY[:-40] + "canary", f"-----BEGIN RSA PRIVATE KEY-----{MASK}"),
        ("a colon: b@c and http://h/a@b:c", "a colon: b@c and http://h/a@b:c"),
        ("the bearer of news", f"the bearer {MASK} news"),
        ('{"password": "ca\\"nary", "a": "b"}', f'{{"password": "{MASK}", "a": "b"}}'),
        (
            '"{\\"db_password\\":\\"ca,nary\\",\\"a\\":1}"',
            f'"{{\\"db_password\\":\\"{MASK}\\",\\"a\\":1}}"',
        ),
        ("{'Cookie': \"it's canary\"}", f"{{'Cookie': \"{MASK}\"}}"),
        ('[{"token":"canary', f'[{{"token":"{MASK}'),
        ('"tokens": "a", "token": 5, "password": ""', '"tokens": "a", "token": 5, "password": ""'),
        ("nothing secret", "nothing secret"),
        ("", ""),
    ],
)
def test_texts_like_secrets_are_masked(text: str, masked: str) -> None:
    assert Masker().text(text) == masked


def test_known_secrets_are_masked_the_longest_first_and_short_ones_left() -> None:
    mask = Masker(["abcd", "abcdefgh", "xyz", ""])
    assert mask.text("abcdefgh abcd xyz") == f"{MASK} {MASK} xyz"
    assert mask.json({"abcd": ["abcd", 1, None, True]}) == {MASK: [MASK, 1, None, True]}


def test_masking_takes_no_time_over_odd_texts() -> None:
    began = time.monotonic()
    for odd in (
        "eyJ" * 30_000,
        "-----BEGIN " * 20_000,
        "bearer " * 30_000,
        "http://a:" * 20_000,
        '"password":"' * 20_000,
        "\\" * 90_000 + '"',
        '"' + "password" * 20_000,
    ):
        Masker(["secret"]).text(odd)
    assert time.monotonic() - began < 5


CARRIERS: dict[str, dict[str, Any]] = {
    "header": {"headers": {"authorization": "canary"}},
    "answer header": {"answer_headers": {"set-cookie": "sid=canary"}},
    "field": {"body": b'{"deep": [{"password": "canary"}]}'},
    "answer field": {"answer": b'{"access_token": "canary"}'},
    "field of a long body": {"body": b'{"password": "canary", "x": "' + b"y" * 30_000 + b'"}'},
    "bearer in text": {"answer": b"you sent Bearer canary"},
    "jwt": {"answer": b'{"seen": "' + JWT.encode() + b'"}'},
    "private key": {"body": b'{"pem": "' + KEY.replace("\n", "\\n").encode() + b'"}'},
    "url": {"url": "http://h/x?token=canary"},
    "user of a url": {"url": "http://me:canary@h/x"},
    "known in url": {"url": "http://h/known-canary"},
    "known in text": {"answer": b"<p>known-canary</p>"},
    "known, escaped": {"body": b'{"a": "known-c\\u0061nary"}'},
    "known across the cut": {"answer": b"x" * 19_992 + b"known-canary" + b"x" * 500},
    "known as key": {"answer": b'{"known-canary": 1}'},
    "known in bytes": {"body": b"\xff known-canary"},
    "failure": {"failure": "the answer is not HTTP: known-canary", "status": None},
}


@pytest.mark.parametrize("where", CARRIERS)
def test_no_canary_gets_into_a_record(where: str) -> None:
    fields: dict[str, Any] = {"operation": "x", "method": "POST", "url": "http://h", "status": 200}
    seen = Exchange(**(fields | CARRIERS[where]))
    evidence = Evidence(exchanges=[seen], actual=seen.at("/seen") if where == "jwt" else "x")
    finding = Finding(requirement="A", check="c", verdict="fail", evidence=evidence)
    line = encode(finding.record(Masker(["known-canary"]))).decode()
    assert MASK in line
    for piece in ("canary", "known-ca", "c\\\\u0061nary", "MIIc"):
        assert piece not in line, line


def test_a_known_secret_with_quotes_is_found_in_json_and_in_the_command() -> None:
    body = encode({"a": KNOWN})
    seen = Exchange(operation="x", method="POST", url="http://h/x", body=body)
    line = encode(Evidence(exchanges=[seen]).record(Masker([KNOWN]))).decode()
    assert "known-canary" not in line


def test_credentials_of_a_task_are_masked_each_and_their_names_are_kept() -> None:
    said = {"credentials": {"vault.user": "kim", "pin": 7}, "credentialsCount": 2}
    assert Masker().json(said) == {
        "credentials": {"vault.user": "•••", "pin": "•••"},
        "credentialsCount": 2,
    }
