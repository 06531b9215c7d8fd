"""The OpenAPI document that a peer serves, held against its specification."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NoReturn
from urllib.parse import unquote

from jsonschema_path import SchemaPath
from openapi_spec_validator.shortcuts import get_validator_cls

from schemas import pointer as json_pointer

__all__ = ["ElsewhereError", "faults_of"]

_SHOWN = ("example", "examples", "default", "const", "enum", "value")
"""Members whose values are data."""

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
    # The library follows the references of answers and parameters, and of no bodies of requests.
    dangling = [f"{address} leads nowhere" for address in _dangling(document, document)]
    return [message[:_LONGEST] for message in [*found, *dangling]]


def _dangling(said: Any, document: Any) -> Iterator[str]:
    """References into the document itself that lead to nothing; values that are shown hold none."""
    if isinstance(said, list):
        for each in said:
            yield from _dangling(each, document)
    elif isinstance(said, dict):
        address = said.get("$ref")
        if isinstance(address, str) and address.startswith("#/"):
            try:
                json_pointer.dig(document, json_pointer.parse(unquote(address[1:])))
            except LookupError:
                yield address
        for name, each in said.items():
            if name not in _SHOWN:
                yield from _dangling(each, document)
