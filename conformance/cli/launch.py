"""What the commands that judge a peer share: the target, the suite's process, the reports."""

from __future__ import annotations

import argparse
import asyncio
import math
import os
import re
import secrets
import shlex
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from conformance.cli.formats import Wanted, add_formats, show, wanted
from conformance.cli.github import commands_stopped
from conformance.cli.reach import turned_away, unreachable
from conformance.cli.screen import columns
from conformance.clients.http import tls_context
from conformance.context import PROFILES, RunContext
from conformance.ids import base36
from conformance.masking import Masker
from conformance.recorder import Recorder
from conformance.suite_process import suite_command, suite_environment
from conformance.target import Credentials, Target, read_target
from reports import Run, write_all
from reports.baseline import read_baseline
from reports.formats import forget
from schemas import PackError, load_requirements
from schemas.errors import Problem
from schemas.spec import Protocol, Role

__all__ = [
    "add_common",
    "add_coordinator",
    "asked_target",
    "base_context",
    "carry_out",
    "is_base_url",
    "refuse_unless",
]


def add_coordinator(parser: argparse.ArgumentParser) -> None:
    """Where a coordinator is, and what it wants of whoever comes."""
    parser.add_argument("--url", help="base URL of the coordinator, with a path prefix if any")
    parser.add_argument(
        "--user", metavar="NAME:PASSWORD", help="credentials, where the peer wants some"
    )
    parser.add_argument("--grpc", metavar="HOST:PORT", help="where its procedures are called")
    parser.add_argument("--token", help="what the peer wants with each request, where it wants one")
    parser.add_argument("--target", type=Path, metavar="FILE", help="what flags can't say (YAML)")


def add_common(parser: argparse.ArgumentParser) -> None:
    """How it is judged, and where the reports go."""
    parser.add_argument("--profile", choices=PROFILES, default="standard")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("assay-report"), metavar="DIR")
    add_formats(parser, "--report")
    parser.add_argument("--strict", action="store_true", help="what is only implied fails too")
    parser.add_argument(
        "--fail-fast", action="store_true", help="end with the first requirement that is broken"
    )
    parser.add_argument("--baseline", type=Path, metavar="FILE", help="known failures (YAML)")
    parser.add_argument(
        "--timeout", type=float, metavar="S", help="seconds that an answer may take"
    )
    parser.add_argument(
        "--fuzz", type=float, metavar="S", help="seconds for generated cases (0: none of them)"
    )
    parser.add_argument("--pytest-args", default="", metavar="ARGS", help="more for pytest, quoted")


def base_context(arguments: argparse.Namespace, protocol: Protocol, role: Role) -> RunContext:
    """What was asked for, checked. Raises `PackError` for what cannot be."""
    target = asked_target(arguments, protocol)
    if role == "coordinator":
        hint = "give the coordinator's base URL with --url http://HOST:PORT or in the target file"
        known = is_base_url(target.url)
        refuse_unless(known, "--url", "is not the URL of a coordinator", target.url or None, hint)
        refuse_unless(not arguments.peer_command, "--", "a command is for --role agent", None)
        _check_tls(target, arguments.target)
    _check_words(arguments.pytest_args)
    fuzz = arguments.fuzz
    refuse_unless(fuzz is None or 0 <= fuzz < math.inf, "--fuzz", "is no number of seconds", fuzz)
    return RunContext(
        protocol=protocol.id,
        role=role,
        target=target,
        run=_run_id(),
        seed=arguments.seed,
        profile=arguments.profile,
        strict=arguments.strict,
        fail_fast=arguments.fail_fast,
        fuzz=fuzz,
        record=str((arguments.out / "run.jsonl").resolve()),
        baseline=read_baseline(arguments.baseline) if arguments.baseline else (),
        invocation=shlex.join(["assay", *arguments.argv]),
    )


def asked_target(arguments: argparse.Namespace, protocol: Protocol) -> Target:
    """The peer that the flags of `add_coordinator` name. Raises `PackError`."""
    target = read_target(arguments.target, protocol) if arguments.target else Target()
    if arguments.url:
        target = target.with_url(arguments.url)
    if arguments.grpc:
        refuse_unless(bool(protocol.grpc), "--grpc", f"{protocol.id} has no procedures", None)
        sound = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[^\s:/]+):[0-9]{1,5}", arguments.grpc)
        refuse_unless(bool(sound), "--grpc", "is not HOST:PORT", arguments.grpc)
        target = replace(target, grpc=arguments.grpc)
    if arguments.token is not None:
        refuse_unless(bool(protocol.token_header), "--token", "no request has one here", None)
        target = target.with_token(arguments.token, protocol)
    if arguments.user is not None:
        name, colon, password = arguments.user.partition(":")
        refuse_unless(bool(name and colon), "--user", "is not NAME:PASSWORD", None)
        target = target.with_credentials(Credentials(username=name, password=password))
    target = target.for_protocol(protocol)
    if arguments.timeout is not None:
        refuse_unless(arguments.timeout > 0, "--timeout", "is not above 0", arguments.timeout)
        target = replace(target, timeout=arguments.timeout)
    return target


