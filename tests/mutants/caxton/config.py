"""The configuration that an agent is deployed with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from . import bodies
from .model import Obj, Refusal, RefusedError
from .reading import Reading

if TYPE_CHECKING:
    from .desk import Desk

__all__ = ["bumped", "capabilities", "fuel", "judge", "limits", "megabytes", "version"]

_MEMORY = re.compile(r"(\d{1,15}(?:\.\d{1,6})?)\s*([KMGT]?)i?B?", re.IGNORECASE)
_CPU = re.compile(r"\d{1,15}m?")
_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_MOST = 64 * 10**9
_KNOWN = ("immediate", "rolling", "blue_green", "canary", "direct", "graceful")


def judge(desk: Desk, given: Obj) -> None:
    """Refuse a configuration of the wrong types, or beyond the machine's limits."""
    strategy = given.get("strategy")
    bodies.check(desk, strategy is None or isinstance(strategy, str), "strategy", "is no string")
    if desk.reading.strict_strategies and strategy is not None and strategy not in _KNOWN:
        bodies.invalid(desk, "the strategy is not known", field="strategy")
    resources = given.get("resources", {})
    bodies.check(desk, isinstance(resources, dict), "resources", "must be an object")
    if isinstance(resources, dict):
        _judge_resources(desk, resources)
    for name in ("environment", "capabilities"):
        kind = dict if name == "environment" else list
        value = given.get(name, kind())
        bodies.check(desk, isinstance(value, kind), name, f"must be a {kind.__name__}")


def _judge_resources(desk: Desk, resources: Obj) -> None:
    memory, cpu = resources.get("memory"), resources.get("cpu")
    size = _bytes(memory)
    bodies.check(desk, memory is None or size is not None, "resources.memory", "is no size")
    fine = cpu is None or (isinstance(cpu, str | int) and _CPU.fullmatch(str(cpu)) is not None)
    bodies.check(desk, fine, "resources.cpu", "is no amount")
    if size is not None and size > _MOST and desk.reading.memory_limit:
        raise RefusedError(
            Refusal(
                status=429,
                code="RESOURCE_LIMIT_EXCEEDED",
                words=f"{memory} is more than the machine has",
                details={"resource": "memory", "requested": memory},
            )
        )


def _bytes(memory: Any) -> float | None:
    if isinstance(memory, int) and not isinstance(memory, bool):
        return float(memory)
    found = _MEMORY.fullmatch(memory) if isinstance(memory, str) else None
    return float(found[1]) * _UNITS[found[2].upper()] if found else None


def megabytes(memory: str) -> float:
    """A size as shown; 64 where it cannot be read."""
    size = _bytes(memory)
    return 64.0 if size is None else size / 10**6


def limits(desk: Desk, given: Obj) -> tuple[str, str]:
    """Memory and CPU as they are shown; defaults where nothing is said."""
    resources = given.get("resources")
    resources = resources if isinstance(resources, dict) else {}
    memory, cpu = resources.get("memory"), resources.get("cpu")
    size = _bytes(memory)
    shown = "64MB" if size is None else str(memory)
    if desk.reading.limits_echo == "normalised" and size is not None:
        shown = f"{size / 1000:.0f}KB"
    plain = str(cpu) if isinstance(cpu, str | int) and _CPU.fullmatch(str(cpu)) else "100000"
    return shown, plain


def fuel(cpu: str) -> int:
    """CPU as a plain number."""
    return int(cpu.removesuffix("m")) * (1000 if cpu.endswith("m") else 1)


def capabilities(desk: Desk, given: Obj, op: str) -> tuple[str, ...]:
    """What an agent says that it can do; `op` says by which door it came."""
    place = "config" if op == "grpc" else desk.reading.capabilities_in
    listed: Any = given.get("capabilities") if place == "config" else None
    if place == "environment":
        environment = given.get("environment")
        text = environment.get("CAPABILITIES", "") if isinstance(environment, dict) else ""
        listed = str(text).split(",")
    if not isinstance(listed, list):
        return ()
    return tuple(one for one in listed if isinstance(one, str) and one)


def version(given: Obj) -> str | None:
    """The version that a configuration names."""
    value = given.get("version")
    return value if isinstance(value, str) and value else None


def bumped(before: str, reading: Reading) -> str:
    """The version that follows, where none is named."""
    found = re.fullmatch(r"(\d{1,9})\.(\d{1,9})\.(\d{1,9})", before)
    if found is None:
        return f"{before}+1"
    major, minor = int(found[1]), int(found[2])
    return f"{major + 1}.0.0" if reading.bump == "major" else f"{major}.{minor + 1}.0"
