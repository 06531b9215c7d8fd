"""A scenario to the text of its file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

from schemas.arazzo.model import Scenario

__all__ = ["to_yaml", "write_scenario"]

# The C emitter is some ten times the speed of the other.
_Base: type = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Dumper(_Base):  # type: ignore[misc]  # chosen at run time
    """Text that any reader of YAML, by whatever version, takes for the same data."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


# Numbers of JSON that YAML 1.1 takes for text: they are to be quoted where they are text.
_Dumper.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$"),
    list("-0123456789"),
)


def _write_float(dumper: Any, value: float) -> Any:
    """As JSON has it: `1e+300` would be text for a reader of YAML 1.1, and so it has a point."""
    text = repr(value)
    if "e" in text and "." not in text:
        text = text.replace("e", ".0e")
    return dumper.represent_scalar("tag:yaml.org,2002:float", text)


_Dumper.add_representer(float, _write_float)


def write_scenario(scenario: Scenario) -> str:
    """The text of its file: reading it gives the same data. What it refers to is not in it."""
    return to_yaml(scenario.said)


def to_yaml(document: Mapping[str, Any]) -> str:
    """A document of JSON's types as YAML, its keys in their order."""
    text: str = yaml.dump(
        dict(document), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100
    )
    return text
