"""Faults in the multipart bodies of deployments and reloads."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from tests.mutants.caxton_agents.edits import form, header, wasm
from tests.mutants.caxton_agents.model import Draft, Edit, Fault, Item, Memory, What
from tests.mutants.caxton_agents.seeds import spoilt

__all__ = ["FORM_FAULTS"]


def _json(item: Item, _memory: Memory) -> list[Item]:
    """Everything in JSON, as other operations have it."""
    assert isinstance(item, Draft)
    module = base64.b64encode(item.wasm or b"").decode()
    data = json.dumps({"wasm_module": module, "config": item.body}).encode()
    headers = [pair for pair in item.headers if pair[0].lower() != "content-type"]
    headers.append(("Content-Type", "application/json"))
    return [replace(item, form=None, raw=data, headers=tuple(headers))]


def _bare(item: Item, _memory: Memory) -> list[Item]:
    """The module alone."""
    assert isinstance(item, Draft)
    headers = [pair for pair in item.headers if pair[0].lower() != "content-type"]
    headers.append(("Content-Type", "application/wasm"))
    return [replace(item, form=None, raw=item.wasm, headers=tuple(headers))]


_WAYS: Final[tuple[tuple[str, str, Edit, bool], ...]] = (
    ("wasm_as_file", "the module's part is called file", form(wasm_name="file"), False),
    ("wasm_as_module", "its part is called wasm_module", form(wasm_name="wasm_module"), False),
    ("config_as_metadata", "the config is called metadata", form(config_name="metadata"), False),
    ("config_as_json", "the config is called json", form(config_name="json"), False),
    ("upper_names", "part names in capitals", form(wasm_name="WASM", config_name="CONFIG"), False),
    ("swapped", "part names swapped", form(wasm_name="config", config_name="wasm"), False),
    ("no_wasm", "no module", form(wasm_times=0), False),
    ("no_config", "no config", form(config_times=0), False),
    ("two_wasm", "two modules", form(wasm_times=2), True),
    ("two_configs", "two configs", form(config_times=2), True),
    ("no_boundary", "no boundary in the header", form(announced=""), False),
    ("other_boundary", "another boundary in the header", form(announced="other"), False),
    ("unfinished", "no last boundary", form(finished=False), False),
    ("bare_newlines", "lines that end without CR", form(newline="\n"), False),
    ("no_names", "parts without names", form(dispositions=False), False),
    ("mixed", "multipart/mixed", form(subtype="mixed"), False),
    ("config_no_json", "a config that is no JSON", form(config_text="name=peer"), False),
    ("config_cut", "a config that breaks off", form(config_text='{"name": "peer-5"'), False),
    ("config_list", "a config in a list", form(config_text='[{"name": "peer-5"}]'), False),
    ("config_empty", "an empty config", form(config_text=""), False),
    ("config_quoted", "a config in a JSON text", form(config_text='"{\\"name\\": 5}"'), False),
    ("config_yaml", "a config in YAML", form(config_text="name: peer-5\n"), False),
    ("wasm_empty", "an empty module", wasm(lambda _old: b""), False),
    ("wasm_base64", "the module in base64", wasm(base64.b64encode), False),
    ("wasm_text", "the module as text", wasm(lambda _old: b"(module)"), False),
    ("wasm_elf", "something else than a module", wasm(lambda _old: b"\x7fELF\2\1\1"), False),
    ("wasm_cut_magic", "a module without magic bytes", wasm(lambda old: old[4:]), False),
    ("wasm_version", "a module of version 9", wasm(lambda old: old[:4] + b"\t\0\0\0"), True),
    ("wasm_magic_only", "the magic bytes alone", wasm(lambda old: old[:4]), True),
    ("as_json", "JSON in place of a form", _json, False),
    ("as_bare", "the module alone, without form", _bare, False),
    ("type_json", "a form that says it is JSON", header("Content-Type", "application/json"), False),
)


def _forms() -> Iterator[Fault]:
    for what in (What.DEPLOY, What.RELOAD):
        for n, (word, summary, edit, implied) in enumerate(_WAYS):
            if what is What.RELOAD and n % 2:
                continue  # both are read by one parser, more often than not
            yield spoilt(what, f"form.{word}", summary, edit, implied=implied)


FORM_FAULTS: Final = tuple(_forms())
