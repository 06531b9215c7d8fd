"""Certificates that look like an agent's and are not: no authority of the peer's signed them."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from conformance.clients.identity import Identity
from conformance.protocols.stella.fleet import Agent, Fleet
from conformance.protocols.stella.x509 import read_certificates

__all__ = ["forgeries"]


def forgeries(fleet: Fleet, agent: Agent) -> list[Identity]:
    """An agent's certificate as others would make it: an authority that calls itself what the
    agent's does, once with the chain and once without, and the forger for himself.

    Subject, serial number and extensions are the agent's own. They are valid on the peer's clock
    and on ours, so that nothing but their signature is wrong.
    """
    found = read_certificates(agent.cert)
    if not found:
        return []
    begin, end = _span(fleet.hours.now())
    maker = _key("authority")
    root = _authority(found[0].issuer, maker, begin, end)
    leaf = _like(found[0], found[0].issuer, maker, begin, end)
    alone = _like(found[0], found[0].subject, _key("agent"), begin, end)
    key = _pem_of(_key("agent"))
    return [
        fleet.identity(f"{agent.name} of another authority", [_pem(leaf), _pem(root)], key),
        fleet.identity(f"{agent.name} without its other authority", [_pem(leaf)], key),
        fleet.identity(f"{agent.name} signed by itself", [_pem(alone)], key),
    ]


@lru_cache(maxsize=4)
def _key(_: str) -> EllipticCurvePrivateKey:
    return generate_private_key(SECP256R1())


def _span(now: float) -> tuple[datetime, datetime]:
    ours = time.time()
    day = timedelta(days=1)
    first = datetime.fromtimestamp(min(now, ours), UTC) - day
    return first.replace(microsecond=0), datetime.fromtimestamp(max(now, ours), UTC) + day


def _authority(
    name: x509.Name, key: EllipticCurvePrivateKey, begin: datetime, end: datetime
) -> x509.Certificate:
    builder = x509.CertificateBuilder(
        subject_name=name,
        issuer_name=name,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=begin,
        not_valid_after=end,
        extensions=[],
    )
    basic = x509.BasicConstraints(ca=True, path_length=None)
    return builder.add_extension(basic, critical=True).sign(key, hashes.SHA256())


def _like(
    model: x509.Certificate,
    issuer: x509.Name,
    signer: EllipticCurvePrivateKey,
    begin: datetime,
    end: datetime,
) -> x509.Certificate:
    builder = x509.CertificateBuilder(
        subject_name=model.subject,
        issuer_name=issuer,
        public_key=_key("agent").public_key(),
        serial_number=model.serial_number,
        not_valid_before=begin,
        not_valid_after=end,
        extensions=[],
    )
    for each in model.extensions:
        builder = builder.add_extension(each.value, critical=each.critical)
    return builder.sign(signer, hashes.SHA256())


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()


def _pem_of(key: EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
