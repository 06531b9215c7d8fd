"""The certificate authority: it issues the agents' certificates and knows its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any, TypeAlias

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .model import Agent, Obj, Paper, Peer

if TYPE_CHECKING:
    from .desk import Desk
    from .reading import Reading

__all__ = [
    "Authority",
    "Issue",
    "Key",
    "Signer",
    "issue",
    "key_text",
    "leaf",
    "new_key",
    "peer_of",
    "pem",
]

Key: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

_CLIENT = [ExtendedKeyUsageOID.CLIENT_AUTH]
_DAY = 86400


@dataclass(frozen=True, kw_only=True, slots=True)
class Signer:
    """Who signs."""

    cert: x509.Certificate
    key: Key


@dataclass(kw_only=True, slots=True)
class Issue:
    """A certificate before it is signed; times are seconds since 1970."""

    desk: Desk
    agent: Agent
    renewal: bool
    nth: int
    """Which certificate of this server's life."""
    subject: str
    key: Key
    """The key that the certificate is for."""
    handed: Key
    """The key that the agent gets."""
    serial: int
    not_before: float
    not_after: float
    expires: float
    """What `expiresAt` says."""
    signer: Signer
    chain: list[x509.Certificate]
    roots: list[x509.Certificate]
    """What `ca` holds."""
    uses: list[x509.ObjectIdentifier] = field(default_factory=lambda: [*_CLIENT])
    authority: bool = False
    filed: bool = True
    """Whether the server knows it afterwards."""
    der: bytes | None = None
    """A certificate handed out instead."""


class Authority:
    """A root, where the reading has it an intermediate, and the server's own certificate."""

    def __init__(self, reading: Reading, now: float) -> None:
        """Make them all; `now` is seconds since 1970."""
        self.reading = reading
        self.root = _root("Depot Root", now)
        self.issuer = self.root
        self.chain: list[x509.Certificate] = []
        self.roots = [self.root.cert]
        if reading.chain != "root":
            self.issuer = _intermediate(self.root, now)
        if reading.chain == "leaf_and_intermediate":
            self.chain = [self.issuer.cert]
        if reading.chain == "bundle":
            self.roots = [self.issuer.cert, self.root.cert]
        self.server_root = _root("Public Root", now) if reading.two_authorities else self.root
        self.foreign = _root("Elsewhere", now)
        self.server = _server(self.server_root, now)
        self.operator = leaf(self.root, now, "operator", ExtendedKeyUsageOID.CLIENT_AUTH)

    def signed(self, cert: x509.Certificate) -> bool:
        """Whether one of ours signed it."""
        for signer in (self.issuer, self.root):
            try:
                cert.verify_directly_issued_by(signer.cert)
            except (InvalidSignature, ValueError, TypeError):
                continue
            return True
        return False


def issue(desk: Desk, agent: Agent, *, renewal: bool) -> Obj:
    """A new certificate of 24 hours for an agent, filed and worded for an answer."""
    desk.certificates += 1
    reading = desk.reading
    fresh = not renewal or reading.renewal_key == "new"
    key = new_key(reading.algorithm) if fresh else agent.key
    now = float(int(desk.now()))
    paper = Issue(
        desk=desk,
        agent=agent,
        renewal=renewal,
        nth=desk.certificates,
        subject=agent.id,
        key=key,
        handed=key,
        serial=x509.random_serial_number(),
        not_before=now - reading.backdate,
        not_after=now + _DAY,
        expires=now + _DAY,
        signer=desk.authority.issuer,
        chain=desk.authority.chain,
        roots=desk.authority.roots,
    )
    if desk.seed.issue is not None:
        desk.seed.issue(paper)
    return _handed(paper)