def carry_out(context: RunContext, arguments: argparse.Namespace, protocol: Protocol) -> int:
    """Run the suite, write the reports, and return the exit code."""
    asked, out = wanted(arguments, "--report"), arguments.out
    reason = _out_of_reach(context)
    if not reason:
        _check_token(context, protocol)
    _make_room(out)
    if reason:
        _give_up(context, protocol, reason)
        return _report(context, asked, out).exit_code
    with commands_stopped():
        ended = _run_suite(context, arguments)
    if not Path(context.record).exists():
        print(f"assay: the suite ended with {ended} before it began", file=sys.stderr)
        return 4
    run = _report(context, asked, out)
    if "resume" in arguments and not run.complete:
        print(f"to go on from here: the same command with --resume {shlex.quote(str(out))}")
    return run.exit_code


def _report(context: RunContext, asked: Wanted, out: Path) -> Run:
    run = write_all(Path(context.record), out, asked.formats, asked.link)
    show(run, out, asked)
    return run


def is_base_url(url: str) -> bool:
    """Can a coordinator be there?"""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets that don't match, a port beyond 65535
        return False


def _check_tls(target: Target, path: Path | None) -> None:
    try:
        tls_context(target)
    except OSError as error:
        names = ", ".join(filter(None, (target.tls.ca, target.tls.cert, target.tls.key)))
        reason = error.strerror or str(error)
        problem = Problem(
            file=str(path),
            pointer="/tls",
            message=f"a file in PEM cannot be used: {reason}",
            value=names,
            hint="paths are relative to the target file",
        )
        raise PackError(problem) from error


def _check_token(context: RunContext, protocol: Protocol) -> None:
    """Nothing can be said of a coordinator that turns everybody away who shows no token; only a
    scenario may bring one along, or want none.
    """
    if context.role == "coordinator" and not context.scenario:
        away = asyncio.run(turned_away(context.target, protocol))
        hint = f"--token TOKEN is sent as {protocol.token_header}; a target file can have it too"
        refuse_unless(not away, "--token", f"is wanted: without one, {away} gives 401", None, hint)


def _check_words(pytest_args: str) -> None:
    try:
        shlex.split(pytest_args)
    except ValueError as error:
        message = f"is no list of arguments: {error}"
        problem = Problem(file="--pytest-args", message=message, value=pytest_args)
        raise PackError(problem) from error


def refuse_unless(ok: bool, flag: str, message: str, value: Any, hint: str = "") -> None:
    """Raises `PackError` about a flag."""
    if not ok:
        raise PackError(Problem(file=flag, message=message, value=value, hint=hint))


def _run_id() -> str:
    """Sortable, and not met again: the time in seconds, and a random tail. It is short, for names
    that checks make up hold it, and peers may take short names only.
    """
    seconds, tail = int(datetime.now(UTC).timestamp()), secrets.randbelow(36**3)
    return base36(seconds).rjust(6, "0") + base36(tail).rjust(3, "0")


def _make_room(out: Path) -> None:
    """An empty place for this run: an older run's reports must not be taken for this one's."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / "run.jsonl").unlink(missing_ok=True)
        forget(out)
    except OSError as error:
        problem = Problem(file=str(out), message=f"cannot be written: {error.strerror}")
        raise PackError(problem) from error


def _out_of_reach(context: RunContext) -> str:
    """Why the peer cannot be judged at all; empty where it can be tried."""
    if context.role == "coordinator":
        return asyncio.run(unreachable(context.target))
    if context.command and shutil.which(context.command[0]) is None:
        return f"{context.command[0]} cannot be started: no such command"
    return ""


def _give_up(context: RunContext, protocol: Protocol, reason: str) -> None:
    recorder = Recorder(Path(context.record))
    recorder.header(context, protocol, load_requirements(protocol).values())
    reason = Masker(context.target.secrets).text(reason)
    recorder.footer("unreachable", reason)
    recorder.close()
    print(f"assay: {reason}", file=sys.stderr)


def _workers(context: RunContext, arguments: argparse.Namespace) -> int:
    """As many as are wanted; two by themselves, where neither is in the other's way."""
    wanted: int | None = getattr(arguments, "workers", 0)
    if wanted is not None:
        return wanted
    free = context.target.apart is not None and not context.fail_fast and not context.scenario
    return 2 if free and (os.cpu_count() or 1) > 1 else 0


def _run_suite(context: RunContext, arguments: argparse.Namespace) -> int:
    more = shlex.split(arguments.pytest_args)
    words = suite_command(context, workers=_workers(context, arguments), more=more)
    wide = {"COLUMNS": str(columns())}
    environment = {**suite_environment(context), **wide}
    # A terminal's Ctrl-C reaches the suite by itself; where there is none, it hears of it from us
    # alone, whether one process was asked to end or the whole group.
    terminal = sys.stdin is not None and sys.stdin.isatty()
    process = subprocess.Popen(words, env=environment, process_group=None if terminal else 0)  # noqa: S603  # our own words
    # Who asks us to end asks the suite: it must not be left behind, and tells what it has.
    for sign in (signal.SIGTERM,) if terminal else (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: process.send_signal(signal.SIGINT))
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            # The suite got the same signal, and writes its footer before it ends.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
