"""Certificates that a mock issues."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID

from mockserver.authority import Authority

BEGIN, END = 1_795_248_930.25, 1_795_335_330.75


def _read(pem: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem.encode())


def test_an_issued_certificate_is_a_clients_and_signed_by_its_authority() -> None:
    authority = Authority()
    issued = authority.issue("crane-1", BEGIN, END)
    made = _read(issued.cert)
    made.verify_directly_issued_by(_read(authority.pem))
    assert made.public_bytes(serialization.Encoding.DER) == issued.der
    assert made.subject.rfc4514_string() == "CN=crane-1"
    assert made.not_valid_before_utc == datetime.fromtimestamp(int(BEGIN), UTC)
    assert made.not_valid_after_utc == datetime.fromtimestamp(int(END), UTC)
    assert made.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    usage = made.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    key = serialization.load_pem_private_key(issued.key.encode(), None)
    assert key.public_key() == made.public_key()


def test_a_renewed_certificate_keeps_the_key_and_nothing_else() -> None:
    authority = Authority()
    first = authority.issue("crane-1", BEGIN, END)
    second = authority.issue("crane-1", BEGIN, END + 1, key=first.key)
    assert second.key == first.key
    assert _read(second.cert).public_key() == _read(first.cert).public_key()
    assert _read(second.cert).serial_number != _read(first.cert).serial_number


def test_authorities_of_the_same_name_do_not_vouch_for_each_other() -> None:
    issued = Authority().issue("crane-1", BEGIN, END)
    with pytest.raises(InvalidSignature):
        _read(issued.cert).verify_directly_issued_by(_read(Authority().pem))


def test_a_name_that_is_too_long_for_a_certificate_is_cut() -> None:
    made = _read(Authority().issue("c" * 300, BEGIN, END).cert)
    assert made.subject.rfc4514_string() == f"CN={'c' * 64}"
