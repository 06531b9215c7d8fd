"""Inputs and workflow of a scenario, as a command line gives them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

import orjson

from schemas.errors import PackError, Problem

__all__ = ["add_inputs", "read_inputs"]


def add_inputs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--workflow", default="", metavar="ID", help="the one that is played")
    parser.add_argument(
        "--input",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="an input of the workflow, as JSON or as text; may be repeated",
    )


def read_inputs(said: Sequence[str]) -> dict[str, Any]:
    """`NAME=VALUE` pairs: a value that is JSON is what it says. Raises `PackError`."""
    found: dict[str, Any] = {}
    for pair in said:
        name, sign, value = pair.partition("=")
        if not (name and sign):
            message = "is not NAME=VALUE"
            raise PackError(Problem(file="--input", message=message, value=pair))
        try:
            found[name] = orjson.loads(value)
        except orjson.JSONDecodeError:
            found[name] = value
    return found
