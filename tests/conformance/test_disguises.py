"""How secrets are found that are passed on."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.disguises import disguises, holds_secret

_SECRET = 'p&ss "w" ö/+?-0123456789'


@pytest.mark.parametrize(
    "text",
    [
        f"login {_SECRET} done",
        json.dumps({"password": _SECRET}),
        f"/x?token={quote(_SECRET, safe='')}",
        _SECRET.encode().hex(),
        base64.b32encode(_SECRET.encode()).decode(),
        _SECRET[::-1],
    ],
)
def test_secrets_are_known_in_disguise(text: str) -> None:
    assert holds_secret(text, _SECRET)
    assert holds_secret(text.encode(), _SECRET)
    assert not holds_secret(text, f"{_SECRET}x")


@given(before=st.binary(max_size=9), after=st.binary(max_size=9), url=st.booleans())
def test_secrets_are_known_amid_what_is_encoded_with_them(
    before: bytes, after: bytes, *, url: bool
) -> None:
    encode = base64.urlsafe_b64encode if url else base64.b64encode
    assert holds_secret(encode(before + _SECRET.encode() + after), _SECRET)


def test_disguises_are_no_shorter_than_half_of_the_secret() -> None:
    assert min(map(len, disguises("abcdefgh"))) >= 8
