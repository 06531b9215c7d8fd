"""Others' word on our files: their public schemas, and libraries that read such files."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import xmlschema
from referencing import Registry

__all__ = ["PUBLIC", "legal_ctrf", "legal_har", "legal_junit", "legal_sarif"]

PUBLIC = Path(__file__).parent / "public"


def _read(name: str) -> Any:
    return json.loads((PUBLIC / name).read_text("utf-8"))


def legal_ctrf(path: Path) -> Any:
    """A CTRF file as data, past the public schema."""
    data = json.loads(path.read_text("utf-8"))
    _ctrf().validate(data)
    return data


def legal_sarif(path: Path) -> Any:
    """A SARIF file as data, past the public schema."""
    data = json.loads(path.read_text("utf-8"))
    _sarif().validate(data)
    return data


def legal_har(path: Path) -> Any:
    """A HAR file as data, past the public schema."""
    data = json.loads(path.read_text("utf-8"))
    _har().validate(data)
    return data


def legal_junit(path: Path) -> None:
    """Raises where Jenkins would refuse a JUnit file."""
    _junit().validate(str(path))


@cache
def _ctrf() -> jsonschema.Draft7Validator:
    return jsonschema.Draft7Validator(_read("ctrf.schema.json"), format_checker=_formats())


@cache
def _sarif() -> jsonschema.Draft4Validator:
    return jsonschema.Draft4Validator(_read("sarif.schema.json"), format_checker=_formats())


@cache
def _har() -> jsonschema.Draft6Validator:
    parts = {path.name: _read(f"har/{path.name}") for path in (PUBLIC / "har").glob("*.json")}
    # They call themselves `name#` and each other `name#` or `name`.
    known = [(f"{name}{end}", part) for name, part in parts.items() for end in ("", "#")]
    registry = Registry().with_contents(known)
    return jsonschema.Draft6Validator(
        parts["har.json"], registry=registry, format_checker=_formats()
    )


@cache
def _junit() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(str(PUBLIC / "junit-10.xsd"))


def _formats() -> jsonschema.FormatChecker:
    return jsonschema.FormatChecker(["date-time", "uuid"])
