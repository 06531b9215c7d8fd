"""Peers that are judged by the command, and judged again by a replay."""

from __future__ import annotations

import asyncio
import io
import json
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml

from conformance.cli import run
from conformance.target import Target
from tests.reports.builders import header

__all__ = ["assay", "judged", "replayed", "target_file", "written"]


_HOME = str(Path(__file__).parents[3])


async def replayed(*words: str | Path) -> tuple[int, str]:
    """The exit code of `assay replay`, and all that it said. It needs no process of its own."""
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        code = await asyncio.to_thread(run, ["replay", *map(str, words)])
    return code, said.getvalue()


async def assay(*words: str | Path) -> tuple[int, str]:
    """The exit code of a command line, and all that it said."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "assay", *map(str, words)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": _HOME},
    )
    out, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode()


def target_file(target: Target, path: Path) -> Path:
    """What flags cannot say of a target."""
    said: dict[str, Any] = {
        "url": target.url,
        "headers": dict(target.headers),
        "capabilities": dict(target.capabilities),
        "principals": [_plain(asdict(each)) for each in target.principals],
        "hooks": {name: _plain(asdict(hook)) for name, hook in target.hooks.items()},
        "timeout": target.timeout,
    }
    if target.tls.ca:
        said["tls"] = {"ca": target.tls.ca}
    if target.operator.headers:
        said["operator"] = _plain(asdict(target.operator))
    if target.credentials:
        said["credentials"] = asdict(target.credentials)
    if target.grpc:
        said["grpc"] = target.grpc
    path.write_text(yaml.safe_dump(said), "utf-8")
    return path


def _plain(said: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in said.items() if value not in ((), "", None, {})}


async def judged(
    target: Target, folder: Path, protocol: str, row: str, check: str, *more: str | Path
) -> Path:
    """The report of one check of a peer that breaks a row; the folder that it lies in."""
    file, out = target_file(target, folder / f"{protocol}.yaml"), folder / "report"
    code, said = await assay(
        *("test", protocol, "--target", file, "--only", row, "--out", out, "--no-scenarios"),
        *("--pytest-args", f"-k {check}", *more),
    )
    assert code == 1, said
    assert f"assay replay {out} {row}" in said
    return out


def written(folder: Path, *verdicts: Mapping[str, Any], **fields: Any) -> Path:
    """A run.jsonl by hand, cut off behind these verdicts, beside which one row is left open."""
    name = fields.pop("protocol", "aitbc")
    protocol = {"id": name, "title": "It", "version": "1", "document": "x.txt"}
    rows = dict.fromkeys([*(each["requirement"] for each in verdicts), "AITBC-GET-002"])
    command = f"assay test {protocol['id']} --url http://127.0.0.1:1"
    head = header(*rows, **{"protocol": protocol, "command": command, **fields})
    path = folder / "run.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in (head, *verdicts)), "utf-8")
    return path
