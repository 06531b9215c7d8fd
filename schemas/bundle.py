"""Makes an OpenAPI document self-contained: the types it refers to move into its components."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from schemas.errors import PackError, Problem
from schemas.files import read

__all__ = ["bundle"]


def bundle(document: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """A copy of `document` in which `types/x.json` has become `#/components/schemas/x`.

    Only the types that are reached are taken in, each once. Raises `PackError` for a reference to
    a file that is not there.
    """
    types: dict[str, Any] = {}
    bundled: dict[str, Any] = _rewrite(document, folder, types)
    components = bundled.setdefault("components", {})
    components["schemas"] = {**components.get("schemas", {}), **dict(sorted(types.items()))}
    return bundled


def _rewrite(node: Any, folder: Path, types: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_rewrite(item, folder, types) for item in node]
    if not isinstance(node, dict):
        return node
    result = {key: _rewrite(value, folder, types) for key, value in node.items()}
    target = node.get("$ref")
    if isinstance(target, str) and target.endswith(".json"):
        result["$ref"] = _take_in(target, folder, types)
    return result


def _take_in(target: str, folder: Path, types: dict[str, Any]) -> str:
    name = PurePosixPath(target).stem
    if name not in types:
        path = folder / "types" / f"{name}.json"
        if not path.exists():
            known = ", ".join(sorted(found.stem for found in path.parent.glob("*.json")))
            raise PackError(
                Problem(
                    file=str(folder),
                    message="refers to a type that is not there",
                    value=target,
                    hint=f"the types are: {known}",
                )
            )
        types[name] = None  # taken before it is read: types may refer to each other in a circle
        content = read(path)
        types[name] = _rewrite(
            {key: value for key, value in content.items() if key != "$schema"}, folder, types
        )
    return f"#/components/schemas/{name}"