def _handed(paper: Issue) -> Obj:
    cert = _sign(paper)
    der = paper.der or cert.public_bytes(serialization.Encoding.DER)
    desk, agent = paper.desk, paper.agent
    if paper.filed:
        print_of = cert.fingerprint(hashes.SHA256()).hex()
        filed = Paper(serial=cert.serial_number, not_after=paper.not_after)
        agent.papers[print_of] = filed
        desk.papers[print_of] = agent
    agent.key = paper.key
    lone = x509.load_der_x509_certificate(der)
    body = {
        "cert": "".join(pem(one) for one in [lone, *paper.chain]),
        "key": key_text(paper.handed),
        "ca": "".join(pem(one) for one in paper.roots),
        "expiresAt": desk.stamp(paper.expires),
    }
    if paper.renewal:
        del body["ca"]
        if desk.reading.renewal_key == "same":
            del body["key"]
    return body


def new_key(algorithm: str = "p256") -> Key:
    """A new private key."""
    if algorithm == "rsa":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key(ec.SECP256R1())


def pem(cert: x509.Certificate) -> str:
    """The text form of a certificate."""
    return cert.public_bytes(serialization.Encoding.PEM).decode()


def key_text(key: Key) -> str:
    """The text form of a private key, PKCS 8 without a pass phrase."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def peer_of(authority: Authority, der: bytes) -> Peer:
    """What the server makes of a certificate that a client showed."""
    cert = x509.load_der_x509_certificate(der)
    return Peer(
        fingerprint=cert.fingerprint(hashes.SHA256()).hex(),
        not_after=cert.not_valid_after_utc.timestamp(),
        ours=authority.signed(cert),
    )


def _sign(paper: Issue) -> x509.Certificate:
    builder = _builder(paper.subject, paper.key, paper.signer.cert.subject)
    builder = builder.serial_number(paper.serial)
    builder = builder.not_valid_before(_moment(paper.not_before))
    builder = builder.not_valid_after(_moment(paper.not_after))
    builder = builder.add_extension(
        x509.BasicConstraints(ca=paper.authority, path_length=None), critical=True
    )
    if paper.uses:
        builder = builder.add_extension(x509.ExtendedKeyUsage(paper.uses), critical=False)
    return builder.sign(paper.signer.key, hashes.SHA256())


def _root(name: str, now: float) -> Signer:
    key = new_key()
    builder = _lasting(_builder(name, key, _name(name)), now)
    builder = _as_authority(builder, key)
    return Signer(cert=builder.sign(key, hashes.SHA256()), key=key)


def _intermediate(root: Signer, now: float) -> Signer:
    key = new_key()
    builder = _lasting(_builder("Depot Agents", key, root.cert.subject), now)
    builder = _as_authority(builder, key)
    return Signer(cert=builder.sign(root.key, hashes.SHA256()), key=key)


def leaf(root: Signer, now: float, name: str, use: x509.ObjectIdentifier) -> Signer:
    """A client certificate of ten years."""
    key = new_key()
    builder = _lasting(_builder(name, key, root.cert.subject), now)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([use]), critical=False)
    return Signer(cert=builder.sign(root.key, hashes.SHA256()), key=key)


def _server(root: Signer, now: float) -> Signer:
    key = new_key()
    names = [x509.DNSName("localhost"), x509.IPAddress(IPv4Address("127.0.0.1"))]
    builder = _lasting(_builder("localhost", key, root.cert.subject), now)
    builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
    builder = builder.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(root.key.public_key()), critical=False
    )
    builder = builder.add_extension(
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False
    )
    return Signer(cert=builder.sign(root.key, hashes.SHA256()), key=key)


def _as_authority(builder: x509.CertificateBuilder, key: Key) -> x509.CertificateBuilder:
    usage: dict[str, Any] = dict.fromkeys(
        (
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    usage |= {"digital_signature": True, "key_cert_sign": True, "crl_sign": True}
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    builder = builder.add_extension(x509.KeyUsage(**usage), critical=True)
    return builder.add_extension(
        x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
    )


def _builder(name: str, key: Key, issuer: x509.Name) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(_name(name)).issuer_name(issuer)
    return builder.public_key(key.public_key())


def _lasting(builder: x509.CertificateBuilder, now: float) -> x509.CertificateBuilder:
    """Ten years, so that no advance of the clock outlives it."""
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(_moment(now) - timedelta(days=2))
    return builder.not_valid_after(_moment(now) + timedelta(days=3650))


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)
