"""The OpenAPI document that a peer serves, held against its specification."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from jsonschema_path import SchemaPath
from openapi_spec_validator.shortcuts import get_validator_cls

__all__ = ["ElsewhereError", "faults_of"]

_LONGEST = 120
"""Characters of what is told of a fault."""


class ElsewhereError(Exception):
    """It refers to other documents, which are not fetched."""


class _Nowhere(dict[str, Callable[[str], Any]]):
    """What the library asks for the documents that this one refers to, by the scheme of their
    address: none is had. A peer must not have us read files, or call others, as it likes.
    """

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __contains__(self, scheme: object) -> bool:
        return True

    def __getitem__(self, scheme: str) -> Callable[[str], Any]:
        return self._refuse

    def _refuse(self, address: str) -> NoReturn:
        self.asked.append(address)
        raise LookupError(address)


def faults_of(document: Any) -> list[str]:
    """What is wrong with it, in words; what cannot be read as OpenAPI is one fault. Raises
    `ElsewhereError` where it hangs on another document.
    """
    nowhere = _Nowhere()
    try:
        path = SchemaPath.from_dict(document, handlers=nowhere)
        found = [error.message for error in get_validator_cls(document)(path).iter_errors()]
    except Exception as error:  # noqa: BLE001  # the library's own, whatever a peer feeds it
        found = [f"it cannot be read as OpenAPI: {error}"]
    if nowhere.asked:
        raise ElsewhereError(", ".join(nowhere.asked))
    return [message[:_LONGEST] for message in found]
