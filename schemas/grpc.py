"""A grpc.yaml to `Operation`s, and the codes of gRPC against the statuses of HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas import pointer as json_pointer
from schemas.spec import Operation

__all__ = ["CODES", "STATUSES", "code_of", "read_procedures"]

STATUSES: Mapping[str, int] = {
    "OK": 200,
    "CANCELLED": 499,
    "UNKNOWN": 500,
    "INVALID_ARGUMENT": 400,
    "DEADLINE_EXCEEDED": 504,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "PERMISSION_DENIED": 403,
    "RESOURCE_EXHAUSTED": 429,
    "FAILED_PRECONDITION": 400,
    "ABORTED": 409,
    "OUT_OF_RANGE": 400,
    "UNIMPLEMENTED": 501,
    "INTERNAL": 500,
    "UNAVAILABLE": 503,
    "DATA_LOSS": 500,
    "UNAUTHENTICATED": 401,
}
"""The status that gateways between gRPC and HTTP make of each code (google.rpc.Code)."""

CODES: Mapping[int, str] = {
    **{status: code for code, status in reversed([*STATUSES.items()])},
    500: "INTERNAL",
}
"""The code that says most plainly what a status says."""


def code_of(status: int) -> str:
    """The code for any status: that of its own, or that of its class."""
    if 200 <= status < 300:
        return "OK"
    return CODES.get(status, "INVALID_ARGUMENT" if status < 500 else "INTERNAL")


def read_procedures(document: Mapping[str, Any]) -> dict[str, Operation]:
    """Every procedure of a bundled document by id."""
    package = document["package"]
    return {name: _procedure(package, name, said) for name, said in document["rpcs"].items()}


def _procedure(package: str, name: str, said: Mapping[str, Any]) -> Operation:
    service, _, method = name.partition(".")
    return Operation(
        id=name,
        method="RPC",
        path=f"/{package}.{service}/{method}",
        summary=said["summary"],
        section=said["section"],
        capability=said["capability"],
        request=_reference(name, "request"),
        request_required=False,
        request_example=None,
        responses={
            status: _reference(name, "responses", status) if schema is not None else None
            for status, schema in said["responses"].items()
        },
        media_type="application/grpc",
    )


def _reference(*steps: str) -> str:
    return "grpc#" + json_pointer.join(["rpcs", *steps])
