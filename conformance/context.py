"""What one run is about, as the command hands it to the suite's own process."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from conformance.target import Apart, Credentials, Hook, Operator, Principal, RateLimit, Target, Tls
from schemas.selection import EVERYTHING, is_selected
from schemas.spec import Requirement, Role

__all__ = ["PROFILES", "VARIABLE", "RunContext"]

VARIABLE = "ASSAY_RUN"
"""The environment variable that carries it: it may hold secrets, so no file and no argument."""

_TUPLES = ("command", "baseline", "situations", "rows", "on_sight")

PROFILES = ("quick", "standard", "exhaustive")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContext:
    """One run. `run` is its id, part of every id that it invents: two runs never collide."""

    protocol: str
    role: Role
    target: Target
    run: str
    seed: int = 0
    profile: str = "standard"
    strict: bool = False
    fail_fast: bool = False
    """Is the check that finds the first row broken the last one? The run is left incomplete."""
    only: str = EVERYTHING
    command: tuple[str, ...] = ()
    record: str = ""
    """The run.jsonl that is written."""
    baseline: tuple[Mapping[str, Any], ...] = ()
    invocation: str = ""
    fuzz: float | None = None
    """Seconds of the run for cases that nobody wrote down, where the profile's are not wanted."""
    patience: float | None = None
    """Seconds that an agent's situation lasts, where the profile's own are not wanted."""
    situations: tuple[str, ...] = ()
    """Globs of the situations that an agent is led through; all where there are none."""
    scenario: str = ""
    """The scenario that is played alone, instead of the suite; empty for the suite."""
    library: bool = True
    """Does the suite play the scenarios that ship as well?"""
    workflow: str = ""
    """The one of its workflows that is wanted, or empty."""
    client: str = ""
    """The one of its clients whose part is taken, where somebody else takes the others."""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    rows: tuple[str, ...] = ()
    """The rows that are judged, where not all of the role are."""
    on_sight: tuple[str, ...] = ()
    """Those among them that nothing need touch: they count where they are judged."""
    listen: Mapping[str, Any] = field(default_factory=dict)
    """How the mock listens while an agent is judged: `host`, `port`, and `tls` where it is not to
    be the protocol's default.
    """
    earlier: str = ""
    """The run.jsonl of the run that this one goes on from, or empty."""

    def selects(self, requirement: Requirement) -> bool:
        """Is this one to be judged in this run?"""
        wanted = not self.rows or requirement.id in self.rows
        return wanted and requirement.role == self.role and is_selected(requirement.id, self.only)

    def plays(self, situation: str) -> bool:
        """Is this situation of an agent wanted in this run?"""
        wanted = self.situations
        return not wanted or any(fnmatchcase(situation, glob) for glob in wanted)

    def dump(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_environment(cls) -> RunContext:
        """Raises `KeyError` outside of a run: the suite is started by `assay test`."""
        said = json.loads(os.environ[VARIABLE])
        target = said.pop("target")
        limit = target.pop("rate_limit")
        principals = tuple(Principal(**each) for each in target.pop("principals"))
        hooks = {
            name: Hook(**{**hook, "command": tuple(hook["command"])})
            for name, hook in target.pop("hooks").items()
        }
        return cls(
            **{
                **said,
                **{
                    name: tuple(said[name])
                    for name in ("command", "baseline", "situations", "rows", "on_sight")
                },
            },
            target=Target(
                **{
                    **target,
                    "tls": Tls(**target["tls"]),
                    "credentials": Credentials(**target["credentials"]),
                    "operator": Operator(**target["operator"]),
                    "principals": principals,
                    "hooks": hooks,
                    "rate_limit": RateLimit(**limit) if limit else None,
                    "apart": Apart(**target["apart"]) if target["apart"] else None,
                    "secrets": tuple(target["secrets"]),
                }
            ),
        )
