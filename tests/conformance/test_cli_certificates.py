"""`assay keygen`, `certify` and `verify`: from a pair of keys to a certificate that is believed."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import json
import shutil
import stat
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from conformance.cli import run
from conformance.context import RunContext
from reports.envelope import private_key, public_key, unseal
from reports.requirement_set import present
from schemas import load_frozen
from schemas.loader import pack_folder
from tests.conformance.children import Done
from tests.conformance.children import assay as assay_child
from tests.conformance.peers import closed_port
from tests.reports.builders import footer, known
from tests.reports.certifiable import PROTOCOL, ROWS, certifiable, names

CANARY = "c4n4ry-S3cret-9a8b7c"
MUST = names("MUST", "stated")[0]
SHOULD = names("SHOULD", role="agent")[0]


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """A folder with our own pair of keys and a foreign one."""
    for name in ("our", "foreign"):
        assert (assay(tmp_path, "keygen", "--out", name)).code == 0
    return tmp_path


def assay(folder: Path, *words: str) -> Done:
    """One `assay` command, run in `folder` and in this process: a child takes a second to start."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.chdir(folder), redirect_stdout(out), redirect_stderr(err):
        try:
            code = run(words)
        except SystemExit as end:  # argparse's way to refuse
            code = int(end.code or 0)
    return Done(code=code, out=out.getvalue(), err=err.getvalue(), folder=folder)


def certified(folder: Path, *more: str) -> Done:
    words = ["certify", "aitbc", "--key", "our.key", "--from", "run.jsonl", "--days", "3650"]
    return assay(folder, *words, *more)


def verified(folder: Path, *more: str, key: str = "our.pub") -> Done:
    return assay(folder, "verify", "certificate.json", "--key", key, *more)


def changed_pack(folder: Path) -> Path:
    """A copy of the pack with one requirement worded otherwise since its set was frozen."""
    pack = folder / "pack"
    shutil.copytree(pack_folder("aitbc"), pack)
    rows = pack / "requirements.yaml"
    rows.write_text(rows.read_text("utf-8").replace("level: MUST", "level: SHOULD", 1), "utf-8")
    return pack


def refused(done: Done, *words: str, code: int = 1) -> None:
    assert done.code == code, done.said
    assert "Traceback" not in done.said
    for word in words:
        assert word in done.err, done.err


class TestKeygen:
    def test_the_private_key_is_its_owners_alone(self, keys: Path) -> None:
        assert stat.S_IMODE((keys / "our.key").stat().st_mode) == 0o600
        secret = private_key((keys / "our.key").read_bytes(), "k")
        public = public_key((keys / "our.pub").read_bytes(), "p")
        assert secret.public_key() == public

    def test_a_key_is_never_written_over(self, keys: Path) -> None:
        before = (keys / "our.key").read_bytes()
        refused(assay(keys, "keygen", "--out", "our"), "our.key", "already", code=2)
        assert (keys / "our.key").read_bytes() == before

    def test_what_cannot_be_written_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        refused(assay(tmp_path, "keygen", "--out", "file/name"), "file/name", code=2)


