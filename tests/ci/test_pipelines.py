"""What CI servers and Docker are given: legal by their own schemas, and its shell run for real."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from schemas.files import read
from tests.conformance.peers import closed_port

HOME = Path(__file__).resolve().parents[2]
ACTION = HOME / "action.yml"
GITLAB = HOME / "ci" / "gitlab" / "assay.gitlab-ci.yml"
COMPOSE = HOME / "compose.yaml"
CANARY = "c4n4ry-S3cret-9a8b7c"


@pytest.mark.parametrize(
    ("path", "schema"),
    [(ACTION, "github-actions"), (GITLAB, "gitlab-ci"), (COMPOSE, "compose-spec")],
    ids=lambda each: getattr(each, "name", each),
)
def test_file_keeps_its_readers_own_schema(path: Path, schema: str) -> None:
    words = ["--builtin-schema", f"vendor.{schema}", str(path)]
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", *words],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def judging() -> dict[str, Any]:
    """The step of the action that judges."""
    steps = read(ACTION)["runs"]["steps"]
    found: dict[str, Any] = next(step for step in steps if step.get("id") == "judge")
    return found


def shell(folder: Path, script: str, assay: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """A step's script as runners start it, with `assay` where the step before had put it."""
    path = folder / "step.sh"
    path.write_text(script.replace("/tmp/assay/bin/assay", str(assay)))
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(path)],
        capture_output=True,
        text=True,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "NO_COLOR": "1", **env},
        check=False,
    )


def stand_in(folder: Path, body: str) -> Path:
    """An executable where the action installs Assay."""
    path = folder / "assay" / "bin" / "assay"
    path.parent.mkdir(parents=True)
    path.write_text(f"#!{sys.executable}\n{body}\n")
    path.chmod(0o755)
    return path


SHOW = "import json, sys; print(json.dumps(sys.argv[1:])); sys.exit(1)"
REAL = f"""import sys
sys.path.insert(0, {str(HOME)!r})
from assay.__main__ import main
sys.exit(main())"""


def acted(folder: Path, body: str, **inputs: str) -> subprocess.CompletedProcess[str]:
    """What the action's step does, with these inputs."""
    step = judging()
    known = {name: said.get("default", "") for name, said in read(ACTION)["inputs"].items()}
    env = {
        name: re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda m: (known | inputs)[m[1]], value)
        for name, value in step["env"].items()
    }
    files = {"GITHUB_OUTPUT": folder / "output", "GITHUB_STEP_SUMMARY": folder / "summary"}
    env |= {name: str(path) for name, path in files.items()}
    assay = stand_in(folder, body)
    return shell(folder, step["run"], assay, RUNNER_TEMP=str(folder), **env)


class TestAction:
    def test_inputs_become_words_and_nothing_else(self, tmp_path: Path) -> None:
        done = acted(
            tmp_path,
            SHOW,
            protocol="aitbc",
            url="http://h/a b;$(touch owned)",
            profile="quick",
            formats="html,sarif",
            arguments="--only AITBC-* --role agent -- ./a --url {url}",
        )
        line = next(line for line in done.stdout.splitlines() if line.startswith("["))
        assert json.loads(line) == [
            "test", "aitbc", "--out", "assay-report", "--url", "http://h/a b;$(touch owned)",
            "--report", "html,sarif", "--profile", "quick", "--only", "AITBC-*", "--role", "agent",
            "--", "./a", "--url", "{url}",
        ]  # fmt: skip
        assert not (tmp_path / "owned").exists()

    def test_the_exit_code_is_handed_on(self, tmp_path: Path) -> None:
        done = acted(tmp_path, SHOW, protocol="aitbc")
        assert done.returncode == 1, done.stderr
        assert (tmp_path / "output").read_text() == "exit-code=1\n"

    def test_a_peer_gives_the_runner_no_commands(self, tmp_path: Path) -> None:
        done = acted(tmp_path, "print('::error::mine')\nprint('# mine')", protocol="aitbc")
        assert done.returncode == 0, done.stderr
        first, *_, last = done.stdout.splitlines()
        assert first.startswith("::stop-commands::")
        assert last == f"::{first.removeprefix('::stop-commands::')}::"
        lines = (tmp_path / "summary").read_text().splitlines()
        assert lines[2:] == ["    ::error::mine", "    # mine"]

    def test_a_record_of_an_older_run_is_not_told_of(self, tmp_path: Path) -> None:
        (tmp_path / "assay-report").mkdir()
        (tmp_path / "assay-report" / "run.jsonl").write_text("of another day")
        done = acted(tmp_path, "import sys; print('wrong usage'); sys.exit(2)", protocol="x")
        assert done.returncode == 2
        assert (tmp_path / "summary").read_text() == "### Assay\n\n    wrong usage\n"

    def test_no_input_stands_in_the_text_of_a_script(self) -> None:
        for step in read(ACTION)["runs"]["steps"]:
            assert "${{" not in step.get("run", "")

    def test_a_peer_out_of_reach_is_told_and_no_secret_is_shown(self, tmp_path: Path) -> None:
        port = asyncio.run(closed_port())
        url = f"http://ann:{CANARY}@127.0.0.1:{port}"
        done = acted(tmp_path, REAL, protocol="aitbc", url=url)
        assert done.returncode == 3, done.stdout + done.stderr
        summary = (tmp_path / "summary").read_text()
        assert "could not be reached" in summary
        assert summary.startswith("## Inconclusive")
        _, told = done.stdout.rsplit("\n::assay-", 1)
        assert "could not be reached" in next(
            line for line in told.splitlines() if line.startswith("::error title=")
        )
        assert CANARY not in done.stdout + done.stderr + summary
        assert (tmp_path / "assay-report" / "junit.xml").exists()


