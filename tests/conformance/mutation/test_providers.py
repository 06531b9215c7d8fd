"""Where peers that misbehave come from."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

import pytest
import yaml

from conformance.mutation import providers
from conformance.mutation.providers import Provider, find_provider
from schemas import PackError, protocol_ids
from tests.mutants import provider
from tests.mutants.provider import PROVIDER

_ROLES = ("coordinator", "agent")


def test_checkout_has_its_own() -> None:
    assert find_provider("") is not None
    assert isinstance(PROVIDER, Provider)


def test_there_is_none_outside_of_a_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(providers, "CHECKOUT", "tests.mutants.not_there")
    assert find_provider("") is None


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("no_such_module_anywhere", "cannot be imported"),
        ("tests.mutants.provider:PROVIDE", "did you mean 'PROVIDER'?"),
        ("tests.mutants.sample:EVERYTHING", "is no provider"),
        ("tests.mutants.sample", "has no PROVIDER"),
    ],
)
def test_what_is_no_provider_is_refused_with_a_hint(named: str, said: str) -> None:
    with pytest.raises(PackError, match=r"--mutants") as refused:
        find_provider(named)
    assert said in str(refused.value)


def test_module_of_ones_own_is_found_in_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = "from tests.mutants.provider import PROVIDER as MINE\n"
    (tmp_path / "breed_of_mine.py").write_text(source, "utf-8")
    monkeypatch.chdir(tmp_path)
    assert find_provider("breed_of_mine:MINE") is not None


@pytest.mark.parametrize("role", _ROLES)
@pytest.mark.parametrize("protocol", protocol_ids())
def test_every_protocol_has_forty_mutants_and_their_readings(protocol: str, role: str) -> None:
    candidates = PROVIDER.candidates(protocol, role)  # type: ignore[arg-type]
    assert len(candidates) >= 40
    assert len({each.name for each in candidates}) == len(candidates)
    lawful = set(PROVIDER.lawful(protocol, role))  # type: ignore[arg-type]
    assert {each.reading for each in candidates} <= lawful
    assert {each.mutant.source for each in candidates} == {"behaviour"}


def test_what_is_left_open_is_lawful_by_its_rule() -> None:
    known = {each.name: each.mutant.lawful for each in PROVIDER.candidates("aitbc", "agent")}
    assert known["discover_without_body"].startswith("whether a search has a body")
    assert not known["never_registers"]


@pytest.mark.parametrize("role", _ROLES)
@pytest.mark.parametrize("protocol", protocol_ids())
def test_whatever_is_left_open_is_a_fault_of_ours(protocol: str, role: str) -> None:
    file = Path(provider.__file__).with_name("left_open.yaml")
    told = yaml.safe_load(file.read_text("utf-8")).get(protocol, {}).get(role, {})
    candidates = PROVIDER.candidates(protocol, role)  # type: ignore[arg-type]
    for name, reason in told.items():
        fitting = [each for each in candidates if fnmatchcase(each.name, name)]
        assert any(each.mutant.lawful == reason for each in fitting), name


def test_patterns_speak_of_implied_faults_alone() -> None:
    candidates = PROVIDER.candidates("caxton", "agent")
    renamed = [each for each in candidates if fnmatchcase(each.name, "*.as_*")]
    assert {each.implied for each in renamed} == {True, False}
    assert all(bool(each.mutant.lawful) is each.implied for each in renamed)


@pytest.mark.parametrize("role", _ROLES)
def test_protocol_that_nobody_knows_has_none(role: str) -> None:
    assert PROVIDER.candidates("elsewhere", role) == []  # type: ignore[arg-type]
    assert PROVIDER.lawful("elsewhere", role) == []  # type: ignore[arg-type]