class TestFromARun:
    def test_it_is_issued_and_verified_with_all_that_it_is_bound_to(self, keys: Path) -> None:
        record = certifiable(keys)
        (keys / "peer.bin").write_bytes(b"the peer")
        done = certified(keys, "--artifact", "peer.bin", "--level", "full")
        assert done.code == 0, done.said
        key = public_key((keys / "our.pub").read_bytes(), "p")
        found = unseal((keys / "certificate.json").read_bytes(), key, Path("c"))
        assert (found.peer.name, found.peer.version, found.level) == ("Scheduler", "1.4", "full")
        assert found.peer.artifact == hashlib.sha256(b"the peer").hexdigest()
        assert found.run == hashlib.sha256(record.read_bytes()).hexdigest()
        assert found.tested == "2026-11-21T09:31:12Z"
        assert found.expires.startswith("2036-11-18T09:31:12")
        said = verified(keys, "--run", ".", "--protocol", "aitbc")
        assert said.code == 0, said.said
        assert "level full" in said.out
        assert "It does not promise:" in said.out
        assert "byte by byte" in said.out

    def test_an_agent_is_certified_as_one(self, keys: Path) -> None:
        command = "assay test aitbc --role agent --profile exhaustive -- ./agent --only x"
        certifiable(keys, {SHOULD: "warn"}, role="agent", command=command)
        done = certified(keys)
        assert done.code == 0, done.said
        said = verified(keys, "--protocol", "aitbc")
        assert "role          agent" in said.out
        assert f"1 requirement that it was found to break, with a warning: {SHOULD}." in said.out

    def test_a_run_is_bound_to_nothing_that_it_was_not_of(self, keys: Path) -> None:
        certifiable(keys)
        refused(certified(keys, "--peer-version", "9"), "the run was of 1.4")
        certifiable(keys, peer={"name": "http://127.0.0.1:9001"})
        refused(certified(keys), "--peer-name", code=2)
        done = certified(keys, "--peer-name", "Scheduler", "--peer-version", "2")
        assert done.code == 0, done.said
        assert "Scheduler 2" in done.out

    @pytest.mark.parametrize(
        ("changes", "word"),
        [
            ({"verdicts": {MUST: "fail"}}, "1 requirement is broken"),
            ({"verdicts": {MUST: "inconclusive"}}, "was not judged"),
            ({"end": footer("interrupted", "Ctrl-C")}, "The run was interrupted: Ctrl-C."),
            ({"profile": "standard"}, "standard profile"),
            ({"only": "AITBC-*"}, "--only AITBC-*"),
            ({"command": "assay test aitbc --role agent --sit x* -- a --url u"}, "--situation"),
            ({"command": "assay test aitbc --url u --no-scen"}, "--no-scenarios"),
            ({"command": "assay test aitbc --pytest-args '-k nothing'"}, "--pytest-args"),
            ({"command": "assay certify aitbc --key k --fuzz 0"}, "--fuzz"),
            ({"command": "assay test aitbc --url u --resume old"}, "--resume"),
            ({"command": "assay run aitbc/life --url u"}, "made by assay run"),
            ({"command": "assay test aitbc --made-up"}, "Its command line"),
            ({"command": "'"}, "Its command line"),
            ({"end": {**footer(), "finished": "2001-01-01T00:00:00Z"}}, "days after it are over"),
            ({"end": {**footer(), "finished": "2999-01-01T00:00:00Z"}}, "here it is only"),
        ],
    )
    def test_a_run_that_earns_nothing_gets_nothing(
        self, keys: Path, changes: dict[str, Any], word: str
    ) -> None:
        certifiable(keys, **changes)
        refused(certified(keys), "no certificate", word)
        assert not (keys / "certificate.json").exists()

    def test_a_run_of_another_protocol_gets_nothing(self, keys: Path) -> None:
        certifiable(keys)
        words = ["certify", "stella", "--key", "our.key", "--from", "."]
        refused(assay(keys, *words), "another requirement set", "aitbc")

    def test_the_level_that_is_asked_for_or_none(self, keys: Path) -> None:
        certifiable(keys, {names("MUST", "implied")[0]: "warn"})
        refused(certified(keys, "--level", "full"), "For the level full", "only implied")
        done = certified(keys)
        assert "level core" in done.out

    def test_requirements_that_nobody_froze_certify_nothing(self, keys: Path) -> None:
        certifiable(keys)
        changed_pack(keys)
        words = ["certify", "./pack", "--key", "our.key"]
        told = ("no frozen set", "--freeze")
        refused(assay(keys, *words, "--from", "."), *told)
        live = [*words, "--url", "http://127.0.0.1:9", "--peer-name", "a", "--peer-version", "1"]
        refused(assay(keys, *live), *told)
        assert not (keys / "assay-report").exists(), "it is told before the peer is judged"

    @pytest.mark.parametrize("found", ["fail", "pass"])
    def test_what_a_baseline_excuses_is_not_certified(self, keys: Path, found: str) -> None:
        """Neither where the excuse was needed nor where it was not."""
        certifiable(keys, {MUST: found}, baseline=[known(MUST, "issue 12")])
        done = certified(keys)
        refused(done, f"Its baseline excuses {MUST}")
        assert ("1 requirement is broken" in done.err) == (found == "fail")
        assert not (keys / "certificate.json").exists()

    @pytest.mark.parametrize(
        "words",
        [["--only", "A*"], ["--profile", "quick"], ["--no-scenarios"], ["--fuzz", "1"],
         ["--situation", "x"], ["--scenario", "life"], ["--baseline", "b.yaml"],
         ["--resume", "run.jsonl"], ["--pytest-args", "-k x"]],
    )  # fmt: skip
    def test_a_part_of_the_suite_is_refused_before_anything_is_run(
        self, keys: Path, words: list[str]
    ) -> None:
        certifiable(keys)
        refused(certified(keys, *words), words[0])

    @pytest.mark.parametrize(
        ("words", "word"),
        [(["--key", "none.key"], "none.key"), (["--key", "our.pub"], "no private key"),
         (["--key", "env:NO_SUCH"], "NO_SUCH"), (["--days", "0"], "--days"),
         (["--artifact", "none.bin"], "none.bin"), (["--from", "none"], "none")],
    )  # fmt: skip
    def test_what_cannot_be_used_is_2(self, keys: Path, words: list[str], word: str) -> None:
        certifiable(keys)
        refused(certified(keys, *words), word, code=2)

    def test_a_key_may_come_from_the_environment_and_is_never_shown(
        self, keys: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        certifiable(keys)
        pem = (keys / "our.key").read_text()
        monkeypatch.setenv("SIGNING_KEY", pem)
        done = certified(keys, "--key", "env:SIGNING_KEY")
        assert done.code == 0, done.said
        assert pem.splitlines()[1] not in done.said + (keys / "certificate.json").read_text()
        assert (verified(keys)).code == 0


class TestOfARunOfItsOwn:
    """What is done around the suite, which is stood in for: a whole run of it takes minutes."""

    def judged(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, code: int, **changes: Any
    ) -> tuple[Done, list[RunContext]]:
        seen: list[RunContext] = []

        def suite(context: RunContext, *_: Any) -> int:
            seen.append(context)
            record = Path(context.record)
            record.parent.mkdir(exist_ok=True)
            certifiable(record.parent, **changes)
            return code

        monkeypatch.setattr("conformance.cli.certify.carry_out", suite)
        (folder / "target.yaml").write_text("name: Scheduler\nversion: '1.3'\n")
        words = ["certify", "aitbc", "--key", "our.key", "--url", "http://h", "--days", "3650"]
        words += ["--target", "target.yaml", "--peer-version", "1.4"]
        return assay(folder, *words), seen

    def test_the_suite_is_asked_for_all_and_told_who_it_judges(
        self, keys: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        done, (context,) = self.judged(keys, monkeypatch, 0)
        assert done.code == 0, done.said
        assert (context.profile, context.only, context.library) == ("exhaustive", "*", True)
        assert (context.target.name, context.target.version) == ("Scheduler", "1.4")
        assert "Scheduler 1.4" in done.out
        assert (keys / "assay-report" / "certificate.json").exists()

    def test_an_agent_is_examined_by_its_command(
        self, keys: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seen: list[RunContext] = []

        def suite(context: RunContext, *_: Any) -> int:
            seen.append(context)
            Path(context.record).parent.mkdir(exist_ok=True)
            command = "assay certify aitbc --role agent --key our.key -- ./agent {url}"
            certifiable(Path(context.record).parent, role="agent", command=command)
            return 0

        monkeypatch.setattr("conformance.cli.certify.carry_out", suite)
        done = assay(
            keys, "certify", "aitbc", "--role", "agent", "--key", "our.key", "--days", "3650",
            "--peer-name", "Scheduler", "--peer-version", "1.4", "--", "./agent", "{url}",
        )  # fmt: skip
        assert done.code == 0, done.said
        assert "Scheduler 1.4 as agent of aitbc, set 1 of revision" in done.out
        (context,) = seen
        assert (context.role, context.command) == ("agent", ("./agent", "{url}"))
        assert (context.profile, context.situations, context.library) == ("exhaustive", (), True)

    def test_a_peer_that_is_not_conformant_gets_nothing(
        self, keys: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        done, _ = self.judged(keys, monkeypatch, 1, verdicts={MUST: "fail"})
        refused(done, "1 requirement is broken")
        assert not (keys / "assay-report" / "certificate.json").exists()

    @pytest.mark.parametrize("code", [3, 4])
    def test_a_run_without_a_verdict_keeps_its_exit_code(
        self, keys: Path, monkeypatch: pytest.MonkeyPatch, code: int
    ) -> None:
        done, _ = self.judged(keys, monkeypatch, code)
        refused(done, "no certificate", code=code)


class TestVerify:
    @pytest.fixture
    def issued(self, keys: Path) -> Path:
        certifiable(keys)
        assert (certified(keys)).code == 0
        return keys

    def test_a_foreign_key_another_run_and_another_protocol_are_refused(self, issued: Path) -> None:
        refused(verified(issued, key="foreign.pub"), "another key")
        refused(verified(issued, "--protocol", "stella"), "and not of stella")
        (issued / "other").mkdir()
        certifiable(issued / "other", seed=8)
        refused(verified(issued, "--run", "other"), "another run")
        with (issued / "run.jsonl").open("ab") as record:
            record.write(b" ")
        refused(verified(issued, "--run", "run.jsonl"), "another run")

    def test_a_changed_file_is_refused(self, issued: Path) -> None:
        path = issued / "certificate.json"
        said = json.loads(path.read_text())
        said["payload"] = said["payload"].replace("A", "B", 1)
        path.write_text(json.dumps(said, sort_keys=True, indent=1) + "\n")
        refused(verified(issued), "was changed")

    @pytest.mark.parametrize(
        ("words", "word"),
        [(["none.json", "--key", "our.pub"], "none.json"),
         (["run.jsonl", "--key", "our.pub"], "run.jsonl"),
         (["certificate.json", "--key", "none.pub"], "none.pub"),
         (["certificate.json", "--key", "our.key"], "is a private key"),
         (["certificate.json", "--key", "our.pub", "--run", "none"], "none"),
         (["certificate.json", "--key", "our.pub", "--protocol", "nobodys"], "nobodys"),
         (["certificate.json"], "--key")],
    )  # fmt: skip
    def test_what_cannot_be_used_is_2(self, issued: Path, words: list[str], word: str) -> None:
        refused(assay(issued, "verify", *words), word, code=2)

    def test_another_requirement_set_is_refused(self, issued: Path) -> None:
        """It is known, and not what is judged by now."""
        changed_pack(issued)
        refused(verified(issued, "--protocol", "./pack"), "another requirement set", "set 1 of")

    def test_a_set_that_nobody_froze_is_refused(self, issued: Path) -> None:
        pack = changed_pack(issued)
        frozen = pack / "frozen.yaml"
        of = present(PROTOCOL, "coordinator", ROWS.values(), load_frozen(PROTOCOL))
        assert of is not None
        frozen.write_text(frozen.read_text("utf-8").replace(of.digest, "00" * 32), "utf-8")
        refused(verified(issued, "--protocol", "./pack"), "does not know", of.digest[:16])

    def test_its_set_is_named_by_revision(self, issued: Path) -> None:
        said = verified(issued)
        assert f"set 1 of revision {PROTOCOL.version}" in said.out

    def test_a_protocol_that_is_not_here_has_to_be_given(
        self, issued: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("conformance.cli.certificates.protocol_ids", lambda: ["stella"])
        refused(verified(issued), "of the protocol aitbc", "--protocol")
        assert verified(issued, "--protocol", str(pack_folder("aitbc"))).code == 0

    def test_secrets_reach_no_certificate(self, keys: Path) -> None:
        """A record holds masked texts only; the names that flags give are masked as well."""
        peer = {"name": "http://h", "url": "http://h"}
        command = f"assay test aitbc --url http://h --user a:{CANARY} --prof exhaustive"
        certifiable(keys, peer=peer, command=command)
        done = certified(
            keys, "--peer-name", f"http://u:{CANARY}@h", "--peer-version", f"Bearer {CANARY}"
        )
        assert done.code == 0, done.said
        payload = json.loads((keys / "certificate.json").read_text())["payload"]
        assert CANARY.encode() not in base64.b64decode(payload)
        assert CANARY not in (verified(keys)).said + done.said


class TestBadge:
    def test_it_is_drawn_of_a_certificate_that_holds_and_of_no_other(self, keys: Path) -> None:
        certifiable(keys)
        assert certified(keys).code == 0
        words = ["badge", "certificate.json", "--out", "a/b.svg", "--shields", "b.json"]
        refused(assay(keys, *words, "--key", "foreign.pub"), "no badge", "another key")
        assert not (keys / "a").exists()
        done = assay(keys, *words, "--key", "our.pub", "--run", ".")
        assert done.code == 0, done.said
        assert "Scheduler 1.4" in (keys / "a" / "b.svg").read_text()
        assert json.loads((keys / "b.json").read_text())["schemaVersion"] == 1
        refused(assay(keys, *words, "--key", "our.pub", "--out", "b.json/c"), "b.json", code=2)


class TestLive:
    """Whole runs: not of what passes (that takes minutes), but of all that ends one early."""

    async def test_a_peer_without_a_name_is_not_even_tried(self, keys: Path) -> None:
        words = ["certify", "aitbc", "--key", "our.key", "--url", "http://127.0.0.1:9"]
        refused(await assay_child(keys, *words), "--peer-name", code=2)
        refused(await assay_child(keys, *words, "--peer-name", "a"), "--peer-version", code=2)
        assert not (keys / "assay-report").exists()

    async def test_a_peer_out_of_reach_is_3_and_an_older_certificate_is_gone(
        self, keys: Path
    ) -> None:
        old = keys / "assay-report" / "certificate.json"
        old.parent.mkdir()
        old.write_text("an older one")
        url = f"http://user:{CANARY}@127.0.0.1:{await closed_port()}"
        done = await assay_child(
            keys, "certify", "aitbc", "--key", "our.key", "--url", url,
            "--peer-name", "a", "--peer-version", "1",
        )  # fmt: skip
        assert done.code == 3, done.said
        assert not old.exists()
        assert "no certificate" in done.err

    async def test_an_agent_that_never_comes_earns_nothing(self, keys: Path) -> None:
        done = await assay_child(
            keys, "certify", "aitbc", "--role", "agent", "--key", "our.key",
            "--peer-name", "a", "--peer-version", "1", "--", "true",
        )  # fmt: skip
        refused(done, "no certificate", "(no agent ever connected)", "is judged by what it does")
        assert (keys / "assay-report" / "run.jsonl").exists()
        assert not (keys / "assay-report" / "certificate.json").exists()

    async def test_an_agent_that_cannot_be_started_is_3(self, keys: Path) -> None:
        done = await assay_child(
            keys, "certify", "aitbc", "--role", "agent", "--key", "our.key",
            "--peer-name", "a", "--peer-version", "1", "--", "no-such-agent",
        )  # fmt: skip
        refused(done, "no-such-agent cannot be started", "no certificate", code=3)
