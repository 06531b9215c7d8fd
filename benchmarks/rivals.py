"""Mock servers of other houses, where they can be had. Each is fetched once, into `.cache`."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.process import Server
from benchmarks.servers import REGISTRATION
from schemas import load

__all__ = ["UnavailableError", "prism", "wiremock"]

CACHE = Path(__file__).parent / ".cache"

PRISM = "5.14.2"
WIREMOCK = "3.13.1"
_PATIENCE = 120.0
"""Seconds that a download may take."""


class UnavailableError(Exception):
    """It cannot be had here, and why."""


def prism() -> Server:
    """Prism (npm) over our own OpenAPI document: it validates, and answers from the schemas."""
    program = CACHE / "prism" / "node_modules" / ".bin" / "prism"
    if not program.exists():
        _fetch(_install_prism, "Prism", "npm")
    document = CACHE / "aitbc.json"
    document.write_text(json.dumps(load("aitbc").openapi))
    words = [str(program), "mock", "-h", "127.0.0.1", "-p", "{port}", "-v", "silent"]
    return Server(f"Prism {PRISM}", [*words, str(document)], steady=False)


def wiremock() -> Server:
    """WireMock (JVM) with three stubs; the body is matched against the same JSON Schema."""
    java = shutil.which("java")
    if java is None:
        raise UnavailableError("WireMock: no java here")
    jar = CACHE / f"wiremock-standalone-{WIREMOCK}.jar"
    if not jar.exists():
        _fetch(_copy_wiremock, "WireMock", "mvn")
    stubs = CACHE / "wiremock"
    (stubs / "mappings").mkdir(parents=True, exist_ok=True)
    (stubs / "mappings" / "aitbc.json").write_text(json.dumps({"mappings": _stubs()}))
    words = [java, "-jar", str(jar), "--port", "{port}", "--bind-address", "127.0.0.1"]
    words += ["--root-dir", str(stubs), "--disable-banner", "--no-request-journal"]
    return Server(f"WireMock {WIREMOCK}", words, steady=False)


def _fetch(get: Callable[[], None], name: str, program: str) -> None:
    if shutil.which(program) is None:
        raise UnavailableError(f"{name}: no {program} here")
    CACHE.mkdir(exist_ok=True)
    try:
        get()
    except (OSError, subprocess.SubprocessError) as error:
        raise UnavailableError(f"{name}: could not be fetched ({type(error).__name__})") from error


def _install_prism() -> None:
    words = ["npm", "install", "--prefix", str(CACHE / "prism"), "--no-audit", "--no-fund"]
    subprocess.run(
        [*words, "--silent", f"@stoplight/prism-cli@{PRISM}"],
        check=True,
        capture_output=True,
        timeout=_PATIENCE,
    )


def _copy_wiremock() -> None:
    artifact = f"org.wiremock:wiremock-standalone:{WIREMOCK}"
    words = ["mvn", "--batch-mode", "--quiet", "dependency:copy", f"-Dartifact={artifact}"]
    subprocess.run(
        [*words, f"-DoutputDirectory={CACHE}"],
        check=True,
        capture_output=True,
        cwd=CACHE,
        timeout=_PATIENCE,
    )


def _stubs() -> list[dict[str, Any]]:
    receipt = {"status": "success", "message": "registered", "agent_id": "surveyor-0"}
    agent = {"status": "success", "agent": {"agent_id": "surveyor-0", "agent_type": "worker"}}
    schema = {"matchesJsonSchema": json.dumps(REGISTRATION), "schemaVersion": "V202012"}
    registration = {"method": "POST", "urlPath": "/agents/register"}
    return [
        _stub({"method": "GET", "urlPath": "/health"}, 200, {"status": "healthy"}),
        _stub({"method": "GET", "urlPathPattern": "/agents/[^/]+"}, 200, agent),
        _stub({**registration, "bodyPatterns": [schema]}, 200, receipt),
        {**_stub(registration, 422, {"detail": "invalid"}), "priority": 9},
    ]


def _stub(request: dict[str, Any], status: int, body: Any) -> dict[str, Any]:
    return {"request": request, "response": {"status": status, "jsonBody": body}}