class TestGitLab:
    def job(self) -> dict[str, Any]:
        said: dict[str, Any] = read(GITLAB)[".assay"]
        return said

    def test_variables_become_words_and_the_exit_code_the_jobs(self, tmp_path: Path) -> None:
        job = self.job()
        assay = stand_in(tmp_path, SHOW)
        env = {
            **job["variables"],
            "ASSAY_PROTOCOL": "aitbc",
            "ASSAY_ARGUMENTS": "--url http://h --only AITBC-*",
        }
        done = shell(tmp_path, "\n".join(job["script"]), assay, **env)
        assert done.returncode == 1, done.stderr
        assert json.loads(done.stdout) == [
            "test", "aitbc", "--out", "assay-report", "--url", "http://h", "--only", "AITBC-*",
        ]  # fmt: skip

    def test_reports_are_kept_whatever_comes_of_it(self) -> None:
        kept = self.job()["artifacts"]
        assert kept["when"] == "always"
        assert kept["reports"]["junit"] == "$ASSAY_REPORT/junit.xml"


class TestImage:
    LINES = (HOME / "Dockerfile").read_text("utf-8").splitlines()

    def copied(self) -> set[str]:
        words = [line.split()[1:-1] for line in self.LINES if line.startswith("COPY ")]
        return {each for line in words if "--from=build" not in line for each in line}

    def test_all_that_is_installed_is_copied_and_let_through(self) -> None:
        built = tomllib.loads((HOME / "pyproject.toml").read_text("utf-8"))
        packages = built["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
        assert self.copied() == {"pyproject.toml", "README.md", "LICENSE", *packages}
        assert all((HOME / name).exists() for name in self.copied())
        ignored = (HOME / ".dockerignore").read_text("utf-8").splitlines()
        assert {line[1:] for line in ignored if line.startswith("!")} == self.copied()

    def test_it_is_built_in_one_stage_and_run_in_another_by_nobody_special(self) -> None:
        stages = [line for line in self.LINES if line.startswith("FROM ")]
        assert len(stages) == 2
        last = self.LINES[self.LINES.index(stages[-1]) :]
        user = next(line.split()[1] for line in last if line.startswith("USER "))
        assert all(int(number) > 0 for number in user.split(":"))
        assert not [line for line in last if line.startswith("RUN ")]

    def test_its_mock_is_told_what_the_command_knows(self) -> None:
        entry = next(line for line in self.LINES if line.startswith("ENTRYPOINT "))
        words = json.loads(entry.removeprefix("ENTRYPOINT "))
        command = [re.sub(r"\$\{\w+:-(\w*)\}", r"\1", word) for word in self.service()["command"]]
        done = subprocess.run(
            [sys.executable, "-m", *words, *command, "--help"],
            capture_output=True,
            text=True,
            cwd=HOME,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert command == ["aitbc", "--port", "9001", "--seed", "0"]

    def service(self) -> dict[str, Any]:
        said: dict[str, Any] = read(COMPOSE)["services"]["mock"]
        return said

    def test_the_service_may_do_nothing_but_serve(self) -> None:
        service = self.service()
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])
