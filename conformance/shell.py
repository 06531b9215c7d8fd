"""Requests and calls as the words of curl and grpcurl. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

__all__ = ["curl", "grpcurl"]

_OF_CURL = ("host", "accept", "accept-encoding", "user-agent", "content-length")
"""Headers that curl writes itself."""


def curl(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    body: str = "",
    form: Mapping[str, str] | None = None,
    identity: str = "",
    flags: Sequence[str] = (),
) -> list[str]:
    """`form` are the parts of a form, a file by `@` and its name; `identity` names the certificate
    that is shown, and `flags` go before all that. Names of headers are in lower case.
    """
    words = ["curl", "-i", *flags]
    if identity:
        words += ["--cert", f"{identity.replace(' ', '-')}.pem"]
    if method != "GET":
        words += ["-X", method]
    for name, value in headers.items():
        boundary = name == "content-type" and form is not None  # curl writes its own
        if name not in _OF_CURL and not boundary:
            words += ["-H", f"{name}: {value}"]
    if form is not None:
        for name, part in form.items():
            words += ["-F", f"{name}={part}"]
    elif body:
        # Not --data-binary, which takes a body that begins with @ for the name of a file.
        words += ["--data-raw", body]
    return [*words, url]


def grpcurl(
    address: str,
    method: str,
    *,
    headers: Mapping[str, str],
    body: str = "",
    flags: Sequence[str] = (),
) -> list[str]:
    """`address` is HOST:PORT, `method` `package.Service/Procedure`, `body` the message as JSON."""
    words = ["grpcurl", *flags]
    for name, value in headers.items():
        words += ["-H", f"{name}: {value}"]
    words += ["-d", body] if body else []
    return [*words, address, method]
